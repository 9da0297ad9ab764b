"""The client's page: three of each at most, within its characters, no source marks, nothing of money in danger."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from functools import cache

import pytest

from rules.decision.evaluate import Evaluation
from rules.decision.outcome import DeadlineDue
from rules.text.client_plan import CHARACTERS, MOST, ClientPlan, client_plan
from tests.policy.cases import test_golden
from tests.policy.cases.test_samples import evaluated as samples
from tests.rules.text.test_negotiation_pack import CALM
from tests.support.packs.negotiation_packs import AS_OF, evaluated, pack, swept

# What no page for a client holds: marks of sources, words of the policy, amounts to the fen.
MARKS = re.compile(r"未经?核实|own_knowledge|official|依据|figure:|\{|\}|____|未知|\.\d\d|当事人|顾问核算")
MONEY = re.compile(r"钱|债|款|还清|催收|银行|协商|分期|利息|money|debt|pay|lender|bank|collect", re.IGNORECASE)


@cache
def all_cases() -> list[tuple[str, Evaluation, dt.date]]:
    golden = [
        (param.id, test_golden.evaluated()[param.values[0]["id"]], param.values[0].get("as_of", test_golden.AS_OF))
        for param in test_golden.cases()
    ]
    found = [(str(each.facts["case_ref"]), each, AS_OF) for each in (*samples(), *(each for each, _ in swept(400, 10)))]
    return [*golden, *found]


def plan_of(found: Evaluation, as_of: dt.date = AS_OF) -> ClientPlan:
    plan = client_plan(pack(), found.outcome, found.facts, as_of)
    assert plan is not None
    return plan


def said(plan: ClientPlan, language: str) -> list[str]:
    assert plan.whom_to_call is not None
    lines = (plan.sentence, *plan.today, *plan.this_week, *plan.not_to_do, plan.whom_to_call)
    return [getattr(line, language) for line in (*lines, *(day.title for day in plan.days))]


def test_every_decision_keeps_to_its_budget() -> None:
    for name, found, as_of in all_cases():
        plan = plan_of(found, as_of)
        assert max(len(plan.today), len(plan.this_week), len(plan.not_to_do), len(plan.days)) <= MOST, name
        assert sum(map(len, said(plan, "zh"))) <= CHARACTERS, name
        # Before a question about danger is answered there is the sentence and whom to call, and nothing to do.
        assert bool(plan.today) is (found.outcome.strategy != "safety_question"), name
        assert not any(MARKS.search(line) for line in said(plan, "zh")), (name, said(plan, "zh"))
        lines = [line.zh for line in (*plan.today, *plan.this_week, *plan.not_to_do)]
        assert len(set(lines)) == len(lines), name
        if found.outcome.strategy in ("crisis_support", "safety_police"):
            told = [*said(plan, "zh"), *said(plan, "en")]
            assert not any(MONEY.search(line) for line in told), (name, told)
            assert plan.days == (), name


def test_nothing_on_it_is_the_counsellors_task() -> None:
    tasks = {
        entry.line.zh
        for entries in (pack().steps, pack().warnings)
        for entry in entries.values()
        if entry.audience == "counsellor"
    }
    for name, found, as_of in all_cases():
        plan = plan_of(found, as_of)
        assert tasks.isdisjoint(line.zh for line in (*plan.today, *plan.this_week, *plan.not_to_do)), name


def test_what_does_not_fit_today_comes_first_this_week() -> None:
    found = evaluated(
        **{
            **CALM,
            "product": "bank_consumer",
            "days_overdue": 400,
            "legal_stage": "enforcement",
            "debt_disputed": False,
        }
    )
    plan = plan_of(found)
    assert next(line.zh for line in plan.today).startswith("写申请，请法院留出生活费")
    assert plan.sentence.zh.startswith("先保住一家人的生活费")
    assert "12368" in said(plan, "zh")[-1 - len(plan.days)]
    assert "12356" in said(plan, "zh")[-1 - len(plan.days)]


def test_days_that_are_over_are_not_on_it() -> None:
    found = evaluated(**CALM)
    (clock, *_) = pack().deadlines
    due = tuple(DeadlineDue(clock, AS_OF + dt.timedelta(days=n), start_known=n != 0) for n in (-1, 0, 1, 2, 3))
    plan = client_plan(pack(), replace(found.outcome, deadlines=due), found.facts, AS_OF)
    assert plan is not None
    assert [(day.date - AS_OF).days for day in plan.days] == [0, 1, 2]
    assert [day.assumed for day in plan.days] == [True, False, False]


@pytest.mark.parametrize(("product", "whom"), [("huabei", "95188"), ("credit_card", "放款机构"), ("private", "12348")])
def test_the_call_is_the_products(product: str, whom: str) -> None:
    found = evaluated(**{**CALM, "product": product})
    plan = client_plan(pack(), replace(found.outcome, strategy="instalment_restructure"), found.facts, AS_OF)
    assert plan is not None
    assert whom in said(plan, "zh")[-1 - len(plan.days)]


def test_a_strategy_without_a_sentence_has_no_page() -> None:
    found = evaluated(**CALM)
    strategy = pack().strategies[found.outcome.strategy].model_copy(update={"sentence": None})
    strategies = {**pack().strategies, found.outcome.strategy: strategy}
    assert client_plan(replace(pack(), strategies=strategies), found.outcome, found.facts, AS_OF) is None
