"""Cases as people really bring them get what a practitioner would say, and nothing of what must not be said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rules.decision.evaluate import Evaluation
from rules.text.decision_view import decision_view
from rules.text.negotiation_pack import NegotiationPack, negotiation_pack
from tests.policy.cases.test_golden import evaluate, pack, read_yaml
from tests.support.packs.negotiation_packs import sentences

_FILES = (
    "advice_cases.yaml",
    "more_cases.yaml",
    "further_cases.yaml",
    "later_cases.yaml",
    "last_cases.yaml",
    "court_cases.yaml",
    "platform_cases.yaml",
    "hardship_cases.yaml",
    "household_cases.yaml",
)
CASES = [Path(__file__).parent / "situations" / name for name in _FILES]
AS_OF = dt.date(2026, 11, 28)


class Advice(NamedTuple):
    """What a case gets: its evaluation, its negotiation pack, and all that is said in Chinese, line by line."""

    evaluation: Evaluation
    kit: NegotiationPack
    text: str


@cache
def cases() -> dict[str, Mapping[str, Any]]:
    found = [case for path in CASES for case in read_yaml(path)["cases"]]
    return {case["facts"]["case_ref"]: case for case in found}


@cache
def evaluated() -> dict[str, Evaluation]:
    given = [{name: value for name, value in case["facts"].items() if name != "case_ref"} for case in cases().values()]
    return dict(zip(cases(), evaluate([{"facts": facts, "as_of": AS_OF} for facts in given]), strict=True))


@cache
def advice(ref: str) -> Advice:
    evaluation = evaluated()[ref]
    kit = negotiation_pack(pack(), evaluation.outcome, evaluation.facts, AS_OF)
    assert kit is not None
    return Advice(evaluation, kit, "\n".join(_said(evaluation, kit)))


def _said(evaluation: Evaluation, kit: NegotiationPack) -> Iterator[str]:
    view = decision_view(pack(), "case", evaluation.outcome, evaluation.facts, AS_OF)
    yield view.strategy_label.zh
    for texts in (view.reasons, view.questions, view.documents, view.rights, view.warnings, view.steps):
        yield from (each.text.zh for each in texts)
    yield from (each.title.zh for each in view.deadlines)
    yield from sentences(kit)
    yield from (f"{call.title.zh} {call.number or ''} {call.purpose.zh}" for call in kit.calls)
    for draft in kit.letters:
        yield from (draft.title.zh, draft.to.zh)
    product = pack().products[str(evaluation.facts["product"])]
    yield from (product.lender.zh, product.note.zh)


def holds(found: Advice, check: str) -> bool:
    """Whether a claim is met: a pattern that is said, or an item that is there (+) or not (-)."""
    if check[0] not in "+-":
        return re.search(check, found.text) is not None
    kind, _, name = check[1:].partition(".")
    outcome = found.evaluation.outcome
    there: dict[str, tuple[str, ...]] = {
        "strategies": (outcome.strategy, *outcome.secondary),
        "letters": tuple(draft.id for draft in found.kit.letters),
        "deadlines": tuple(each.id for each in outcome.deadlines),
    }
    return (name in there.get(kind, getattr(outcome, kind, ()))) is (check[0] == "+")


def checks() -> Iterator[Any]:
    """One test for each claim of each case."""
    for ref, case in cases().items():
        claims = ["strategy", "urgency", *(["due"] if "due" in case else [])]
        claims += [f"{kind}: {claim}" for kind in ("must", "must_not") for claim in case.get(kind, {})]
        for claim in claims:
            yield pytest.param(ref, claim, id=f"{ref} {claim}")


@pytest.mark.parametrize(("ref", "claim"), list(checks()))
def test_a_case_gets_what_a_practitioner_would_say(ref: str, claim: str) -> None:
    case, found = cases()[ref], advice(ref)
    outcome = found.evaluation.outcome
    if claim in ("strategy", "urgency"):
        assert getattr(outcome, claim) in case[claim], (outcome.strategy, outcome.urgency, outcome.rules_fired)
    elif claim == "due":
        due = {each.id: each.date for each in outcome.deadlines}
        assert {name: due.get(name) for name in case["due"]} == case["due"]
    else:
        kind, _, name = claim.partition(": ")
        check = case[kind][name]
        wanted = kind == "must" or check[0] in "+-"
        assert holds(found, check) is wanted, (check, found.text)


def test_every_case_is_evaluated_alike_by_both_engines() -> None:
    assert len(cases()) == 270
    assert [ref for ref in cases() if not advice(ref).evaluation.outcome.engines_agree] == []
