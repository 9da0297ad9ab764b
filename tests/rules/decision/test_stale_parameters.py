"""A figure without a confirmed value is told on every decision that used it, and on no other."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from rules.decision.evaluate import Evaluation, Evaluator
from rules.decision.outcome import StaleParameter
from rules.decision.stale_parameters import stale_parameter
from rules.facts.cells import Value
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files.items import Advice, Item
from rules.pack.files.schema import LegalDeadline, Parameter, ParameterValue, Reference, Text
from rules.pack.logic import conditions as c
from rules.pack.pack import Pack
from rules.text.decision_view import decision_view
from tests.support.packs.pack_builder import formulas_of, pack_of, rule
from tests.support.packs.vocabulary import VOCABULARY

TODAY = dt.date(2026, 11, 24)
LATE = c.Compare("days", "more_than", c.ParameterReference("limit"))
RED = c.Compare("colour", "equals", "red")
DESIGN = (Reference(id="practice", status="design"),)


def limit(*values: tuple[int, str, str | None], carried: bool = False) -> dict[str, Parameter]:
    """A figure with these values, each from and until a day; the last may be carried on."""
    dated = [
        ParameterValue(
            value=value,
            valid_from=start,
            valid_to=end,
            status="design",
            references=DESIGN,
            carried=carried and end is None,
        )
        for value, start, end in values
    ]
    return {"limit": Parameter(title=Text(zh="界限", en="Limit"), unit="days", values=tuple(dated))}


def evaluated(parameters: dict[str, Parameter], **facts: Value) -> tuple[Pack, Evaluation]:
    pack = pack_of(
        rule("late", 5, c.All((RED, LATE)), {"recommend": "alpha"}),
        rule("always", 1, c.All(()), {"recommend": "beta"}),
        parameters=parameters,
    )
    return pack, Evaluator(pack, TODAY).evaluate([facts])[0]


CARRIED = limit((30, "2020-01-01", "2026-01-31"), (30, "2026-02-01", None), carried=True)
ENDED = limit((30, "2020-01-01", "2026-01-31"))
NOT_BEGUN = limit((30, "2027-01-01", None))


def test_a_carried_figure_still_decides_and_is_told() -> None:
    pack, found = evaluated(CARRIED, colour="red", days=31)
    assert found.outcome.strategy == "alpha"
    assert found.outcome.lapsed == (StaleParameter("limit", TODAY, "carried"),)
    (warning,) = decision_view(pack, "C1", found.outcome, found.facts, TODAY).warnings
    assert warning.id == "figure:limit"
    assert "界限" in warning.text.zh
    assert "30" in warning.text.zh


@pytest.mark.parametrize(("parameters", "kind"), [(ENDED, "ended"), (NOT_BEGUN, "not_begun")])
def test_a_figure_without_a_value_decides_nothing_and_is_told(parameters: dict[str, Parameter], kind: str) -> None:
    _, found = evaluated(parameters, colour="red", days=31)
    assert found.outcome.strategy == "beta"
    assert not found.outcome.certain or found.outcome.rules_unknown == ("late",)
    assert [each.kind for each in found.outcome.lapsed] == [kind]


@pytest.mark.parametrize("parameters", [CARRIED, ENDED, NOT_BEGUN])
def test_a_decision_that_does_not_need_the_figure_says_nothing_of_it(parameters: dict[str, Parameter]) -> None:
    assert evaluated(parameters, colour="blue", days=31)[1].outcome.lapsed == ()


def test_a_figure_in_force_is_no_lapse() -> None:
    assert evaluated(limit((30, "2020-01-01", None)), colour="red", days=31)[1].outcome.lapsed == ()
    assert evaluated(limit((30, "2020-01-01", "2026-11-24")), colour="red", days=31)[1].outcome.lapsed == ()
    ended = limit((30, "2020-01-01", "2026-11-23"))
    assert evaluated(ended, colour="red", days=31)[1].outcome.lapsed == (StaleParameter("limit", TODAY, "ended"),)


def test_a_figure_that_a_reason_speaks_of_is_used() -> None:
    pack = pack_of(rule("says", 5, RED, {"recommend": "alpha"}, because="{limit}"), parameters=CARRIED)
    found = Evaluator(pack, TODAY).evaluate([{"colour": "red"}, {"colour": "blue"}])
    assert [bool(each.outcome.lapsed) for each in found] == [True, False]


def test_a_figure_that_an_item_speaks_of_is_used() -> None:
    text = Text(zh="{limit}日", en="{limit} days")
    named = {"dispute": Advice(text=text, references=DESIGN, **{"for": "client"}, when="week", rank=1)}
    told = pack_of(rule("gives", 5, RED, {"recommend": "alpha"}, {"right": "dispute"}), parameters=CARRIED)
    found = Evaluator(replace(told, rights=named), TODAY).evaluate([{"colour": "red"}, {"colour": "blue"}])
    assert [bool(each.outcome.lapsed) for each in found] == [True, False]


def shipped(last: str, *, carried: bool) -> Pack:
    """The pack that ships, with its one-year LPR ending on a day and carried on after it or not."""
    pack = load(DEFAULT_PACK)
    entry = pack.parameters["lpr_1y"]
    end = dt.date.fromisoformat(last)
    kept = [each.model_copy(update={"carried": False}) for each in entry.values if each.valid_from <= end]
    kept[-1] = kept[-1].model_copy(update={"valid_to": end})
    if carried:
        start = end + dt.timedelta(days=1)
        kept.append(kept[-1].model_copy(update={"valid_from": start, "valid_to": None, "carried": True}))
    figures = {**pack.parameters, "lpr_1y": entry.model_copy(update={"values": tuple(kept)})}
    return replace(pack, parameters=figures, sha256=f"{last}{carried}")


@pytest.mark.parametrize("carried", [True, False])
def test_the_lpr_counts_on_the_day_of_the_contract(carried: bool) -> None:
    pack = shipped("2026-01-31", carried=carried)
    private: dict[str, Value] = {"product": "private", "days_overdue": 40, "annual_rate_percent": 2000}
    days = ("2026-01-31", "2026-02-01")
    cases = [{**private, "contract_date": dt.date.fromisoformat(day), "note_flags": ()} for day in days]
    cases.append({**cases[1], "product": "huabei"})  # bound by no cap on private lending
    before, after, other = (each.outcome for each in Evaluator(pack, TODAY).evaluate(cases))
    assert before.strategy == "illegal_loan_report"
    assert before.lapsed == other.lapsed == ()
    assert (after.strategy == "illegal_loan_report") is carried
    kind = "carried" if carried else "ended"
    assert [(each.parameter, each.on, each.kind) for each in after.lapsed] == [("lpr_1y", dt.date(2026, 2, 1), kind)]


def test_a_contract_older_than_the_cap_is_no_lapse() -> None:
    pack = shipped("2026-01-31", carried=False)
    case: dict[str, Value] = {"product": "private", "days_overdue": 40, "annual_rate_percent": 2000, "note_flags": ()}
    (found,) = Evaluator(pack, TODAY).evaluate([{**case, "contract_date": dt.date(2020, 8, 19)}])
    assert found.outcome.lapsed == ()
    assert stale_parameter(pack, "private_cap_multiple", dt.date(2020, 8, 19)) == StaleParameter(
        "private_cap_multiple", dt.date(2020, 8, 19), "not_begun"
    )


def test_of_two_figures_each_case_is_told_those_it_used_by_name() -> None:
    late, rich = (
        c.Compare("days", "more_than", c.ParameterReference("limit")),
        c.Compare("paid", "at_least", c.ParameterReference("bound")),
    )
    money = {"bound": CARRIED["limit"].model_copy(update={"unit": "yuan"})}
    pack = pack_of(
        rule("late", 9, c.All((RED, late)), {"recommend": "alpha"}),
        rule("rich", 8, c.All((RED, rich)), {"recommend": "beta"}),
        parameters={"limit": ENDED["limit"], **money},
    )
    cases: list[dict[str, Value]] = [
        {"colour": "red", "days": 31, "paid": 1},
        {"colour": "red", "days": 31},
        {"colour": "blue", "days": 31, "paid": 1},
        {"colour": "red", "paid": 1},
    ]
    found = [
        [(each.parameter, each.kind) for each in one.outcome.lapsed] for one in Evaluator(pack, TODAY).evaluate(cases)
    ]
    both = [("bound", "carried"), ("limit", "ended")]
    assert found == [both, [("limit", "ended")], [], both]


def test_a_carried_figure_decides_nothing_where_the_rule_stays_undecided_with_it() -> None:
    assert evaluated(CARRIED, colour="red")[1].outcome.lapsed == ()
    assert [each.kind for each in evaluated(ENDED, colour="red")[1].outcome.lapsed] == ["ended"]


def test_a_figure_is_not_used_where_the_bound_of_another_fact_decides_without_it() -> None:
    """What is left is at most what is paid, however much is owed: at 100 no rule about more than 100 needs a figure."""
    much = c.Compare("left", "more_than", 100)
    pack = pack_of(
        rule("late", 5, c.All((LATE, much)), {"recommend": "alpha"}),
        parameters=CARRIED,
        formulas=formulas_of(VOCABULARY, left={"min": [{"fact": "paid"}, {"fact": "owed"}]}),
    )
    cases: list[dict[str, Value]] = [{"days": 31, "paid": 100}, {"days": 31, "paid": 101, "owed": 101}]
    found = Evaluator(pack, TODAY).evaluate(cases)
    assert [[each.parameter for each in one.outcome.lapsed] for one in found] == [[], ["limit"]]


def test_a_figure_behind_a_fact_is_not_used_by_a_rule_that_something_else_leaves_undecided() -> None:
    """Where the colour is red it does not matter what is left: then nothing but the calm is still to be asked."""
    much = c.Compare("left", "more_than", 100)
    waits = rule("waits", 5, c.All((c.Compare("quiet", "equals", True), c.Any((RED, much)))), {"recommend": "alpha"})
    asks = rule("asks", 4, c.All((c.Compare("calm", "equals", True), LATE)), {"recommend": "beta"})
    left = {"min": [{"fact": "paid"}, {"parameter": "limit"}]}
    of_limit = {"limit": ENDED["limit"].model_copy(update={"unit": "yuan"})}
    for rules, used in (((waits,), False), ((waits, asks), True)):
        pack = pack_of(*rules, parameters=of_limit, formulas=formulas_of(VOCABULARY, of_limit, left=left))
        cases: list[dict[str, Value]] = [{"colour": "red", "paid": 9}, {"colour": "blue", "paid": 9}]
        red, blue = (bool(each.outcome.lapsed) for each in Evaluator(pack, TODAY).evaluate(cases))
        assert (red, blue) == (used, True)


@pytest.mark.parametrize("kind", ["document", "right", "warning", "step"])
def test_a_figure_in_what_another_case_is_told_is_not_used_by_this_one(kind: str) -> None:
    item = Item(text=Text(zh="{limit}日", en="{limit} days"), references=DESIGN)
    plain = item.model_copy(update={"text": Text(zh="话", en="words")})
    pack = pack_of(
        rule("gives", 5, RED, {"recommend": "alpha"}, {kind: "dated"}),
        rule("other", 4, c.Compare("colour", "equals", "blue"), {"recommend": "beta"}, {kind: "plain"}),
        parameters=CARRIED,
    )
    items: dict[str, Any] = {f"{kind}s": {"dated": item, "plain": plain}}
    told = replace(pack, **items)
    found = Evaluator(told, TODAY).evaluate([{"colour": "red"}, {"colour": "blue"}, {"colour": "green"}])
    assert [bool(each.outcome.lapsed) for each in found] == [True, False, False]


def test_a_figure_that_a_clock_or_the_strategy_speaks_of_is_used() -> None:
    clocks = {
        "dated": LegalDeadline(title=Text(zh="期", en="C"), starts_from="start", days="limit", references=DESIGN),
        "other": LegalDeadline(title=Text(zh="期", en="C"), starts_from="start", references=DESIGN),
    }
    pack = pack_of(
        rule("dated", 5, RED, {"recommend": "alpha"}, {"deadline": "dated"}),
        rule("other", 4, c.Compare("colour", "equals", "blue"), {"recommend": "beta"}, {"deadline": "other"}),
        rule("says", 3, c.Compare("colour", "equals", "green"), {"recommend": "gamma"}),
        parameters=CARRIED,
    )
    speaks = pack.strategies["gamma"].model_copy(update={"against": Text(zh="{limit}日", en="{limit} days")})
    pack = replace(pack, deadlines=clocks, strategies={**pack.strategies, "gamma": speaks})
    start = {"start": dt.date(2026, 11, 2)}
    found = Evaluator(pack, TODAY).evaluate([{"colour": colour, **start} for colour in ("red", "blue", "green")])
    assert [bool(each.outcome.lapsed) for each in found] == [True, False, True]


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2019-12-31", "not_begun"),
        ("2020-01-01", None),
        ("2026-01-31", None),
        ("2026-02-01", "ended"),
    ],
)
def test_a_figure_is_in_force_from_its_first_day_to_its_last(day: str, kind: str | None) -> None:
    pack = pack_of(rule("always", 1, c.All(()), {"recommend": "beta"}), parameters=ENDED)
    found = stale_parameter(pack, "limit", dt.date.fromisoformat(day))
    assert (found and found.kind) == kind
    carried = replace(pack, parameters=CARRIED)
    assert stale_parameter(carried, "limit", dt.date(2026, 2, 1)) == StaleParameter(
        "limit", dt.date(2026, 2, 1), "carried"
    )
    assert stale_parameter(carried, "limit", dt.date(2026, 1, 31)) is None


def test_beside_a_figure_of_another_day_those_of_today_are_still_told() -> None:
    """The ceiling on private loans is read on the day of the contract, all else on the day of triage."""
    pack = shipped("2026-01-31", carried=True)
    entry = pack.parameters["mortgage_high_days"]
    carried = entry.values[-1].model_copy(update={"carried": True})
    figures = {**pack.parameters, "mortgage_high_days": entry.model_copy(update={"values": (carried,)})}
    pack = replace(pack, parameters=figures, sha256="both")
    cases: list[dict[str, Value]] = [
        {"product": "mortgage", "days_overdue": 60, "note_flags": ()},
        {"product": "huabei", "days_overdue": 60, "note_flags": ()},
    ]
    found = [[each.parameter for each in one.outcome.lapsed] for one in Evaluator(pack, TODAY).evaluate(cases)]
    assert found == [["mortgage_high_days"], []]
