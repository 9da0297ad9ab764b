"""Laws of the whole pack, over random cases, 320,000 by `make laws`: whatever else is so, these never happen.

The second engine judges the cases, by formulas it reads itself, and the hit policy takes its hits; plans are worked out
for every case, packs of letters once for all that are alike in what letters go by. Each law counts the cases it was
about: one that met too few proves nothing.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Any

import pytest

from rules.decision.derived_frame import derived_columns
from rules.decision.evaluate import Evaluation, Evaluator
from rules.decision.hit_policy import HitPolicy, Selection
from rules.decision.repayment import plans
from rules.finance.repayment_plan import RepaymentPlan
from rules.formulas.derivation import derivation
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.pack import Pack
from rules.pack.parameters import in_force
from rules.text.negotiation_pack import negotiation_pack
from tests.policy.law.statute import period_of_days
from tests.policy.matrix.matrix_terms import three_years_on
from tests.support.packs.random_cases import AS_OF, cases

SEEDS = (11, 23, 37, 41, 53, 67, 79, 97)
SIZE = int(os.environ.get("FORBEAR_TEST_CASES", "5000"))  # of each seed
BATCH = 5_000
LEAST = SIZE // 80  # cases that a law has to be about, in each of the sweeps
PAY = {"self_cure", "multi_debt_plan", "instalment_restructure", "card_personalised_instalment", "lump_sum_settlement"}
PAY_STEPS = {
    *("pay_arrears_now", "catch_up_plan", "ask_restructure", "ask_reduced_payments", "list_all_debts"),
    *("settlement_terms_first", "ask_personalised_instalment"),
}
# Only a court before judgment gives these.
BEFORE_JUDGMENT = {
    *("charge_reduction", "damages_reduction", "card_charge_reduction", "private_rate_cap", "court_defence"),
    *("written_objection", "limitation_defence", "half_court_fee", "small_claims_objection", "ask_charge_waiver"),
    *("ask_private_recalculation", "file_answer", "file_written_objection", "clarify_dispute", "licensed_lender_cap"),
}
TITLES = {
    *("judgment", "small_claims_judgment", "arbitration_award", "notarised_enforcement", "settled"),
    *("enforcement", "restricted", "dishonest_listed", "ended_for_now"),
}
IN_PARTS = ("mortgage", "student_state", "car_loan", "business_personal")
OVERCHARGED = {"overcharge", "overcharge-since-contract", "overcharge-private"}


@dataclass(frozen=True)
class Case:
    """A case, what the pack makes of it, and the plans that come of it."""

    facts: dict[str, Any]
    found: Selection
    plans: tuple[RepaymentPlan, ...]

    @property
    def strategies(self) -> set[str]:
        return {self.found.strategy, *self.found.secondary}

    @property
    def given(self) -> set[str]:
        return {name for kind in ("right", "warning", "step") for name in self.found.of(kind)}


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@cache
def evaluator() -> Evaluator:
    return Evaluator(pack(), AS_OF)


def sweep(seed: int, size: int = SIZE, about: Callable[[dict[str, Any]], bool] = bool) -> Iterator[Case]:
    """The cases of one seed that something is about, judged a batch at a time."""
    figures, policy = in_force(pack(), AS_OF), HitPolicy(pack())
    drawn, second, derive = (
        filter(about, cases(seed, size)),
        evaluator().engines.second,
        derivation(pack(), AS_OF).derive,
    )
    while batch := list(islice(drawn, BATCH)):
        verdicts = second.judge(derived_columns(pack(), AS_OF).derive(batch).table)
        for facts, hits in zip(batch, verdicts.true, strict=True):
            found = policy.select(hits)
            chosen = () if found.withheld else (found.strategy, *found.secondary)
            planned = any(pack().strategies[name].plans for name in chosen)
            offered = plans(pack().strategies, chosen, derive(facts).facts, AS_OF, figures) if planned else ()
            yield Case(facts, found, offered)


# --- when a law is about a case, read from what was submitted ---------------------------------------------------------


def surplus(f: dict[str, Any]) -> int | None:
    """What is left a month at the most that the facts allow; None where it is not known."""
    inside = f.get(
        "own_instalment_in_budget", f["product"] == "mortgage" and f["monthly_due"] <= f["priority_payments"]
    )
    own = f["monthly_due"] if inside else 0
    return int(f["income_monthly"] - f["essential_outgoings"] - max(0, f["priority_payments"] - own))


def nothing_left(f: dict[str, Any]) -> bool:
    left = surplus(f)
    return left is not None and left <= 0


def deficit(f: dict[str, Any]) -> bool:
    left = surplus(f)
    return left is not None and left < 0


def decided(f: dict[str, Any]) -> bool:
    """There is a title that can be enforced, or the parties have settled: nobody works out the sum anew."""
    if f.get("legal_stage") == "payment_order" and "served_on" in f:
        return period_of_days(f["served_on"], 15) < AS_OF
    return f.get("legal_stage") in TITLES


def out_of_time(f: dict[str, Any]) -> bool:
    """Three years since the last part, or since all was called in, or nearly: only then is limitation looked at."""
    ends = [f[name] for name in ("last_due_date", "accelerated_on") if name in f]
    return any(three_years_on(day) <= AS_OF + dt.timedelta(days=90) for day in ends)


def lawful(f: dict[str, Any]) -> bool:
    """Charges of 24 % a year at most since interest was last paid, whether or not that day was handed in."""
    return f["product"] not in ("private", "illegal") and f["annual_rate_percent"] <= 2_400


def as_borrower(f: dict[str, Any]) -> bool:
    return f["client_role"] == "borrower" if "client_role" in f else not role_flags(f)


def role_flags(f: dict[str, Any]) -> list[str]:
    return [flag for flag in f["note_flags"] if flag.startswith("role_") or flag == "nominee_loan"]


# --- what breaks it ---------------------------------------------------------------------------------------------------


def asks_for_money(case: Case) -> bool:
    paid = any(plan.monthly > 0 or plan.kind == "lump_sum" for plan in case.plans)
    return paid or bool(case.strategies & PAY) or bool(set(case.found.of("step")) & PAY_STEPS)


def spends_savings(case: Case) -> bool:
    lump = any(plan.kind == "lump_sum" for plan in case.plans) or "lump_sum_settlement" in case.strategies
    return lump or "own-funds-cover" in case.found.rules_fired


def speaks_as_before_judgment(case: Case) -> bool:
    return bool(case.given & BEFORE_JUDGMENT) or bool(
        case.strategies & {"fee_interest_waiver", "card_personalised_instalment"}
    )


def speaks_of_arrears(case: Case) -> bool:
    late = {*PAY, "standstill_request"} & case.strategies
    return bool(late) or bool(case.given & {*PAY_STEPS, "new_card_block", "card_collection_stops"})


def acknowledges(case: Case) -> bool:
    marked = {name for name, strategy in pack().strategies.items() if strategy.acknowledges}
    items = {
        name
        for kind in ("document", "right", "warning", "step")
        for name in case.found.of(kind)
        if getattr(pack(), f"{kind}s")[name].acknowledges
    }
    return not case.found.withheld or bool(items) or bool(case.strategies & marked)


def reviews_limitation(case: Case) -> bool:
    return "limitation_review" in case.strategies or "limitation-expired" in case.found.rules_fired


def calls_excessive(case: Case) -> bool:
    return bool(OVERCHARGED & set(case.found.rules_fired))


def contradicts(case: Case) -> bool:
    steps = set(case.found.of("step"))
    return any(steps.intersection(pack().warnings[name].contradicts) for name in case.found.of("warning"))


@cache
def protecting() -> dict[str, frozenset[tuple[str, str]]]:
    """What each rule says that keeps people safe or fed, with its kind."""
    found = {}
    for each in pack().rules:
        said = [(effect.kind, str(getattr(effect, effect.kind))) for effect in each.rule.then]
        named = [(kind, name) for kind, name in said if kind in ("right", "warning", "step")]
        found[each.rule.id] = frozenset((k, name) for k, name in named if getattr(pack(), f"{k}s")[name].protects)
    return found


def leaves_people_unprotected(case: Case) -> bool:
    found = case.found
    wanted = {item for rule in found.rules_fired for item in protecting().get(rule, ())}
    return not found.alone and any(name not in found.of(kind) for kind, name in wanted)


LAWS: dict[str, tuple[Callable[[dict[str, Any]], bool], Callable[[Case], bool]]] = {
    "no capacity, no plan asks for money": (nothing_left, asks_for_money),
    "a deficit, no lump sum": (deficit, spends_savings),
    "after judgment nothing that only a court before it gives": (decided, speaks_as_before_judgment),
    "not overdue, nothing for the overdue": (lambda f: f["days_overdue"] == 0, speaks_of_arrears),
    "disputed, nothing acknowledged": (lambda f: f.get("debt_disputed") is True, acknowledges),
    "instalments are barred by the last one or by acceleration only": (
        lambda f: f["product"] in IN_PARTS and f["days_overdue"] >= 913 and not out_of_time(f),
        reviews_limitation,
    ),
    "a lawful loan is never called excessive": (lawful, calls_excessive),
    "what protects people is said whatever is blocked": (lambda f: True, leaves_people_unprotected),
    "step and warning never contradict each other": (lambda f: True, contradicts),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_laws_hold(seed: int) -> None:
    met: Counter[str] = Counter()
    urgencies: Counter[str] = Counter()
    for case in sweep(seed):
        urgencies[case.found.urgency] += 1
        for law, (about, broken) in LAWS.items():
            if about(case.facts):
                met[law] += 1
                assert not broken(case), (law, case)
    assert [law for law in LAWS if met[law] < LEAST] == [], met
    assert max(urgencies.values()) <= SIZE / 2, urgencies


def written_for(seed: int, about: Callable[[dict[str, Any]], bool]) -> list[Evaluation]:
    """Of two sweeps' cases that a law is about, one of each that differ in what letters go by: letters are dear."""
    first: dict[tuple[object, ...], dict[str, Any]] = {}
    met = 0
    for case in sweep(seed, 2 * SIZE, about):
        met += 1
        told = (case.facts.get(name) for name in ("product", "client_role", "legal_stage"))
        role = next(iter(role_flags(case.facts)), None)
        alike = (case.found.strategy, case.found.alone, case.found.withheld, role, *told)
        first.setdefault(alike, case.facts)
    assert met >= LEAST
    return evaluator().evaluate(list(first.values()))


