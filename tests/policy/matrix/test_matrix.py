"""The pack decides as the matrix of the policy review does, over every combination that matters and a sample of all."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import pytest

from rules.decision.derived_frame import derived_columns
from rules.decision.evaluate import Evaluator, engines
from rules.decision.hit_policy import DEFAULT, HitPolicy, Selection
from rules.decision.outlook.unanswered import doubted, unanswered
from rules.decision.repayment import plans
from rules.formulas.derivation import derive
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.pack import Pack
from rules.pack.parameters import in_force
from tests.policy.matrix.matrix import ADMITS, CLOCKED, MATRIX, STRATEGIES, Decision, decide
from tests.policy.matrix.matrix_cases import core, sample
from tests.policy.matrix.matrix_terms import AS_OF, barred, capacity, decided, noted, underage

CARDS = ("credit_card", "card_instalment")
CHUNK = 20_000
ITEMS = ("document", "right", "warning", "step")
COURT_CLOCKS = ("payment_order", "answer", "appeal")
PRESSURE = (
    "逾期",
    "罚息",
    "利息",
    "征信",
    "起诉",
    "执行",
    "还款",
    "欠款",
    "违约",
    "元",
    "overdue",
    "interest",
    "repay",
)


class Case(NamedTuple):
    """A case, what the pack makes of it, and what the matrix does."""

    facts: dict[str, Any]
    found: Selection
    wanted: Decision


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@cache
def cases() -> list[Case]:
    """The full product over what decides a negotiation, and 60,000 cases of everything, by the second engine."""
    known, figures, policy = [*core(), *sample(60_000)], in_force(pack(), AS_OF), HitPolicy(pack())
    second, found = engines(pack(), figures).second, []
    for start in range(0, len(known), CHUNK):
        chunk = known[start : start + CHUNK]
        verdicts = second.judge(derived_columns(pack(), AS_OF).derive(chunk).table)
        found += [
            Case(facts, policy.select(hits), decide(facts)) for facts, hits in zip(chunk, verdicts.true, strict=True)
        ]
    return found


def those(which: Callable[[dict[str, Any]], bool], least: int = 500) -> list[Case]:
    """The cases of a kind: enough of them for a claim about the kind to mean something."""
    found = [case for case in cases() if which(case.facts)]
    assert len(found) >= least
    return found


def in_crisis(facts: dict[str, Any]) -> bool:
    return facts["self_harm_signal"] or noted(facts, "self_harm")


def said(case: Case) -> set[str]:
    """The ids of all texts the case gets."""
    return {f"{kind}s.{name}" for kind in ITEMS for name in case.found.of(kind)}


def test_every_case_gets_what_the_matrix_says() -> None:
    assert len(cases()) >= 100_000
    for case in cases():
        found = (case.found.strategy, case.found.urgency, case.found.secondary, frozenset(case.found.blocked))
        wanted = case.wanted
        assert found == (wanted.strategy, wanted.urgency, wanted.secondary, wanted.blocked), case


def test_every_line_of_the_matrix_is_met() -> None:
    assert {row.name for row in MATRIX} == {name for case in cases() for name in case.wanted.rows}


def test_the_engine_says_the_same_and_is_certain_of_it() -> None:
    """On every three-hundredth case: only the day of recovery or the duration, where they are left out, can matter.

    Besides what the notes tell against the facts: it is asked again.
    """
    few = cases()[::300]
    for case, evaluation in zip(few, Evaluator(pack(), AS_OF).evaluate([case.facts for case in few]), strict=True):
        outcome = evaluation.outcome
        assert outcome.engines_agree, case
        assert outcome.strategy == case.wanted.strategy, case
        told = doubted(pack(), unanswered(pack(), evaluation.facts))
        assert outcome.certain or set(outcome.questions) <= {"resume_date", "hardship_duration", *told}, (case, outcome)


def test_no_known_case_is_left_to_the_default() -> None:
    assert [case for case in cases() if DEFAULT in case.found.rules_fired] == []


@pytest.mark.parametrize(
    "blank", ["income_monthly", "essential_outgoings", "priority_payments", "monthly_due", "balance"]
)
def test_a_blank_in_the_budget_is_no_way_to_the_default(blank: str) -> None:
    figures, policy = in_force(pack(), AS_OF), HitPolicy(pack())
    partly = [{name: value for name, value in case.facts.items() if name != blank} for case in cases()[::10]]
    verdicts = engines(pack(), figures).second.judge(derived_columns(pack(), AS_OF).derive(partly).table)
    for facts, hits in zip(partly, verdicts.true, strict=True):
        assert DEFAULT not in policy.select(hits).rules_fired, facts


def test_nothing_blocked_is_recommended() -> None:
    for case in cases():
        assert not {case.found.strategy, *case.found.secondary} & set(case.found.blocked), case


def test_the_rule_on_cards_is_for_cards_only() -> None:
    about_cards = {
        f"{kind}s.{name}"
        for kind in ITEMS
        for name, item in getattr(pack(), f"{kind}s").items()
        if any((each.id, each.article) == ("card-measures-2011", "70") for each in item.references)
    } - {"warnings.platform_no_card_rule"}  # says that it does not apply
    assert about_cards
    for case in those(lambda facts: facts["product"] not in CARDS):
        assert STRATEGIES["S18"] not in (case.found.strategy, *case.found.secondary), case
        assert not about_cards & said(case), case


@pytest.mark.parametrize(
    "doubtful",
    [lambda f: f["not_my_loan"], lambda f: barred(f) and not decided(f), underage],
    ids=["not one's own", "barred", "a minor's"],
)
def test_nothing_admits_a_doubtful_debt(doubtful: Callable[[dict[str, Any]], bool]) -> None:
    admits = {STRATEGIES[code] for code in ADMITS.split()}
    items = {
        f"{kind}s.{name}" for kind in ITEMS for name, item in getattr(pack(), f"{kind}s").items() if item.acknowledges
    }
    assert admits == {name for name, strategy in pack().strategies.items() if strategy.acknowledges}
    for case in those(doubtful):
        assert not admits & {case.found.strategy, *case.found.secondary}, case
        assert not items & said(case), case


def test_a_crisis_gets_help_and_nothing_else() -> None:
    for case in those(in_crisis):
        found = case.found
        assert (found.strategy, found.urgency, found.secondary) == (STRATEGIES["S01"], "U0", ()), case
        assert found.of("document") == found.of("right") == (), case
        assert "crisis_human_task" in found.of("flag"), case
        items = [getattr(pack(), f"{kind}s")[name] for kind in ITEMS for name in found.of(kind)]
        spoken = "".join(item.text.zh + item.text.en for item in items)
        assert all(number in spoken for number in ("12356", "120", "110")), case
        assert [word for word in PRESSURE if word in spoken] == [], case


def test_the_highest_urgency_always_opens_a_human_task() -> None:
    assert all("crisis_human_task" in case.found.of("flag") for case in cases() if case.found.urgency == "U0")


def test_legal_clocks_do_not_wait_for_evidence() -> None:
    for case in those(lambda facts: facts["legal_stage"] in CLOCKED):
        assert case.found.urgency in ("U0", "U1", "U2"), case
        assert STRATEGIES["S28"] != case.found.strategy, case
        assert ("days_left" in case.facts) == any(clock in case.found.of("deadline") for clock in COURT_CLOCKS), case


def test_legal_clocks_do_not_wait_for_what_is_not_known() -> None:
    """Whatever else is left out, a paper of the court comes first, unless somebody is in danger."""
    first = {STRATEGIES[code] for code in ("S01", "S02", "S03", "S04", "S05")}
    kept = ("product", "days_overdue", "hardship", "legal_stage", "days_left")
    cut = [{name: f[name] for name in kept if name in f} for f in sample(20_000) if f["legal_stage"] in CLOCKED]
    assert len(cut) > 500
    assert {evaluation.outcome.strategy for evaluation in Evaluator(pack(), AS_OF).evaluate(cut[:1000])} <= first


def test_what_is_certain_of_a_part_is_so_of_the_whole() -> None:
    draw, certain = random.Random(20261123), 0
    whole = list(sample(2_000, seed=7))
    parts = [{name: value for name, value in facts.items() if kept(name, facts, draw)} for facts in whole]
    for facts, evaluation in zip(whole, Evaluator(pack(), AS_OF).evaluate(parts), strict=True):
        outcome = evaluation.outcome
        if outcome.certain:
            certain += 1
            assert outcome.strategy == decide(facts).strategy, (facts, outcome)
        else:  # what the notes say against the facts is doubted without a question
            assert outcome.questions or facts["note_flags"], outcome
    assert certain > 200


def kept(name: str, facts: dict[str, Any], draw: random.Random) -> bool:
    """Three facts in four; those a submitter must give, always, and a clock, for it is derived."""
    always = ("product", "days_overdue", "hardship", "note_flags", "days_left")
    return name in always or (name == "legal_stage" and "days_left" in facts) or draw.random() < 0.75


def means(case: Case) -> int:
    """What may be offered a month on this debt: the capacity, or this debt's part of it where several share."""
    due, whole = case.facts["monthly_due"], capacity(case.facts)
    several = STRATEGIES["S21"] in (case.found.strategy, *case.found.secondary)
    return int(whole * due // (due + case.facts["other_debt_payments"])) if several else whole


def test_no_offer_is_above_capacity() -> None:
    figures, offers = in_force(pack(), AS_OF), 0
    for case in cases()[::20]:
        facts = derive(pack(), case.facts, AS_OF).facts
        chosen = (case.found.strategy, *case.found.secondary)
        for plan in plans(pack().strategies, chosen, facts, AS_OF, figures):
            if plan.until is None and plan.kind != "lump_sum":
                assert max(plan.monthly, plan.last) <= means(case), (case, plan)
                offers += 1
    assert offers >= 500
