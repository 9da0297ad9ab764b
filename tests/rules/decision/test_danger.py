"""Danger is graver the plainer it is said; only what is possible is answered by a fact."""

import itertools

import pytest

from rules.decision.danger import Danger, danger_of
from rules.facts.case_facts import Facts
from tests.support.packs.negotiation_packs import evaluator, pack
from tests.support.packs.tiny_pack import edited, errors, tiny

PACK = pack()
SIGNS = {name: flag.danger for name, flag in PACK.red_flags.items() if flag.danger}


@pytest.mark.parametrize(
    ("facts", "danger"),
    [
        ({}, None),
        ({"note_flags": ("gambling",), "self_harm_signal": False}, None),
        ({"note_flags": ("self_harm",), "self_harm_signal": False}, Danger("explicit", ("self_harm",), ())),
        ({"self_harm_signal": True}, Danger("explicit", ("self_harm",), ())),
        ({"violence": True}, Danger("explicit", ("violence",), ())),
        ({"note_flags": ("self_harm_possible",)}, Danger("possible", ("self_harm",), ("self_harm_signal",))),
        ({"note_flags": ("self_harm_possible",), "self_harm_signal": False}, Danger("possible", ("self_harm",), ())),
        (
            {"note_flags": ("self_harm_possible", "violence_possible"), "violence": False},
            Danger("possible", ("self_harm", "violence"), ("self_harm_signal",)),
        ),
        (
            {"note_flags": ("self_harm_possible", "violence"), "violence": False},
            Danger("explicit", ("violence",), ("self_harm_signal",)),
        ),
        (
            {"note_flags": ("domestic_violence",), "violence": True},
            Danger("explicit", ("violence", "domestic_violence"), ()),
        ),
        ({"note_flags": ("violence", "violence_possible")}, Danger("explicit", ("violence",), ())),
    ],
)
def test_the_gravest_grade_counts_and_what_is_possible_is_still_asked(facts: Facts, danger: Danger | None) -> None:
    assert danger_of(PACK, facts) == danger


def test_only_what_is_possible_is_answered_by_a_no() -> None:
    for name, sign in SIGNS.items():
        asked = danger_of(PACK, {"note_flags": (name,)})
        told = danger_of(PACK, {"note_flags": (name,), sign.asks: False})
        assert asked and told
        assert (asked.answered, told.answered) == (False, sign.grade == "possible")


def test_every_kind_has_both_grades_and_one_question() -> None:
    kinds = {(sign.kind, sign.grade): sign.asks for sign in SIGNS.values()}
    assert {kind for kind, _ in kinds} == {"self_harm", "violence", "domestic_violence", "child_or_sick"}
    for kind in ("self_harm", "violence", "domestic_violence", "child_or_sick"):
        assert kinds[kind, "explicit"] == kinds[kind, "possible"]
    for name, sign in SIGNS.items():
        lower = PACK.red_flags[name].denied_as
        assert lower is None if sign.grade == "possible" else SIGNS[str(lower)].kind == sign.kind


@pytest.mark.parametrize("flags", [*itertools.combinations(SIGNS, 1), *itertools.combinations(SIGNS, 2)])
def test_a_case_in_danger_is_decided_as_such(flags: tuple[str, ...]) -> None:
    """Explicit danger at once, what is possible at most U1, first question first; no plan before the answer."""
    case: Facts = {"product": "credit_card", "hardship": "unemployment", "days_overdue": 100, "balance": 3000000}
    facts: Facts = {**case, "income_monthly": 500000, "essential_outgoings": 200000, "note_flags": tuple(sorted(flags))}
    decided = evaluator().evaluate([facts])[0].outcome
    danger = danger_of(PACK, facts)
    assert danger
    assert decided.engines_agree
    if danger.grade == "explicit":
        assert decided.strategy in ("crisis_support", "safety_police")
        assert decided.urgency == ("U0" if "self_harm" in danger.kinds else "U1")
    else:
        assert (decided.strategy, decided.urgency, decided.plans) == ("safety_question", "U1", ())
        assert decided.questions[0] in {sign.asks for sign in SIGNS.values()}
        assert set(danger.questions) <= set(decided.questions)
    if "self_harm" not in danger.kinds and "self_harm_possible" in flags:
        assert "ask_self_harm" in decided.steps


@pytest.mark.parametrize(
    ("fact", "complaint"), [("days_overdue", "is not a bool"), ("no_such", "unknown fact 'no_such'")]
)
def test_a_sign_of_danger_asks_a_yes_or_no_fact(fact: str, complaint: str) -> None:
    sign = f"{{kind: self_harm, grade: explicit, asks: {fact}}}"
    [error] = errors(edited("red_flags.yaml", "words: [AB贷]", f"words: [AB贷], danger: {sign}"))
    assert complaint in error
    assert danger_of(tiny(), {"note_flags": ("self_harm",)}) is None