def unwilling(f: dict[str, Any]) -> bool:
    return f.get("willing_to_pay") is False


def test_who_does_not_want_to_pay_is_not_written_for_as_one_who_does() -> None:
    """Also where a counsellor chose another strategy: no letter and no line says so."""
    for number, each in enumerate(written_for(5, unwilling)):
        others = [name for name in pack().strategies if name != each.outcome.strategy]
        for strategy in (each.outcome.strategy, others[number % len(others)]):
            outcome = replace(each.outcome, strategy=strategy)
            found = negotiation_pack(pack(), outcome, each.facts, AS_OF)
            assert found is not None
            said = [
                text.zh
                for text in (*found.say, *found.ask, *(line for each in found.letters for line in each.paragraphs))
            ]
            assert not any(draft.acknowledges for draft in found.letters), each.facts
            assert [text for text in said if "愿意还" in text or "仍有还款意愿" in text or "愿意履行" in text] == []
            assert found.offers == ()


def test_who_is_not_the_borrower_gets_no_letter_of_a_borrower() -> None:
    """By the role on record or, where that is blank, by what the notes tell of it."""
    for each in written_for(6, lambda f: not as_borrower(f)):
        found = negotiation_pack(pack(), each.outcome, each.facts, AS_OF)
        if found is not None:
            assert not any(draft.acknowledges for draft in found.letters), each.facts
            assert found.offers == ()
