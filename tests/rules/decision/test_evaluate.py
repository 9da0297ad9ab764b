"""What the evaluator makes of the parts: engines made once, plans within their limits, questions, disagreements."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from forbear import intake
from forbear.base.packs import shipped
from forbear.intake import Accepted
from rules.decision.evaluate import Engines, Evaluator, LookedUpError, engines
from rules.decision.outcome import DeadlineDue, EngineDisagreement, Outcome, StaleParameter
from rules.engines.asked_once import AskedOnce
from rules.engines.durable import DurableEngine, EngineError
from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.formulas.derivation import Derived
from rules.formulas.ends import NO_BOUNDS, Bounds
from rules.pack.files.red_flags import RedFlag
from rules.pack.files.schema import Parameter, Product, Text, Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedRule, Pack
from tests.support.packs import random_cases
from tests.support.packs.pack_builder import pack_of, rule
from tests.support.packs.tiny_pack import edited, tiny
from tests.support.packs.vocabulary import VOCABULARY, fact

TODAY = dt.date(2026, 11, 23)
SAMPLES = Path(__file__).parents[3] / "samples" / "cases.csv"
ALWAYS = c.All(())
OWED: dict[str, Value] = {"balance": 60_000, "capacity": 1_000}
DESIGN = ({"id": "practice", "status": "design"},)
WORDS = Text(zh="某", en="Some")


def figure(*values: tuple[int, str, str | None], unit: str = "months") -> Parameter:
    """A parameter with these values, each from one day to another."""
    dated = [
        {"value": str(value), "valid_from": first, "valid_to": last, "status": "design", "references": DESIGN}
        for value, first, last in values
    ]
    return Parameter.model_validate({"title": WORDS, "unit": unit, "values": dated})


def evaluator(pack: Pack, hits: Mapping[str, frozenset[str] | None] | None = None) -> Evaluator:
    """An evaluator whose first engine says what its twin does; for cases of a city what is given, None for an error."""
    twin = PolarsEngine([(each.rule.id, each.when) for each in pack.rules], pack.vocabulary)

    def fired(facts: Facts, bounds: Bounds) -> frozenset[str]:
        city = str(facts.get("city"))
        if hits is None or city not in hits:
            return frozenset(twin.evaluate([facts], [bounds]).true[0])
        if (said := hits[city]) is None:
            raise EngineError("down")
        return said

    return Evaluator(pack, TODAY, Engines(fired, twin))


def outcome(pack: Pack, **facts: Value) -> Outcome:
    return evaluator(pack).evaluate([facts])[0].outcome


def planning(*rules: LoadedRule, **of_product: str | None) -> Pack:
    """A pack whose strategies alpha and beta have plans, and whose products limit them."""
    product = {"code": "P_ONE", "title": WORDS, "lender": WORDS, "note": WORDS, "contacts": ["line"]}
    pack = pack_of(*rules)
    plans = {"alpha": ("instalments",), "beta": ("lump_sum",)}
    return replace(
        pack,
        parameters={
            **pack.parameters,
            "half": figure((30, "2020-01-01", None)),
            "over": figure((9, "2027-01-01", None)),
        },
        strategies={
            name: entry.model_copy(update={"plans": plans.get(name, ()), "acknowledges": name == "gamma"})
            for name, entry in pack.strategies.items()
        },
        products={
            name: Product.model_validate({**product, "plan_longest": longest, "references": DESIGN})
            for name, longest in of_product.items()
        },
    )


def _says(name: str, priority: int, strategy: str, *more: dict[str, Any], when: c.Condition = ALWAYS) -> LoadedRule:
    return rule(name, priority, when, {"recommend": strategy}, *more)


def _plans(pack: Pack, **facts: Value) -> list[tuple[str, str, int]]:
    return [(each.strategy, each.kind, each.months) for each in outcome(pack, **{**OWED, **facts}).plans]


def test_plans_are_those_of_the_strategy_and_of_what_else_the_rules_want() -> None:
    first, second = _says("first", 9, "alpha"), _says("second", 5, "beta")
    lump: dict[str, Value] = {"lump_sum_available": 500}
    assert _plans(planning(first, second), **lump) == [("alpha", "instalments", 60), ("beta", "lump_sum", 1)]
    assert _plans(planning(first), **lump) == [("alpha", "instalments", 60)]
    assert _plans(planning(second, _says("other", 1, "gamma")), **lump) == [("beta", "lump_sum", 1)]


def test_where_nothing_may_acknowledge_the_debt_there_is_no_plan() -> None:
    wins = _says("wins", 9, "alpha")
    assert _plans(planning(wins))
    assert not _plans(planning(wins, rule("stop", 1, ALWAYS, {"block": "acknowledgements"})))
    assert _plans(planning(wins, rule("stop", 1, ALWAYS, {"block": ("gamma",)})))


@pytest.mark.parametrize(
    ("product", "balance", "months"),
    [
        ({}, 60_000, [60]),
        ({"product": "free"}, 60_000, [60]),
        ({"product": "unheard_of"}, 60_000, [60]),
        ({"product": "bound"}, 30_000, [30]),
        ({"product": "bound"}, 30_001, []),
        ({"product": "later"}, 30_000, []),  # its limit is not in force: nothing can be promised
    ],
)
def test_no_plan_takes_longer_than_its_own_product_allows(
    product: dict[str, Value], balance: int, months: list[int]
) -> None:
    pack = planning(_says("wins", 9, "alpha"), free=None, bound="half", later="over")
    assert [each[2] for each in _plans(pack, **product, balance=balance)] == months


ASKED = {
    **VOCABULARY.facts,
    "hidden": fact("int").model_copy(update={"question": None}),
    "sum": fact("int", derived=True, inputs=("days", "hidden", "rate")),
}


def test_questions_are_what_decides_each_once_and_can_be_asked_the_most_important_rule_s_first() -> None:
    low = _says("low", 1, "beta")
    over = _says("over", 9, "alpha", when=c.Compare("sum", "more_than", 5))
    more = _says("more", 5, "gamma", when=c.All((c.Compare("quiet", "equals", True), c.Compare("days", "equals", 1))))
    pack = pack_of(low, over, more, vocabulary=Vocabulary(facts=ASKED))
    assert outcome(pack).questions == ("days", "rate", "quiet")
    assert outcome(pack, days=1).questions == ("rate", "quiet")
    assert outcome(pack, quiet=False).questions == ("days", "rate")
    assert outcome(pack_of(low, _says("lower", 0, "alpha", when=over.when), vocabulary=pack.vocabulary)).questions == ()


def test_a_decision_is_certain_where_nothing_that_is_unknown_could_change_it() -> None:
    quiet = c.Compare("quiet", "equals", True)
    pack = pack_of(
        _says("low", 1, "beta"), _says("over", 9, "alpha", when=quiet), _says("under", 0, "gamma", when=quiet)
    )
    assert [outcome(pack, **facts).certain for facts in ({}, {"quiet": False}, {"quiet": True})] == [False, True, True]
    beneath = pack_of(_says("low", 1, "beta"), _says("under", 0, "gamma", when=quiet))
    assert outcome(beneath).certain


@pytest.mark.parametrize(
    ("when", "certain"),
    [(c.Contains("note_flags", "scam"), True), (c.Compare("quiet", "equals", True), False)],
)
def test_what_stands_alone_by_the_notes_holds_whatever_else_they_tell_and_what_stands_alone_by_a_fact_does_not(
    when: c.Condition, certain: bool
) -> None:
    facts = {**VOCABULARY.facts, "note_flags": fact("list", "scam", "silence")}
    pack = pack_of(
        rule("alone", 9, when, {"recommend": "alpha"}, {"exclusive": True}), vocabulary=Vocabulary(facts=facts)
    )
    flags = {name: RedFlag.model_validate({"title": WORDS, "answered_by": [name]}) for name in ("calm", "city")}
    pack = replace(pack, red_flags={"scam": flags["calm"], "silence": flags["city"]})
    case: dict[str, Value] = {"quiet": True, "note_flags": ("scam", "silence")}
    assert outcome(pack, **case, calm=True, city="深圳").certain  # both are answered
    assert outcome(pack, **case).certain is certain
    assert outcome(pack, **case, calm=True).certain is certain


@pytest.mark.parametrize(("grade", "certain"), [("explicit", True), ("possible", False)])
def test_what_answers_explicit_danger_holds_whatever_else_the_notes_tell(grade: str, certain: bool) -> None:
    facts = {**VOCABULARY.facts, "note_flags": fact("list", "scam", "silence")}
    heeds = _says("heeds", 9, "alpha", when=c.Contains("note_flags", "scam"))
    danger = {"kind": "violence", "grade": grade, "asks": "calm"}
    flags = {
        "scam": RedFlag.model_validate({"title": WORDS, "danger": danger}),
        "silence": RedFlag.model_validate({"title": WORDS, "answered_by": ["city"]}),
    }
    pack = replace(pack_of(heeds, vocabulary=Vocabulary(facts=facts)), red_flags=flags)
    assert outcome(pack, note_flags=("scam", "silence")).certain is certain
    assert outcome(pack, note_flags=("scam",)).certain


def test_cases_that_the_engines_judge_differently_go_to_a_person_each_with_its_own_differences() -> None:
    clock = {"deadline": "answer"}
    pack = pack_of(
        _says("wins", 9, "alpha", {"flag": "look"}, {"urgency": "U3"}),
        _says("quiet", 7, "beta", {"block": ("gamma",)}, {"urgency": "U1"}, when=c.Compare("quiet", "equals", True)),
        rule("calm", 5, c.Compare("calm", "equals", True), clock, {"flag": "hear"}),
    )
    case: dict[str, Value] = {"quiet": False, "calm": False}
    served = dt.date(2026, 11, 9)
    said = {"less": frozenset[str](), "more": frozenset({"wins", "quiet", "calm"}), "down": None}
    none, less, more, down = (
        each.outcome
        for each in evaluator(pack, said).evaluate(
            [
                {**case, "served_on": served, **city}
                for city in ({}, {"city": "less"}, {"city": "more"}, {"city": "down"})
            ]
        )
    )
    assert (none.strategy, none.engines_agree, none.disagreement) == ("alpha", True, ())
    for each in (less, more, down):
        assert (each.strategy, each.engines_agree, each.plans, each.questions) == ("counsellor_review", False, (), ())
    assert less.disagreement == (EngineDisagreement("wins", "no_hit", "hit"),)
    assert (less.rules_fired, less.flags, less.deadlines) == (("disagreement",), ("look",), ())
    assert [each.rule for each in more.disagreement] == ["calm", "quiet"]
    assert (more.rules_fired, more.urgency, more.blocked) == (("disagreement", "wins"), "U1", ("gamma",))
    assert more.flags == ("look", "hear")
    assert more.deadlines == (DeadlineDue("answer", dt.date(2026, 11, 24)),)
    assert down.disagreement == (EngineDisagreement("wins", "error", "hit"),)
    assert (down.rules_fired, down.urgency) == (("disagreement",), "U2")


def test_a_derived_fact_that_the_engines_read_differently_goes_to_a_person_though_every_rule_agrees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = evaluator(tiny())
    surplus: dict[str, Value] = {"income_monthly": 500_000, "essential_outgoings": 400_000, "priority_payments": 0}
    cases = [{**surplus, "case_ref": name} for name in ("one", "two", "three")]
    assert [each.outcome.engines_agree for each in found.evaluate(cases)] == [True, True, True]
    sound = found._derivation.derive

    def faulty(facts: Facts) -> Derived:
        derived = sound(facts)
        return derived._replace(facts={**derived.facts, "capacity": 1}) if facts["case_ref"] == "two" else derived

    monkeypatch.setattr(found._derivation, "derive", faulty)
    one, two, three = (each.outcome for each in found.evaluate(cases))
    assert (one.engines_agree, three.engines_agree) == (True, True)
    assert two.disagreement == (EngineDisagreement("capacity", "value", "other_value"),)
    assert (two.engines_agree, two.urgency, two.rules_fired) == (False, "U2", ("disagreement",))


@pytest.mark.parametrize(
    ("cases", "closely", "faulty", "read", "told"),
    [
        (100, False, {57}, 100, {57}),  # small: every case both ways
        (101, False, set(), 2, set()),
        (101, False, {57}, 2, set()),  # not among those that are read both ways
        (101, False, {100}, 103, {100}),
        (101, False, {0, 57}, 102, {0, 57}),  # one that differs has all of them read both ways
        (101, True, {57}, 101, {57}),  # and so has one who asks for it
    ],
)
def test_of_a_large_chunk_some_cases_are_read_both_ways_and_all_where_one_of_them_differs(
    monkeypatch: pytest.MonkeyPatch, cases: int, closely: bool, faulty: set[int], read: int, told: set[int]
) -> None:
    found = evaluator(tiny())
    surplus: Facts = {"income_monthly": 500_000, "essential_outgoings": 400_000}
    given: list[Facts] = [{**surplus, "priority_payments": n} for n in range(cases)]
    plain = [each.facts for each in found.evaluate(given)]
    assert [each["capacity"] for each in plain] == [(100_000 - n) * 95 // 100 for n in range(cases)]
    sound, seen = found._derivation.derive, []

    def derive(facts: Facts) -> Derived:
        seen.append(facts)
        derived = sound(facts)
        return (
            derived._replace(facts={**derived.facts, "capacity": 1})
            if facts["priority_payments"] in faulty
            else derived
        )

    monkeypatch.setattr(found._derivation, "derive", derive)
    agreed = [each.outcome.engines_agree for each in found.evaluate(given, closely=closely)]
    assert {row for row, each in enumerate(agreed) if not each} == told
    assert len(seen) == read


def test_a_case_is_decided_alike_in_a_large_chunk_and_in_a_small_one() -> None:
    pack, dice = shipped(), random.Random(20)
    whole = [
        {**row.facts, "note_flags": ()} for row in intake.rows(SAMPLES, pack.vocabulary) if isinstance(row, Accepted)
    ]
    cases = [*whole, *({name: value for name, value in each.items() if dice.random() < 0.7} for each in whole)]
    found = Evaluator(pack, pack.manifest.reviewed_on)
    at_once = found.evaluate(cases)
    assert at_once == [each for start in range(0, len(cases), 90) for each in found.evaluate(cases[start : start + 90])]
    assert sum(len(each.outcome.recourse) for each in at_once) > 300
    assert all(each.outcome.engines_agree for each in at_once)


def test_bounds_that_differ_have_a_large_chunk_read_both_ways_too(monkeypatch: pytest.MonkeyPatch) -> None:
    found, seen = evaluator(tiny()), []
    given: list[Facts] = [{"income_monthly": 500_000} for _ in range(101)]
    sound = found._derivation.derive

    def derive(facts: Facts) -> Derived:
        seen.append(facts)
        derived = sound(facts)
        assert derived.bounds
        return derived._replace(bounds={})

    monkeypatch.setattr(found._derivation, "derive", derive)
    found.evaluate(given)
    assert len(seen) == 1 + 101


def test_what_is_unknown_is_told_of_a_disagreement_too() -> None:
    pack = pack_of(_says("wins", 9, "alpha"), _says("asks", 5, "beta", when=c.Compare("quiet", "equals", True)))
    found = evaluator(pack, {"x": frozenset({"wins", "asks"})}).evaluate([{"city": "x"}])[0].outcome
    assert (found.rules_unknown, found.rules_fired) == (("asks",), ("disagreement", "wins"))
    assert found.disagreement == (EngineDisagreement("asks", "hit", "unknown"),)


def test_recourse_and_lapses_are_told_of_their_own_case_also_where_it_has_only_one_of_them() -> None:
    facts = {**VOCABULARY.facts, "willing": fact("bool").model_copy(update={"actionable": True})}
    ended = figure((5, "2020-01-01", "2020-12-31"), unit="days")
    old = c.Compare("days", "more_than", c.ParameterReference("ended"))
    pack = pack_of(
        _says("low", 1, "beta"),
        _says("plan", 9, "alpha", when=c.All((c.Known("city", True), c.Compare("willing", "equals", True)))),
        rule("old", 0, c.All((c.Known("shade", True), old)), {"flag": "old"}),
        vocabulary=Vocabulary(facts=facts),
        parameters={"ended": ended, "later": figure((5, "2027-01-01", None))},
    )
    quiet: dict[str, Value] = {"willing": False, "days": 9}
    cases = [quiet, {**quiet, "city": "深圳"}, {**quiet, "shade": "red"}, {**quiet, "city": "深圳", "shade": "red"}]
    found = [each.outcome for each in Evaluator(pack, TODAY).evaluate(cases)]
    assert [[each.fact for each in case.recourse] for case in found] == [[], ["willing"], [], ["willing"]]
    lapse = StaleParameter("ended", TODAY, "ended")
    assert [case.lapsed for case in found] == [(), (), (lapse,), (lapse,)]
    assert {case.strategy for case in found} == {"beta"}


def test_engines_are_made_once_for_the_figures_that_conditions_use_and_for_one_pack() -> None:
    pack, figures = tiny(), {"npl_days": 90, "high_rate": 2400}
    made = engines(pack, figures)
    assert engines(pack, {**figures, "answer_days": 7, "savings_buffer": 9}) is made  # no condition looks at these
    assert engines(tiny(), dict(reversed(figures.items()))) is made
    assert engines(pack, {**figures, "npl_days": 91}) is not made
    assert engines(pack, {"npl_days": 90}) is not made
    assert engines(tiny(edited("rights.yaml", "异议权", "异议")), figures) is not made


def test_engines_take_the_figures_they_are_made_with() -> None:
    case: dict[str, Value] = {
        "product": "credit_card",
        "capacity": 1,
        "monthly_due": 2,
        "days_overdue": 91,
        "annual_rate_percent": 2400,
    }
    for figures, fired in (
        ({"npl_days": 90, "high_rate": 2400}, True),
        ({"npl_days": 91, "high_rate": 2400}, False),
        ({"npl_days": 90, "high_rate": 2399}, False),
        ({"high_rate": 2400}, False),  # nobody knows the figure
    ):
        found = engines(tiny(), figures)
        assert ("card-plan" in found.hits(case, {})) is fired
        assert ("card-plan" in found.second.evaluate([case], [{}]).true[0]) is fired


def test_every_rule_is_traced_with_what_follows_from_the_case_as_submitted() -> None:
    case: dict[str, Value] = {"product": "credit_card", "days_overdue": 91, "monthly_due": 200_000}
    surplus = {"income_monthly": 500_000, "essential_outgoings": 400_000, "priority_payments": 0}
    traces = Evaluator(tiny(), TODAY).trace({**case, **surplus})
    assert [each.rule for each in traces] == ["crisis", "card-plan"]
    values = dict(traces[1].parts)
    assert values[c.Compare("capacity", "more_than", 0)] is True
    assert values[c.ComparePair("capacity", "less_than_fact", "monthly_due")] is True
    unknown = Evaluator(tiny(), TODAY).trace(case)[1]
    assert dict(unknown.parts)[c.Compare("capacity", "more_than", 0)] is None


def test_decisions_with_each_question_asked_once_are_those_of_every_case() -> None:
    asking = Evaluator(shipped(), TODAY)
    for seed in (1, 2):  # the second time much is looked up
        cases: list[Facts] = [{"note_flags": (), **case} for case in random_cases.cases(seed, 50)]
        assert asking.evaluate(cases, in_full=(0, 49)) == asking.evaluate(cases)


def remembering(urgency: str, remembered: str, full: str) -> tuple[Evaluator, list[Value]]:
    """An evaluator that remembers one rule of those who are 7 days late and in full says another; days asked in full.

    The second engine says `one`.
    """
    pack = pack_of(rule("one", 500, c.Compare("days", "equals", 7), {"recommend": "alpha"}, {"urgency": urgency}))
    rules = [(each.rule.id, each.when) for each in pack.rules]
    asked: list[Value] = []

    class Memory(AskedOnce):
        def hits(self, facts: Mapping[str, Value], bounds: Bounds = NO_BOUNDS) -> frozenset[str]:
            return frozenset((remembered,) if facts["days"] == 7 and remembered else ())

    def hits(facts: Facts, _: Bounds) -> frozenset[str]:
        asked.append(facts["days"])
        return frozenset((full,) if facts["days"] == 7 and full else ())

    found = Engines(hits, PolarsEngine(rules, VOCABULARY), Memory(DurableEngine(rules, VOCABULARY)))
    return Evaluator(pack, TODAY, found), asked


@pytest.mark.parametrize(
    ("urgency", "remembered", "full", "in_full", "expected"),
    [
        ("U2", "one", "", (), []),  # nobody looks, and the engines agree
        ("U2", "one", "", (0,), [6]),
        ("U2", "one", "", (1,), None),  # found by the cases drawn
        ("U1", "one", "", (), None),  # and by what is urgent
        ("U1", "one", "one", (), [7]),
        ("U2", "", "one", (), None),  # and by the second engine
        ("U2", "", "", (), [7]),  # which both ways differs from the first
    ],
)
def test_a_wrong_answer_that_was_looked_up_is_found_where_it_is_asked_in_full(
    urgency: str, remembered: str, full: str, in_full: tuple[int, ...], expected: list[int] | None
) -> None:
    asking, asked = remembering(urgency, remembered, full)
    cases: list[Facts] = [{"days": 6}, {"days": 7}]
    if expected is not None:
        outcome = asking.evaluate(cases, in_full=in_full)[1].outcome
        assert outcome.rules_fired == ((remembered,) if remembered else ("disagreement",))
        assert asked == expected
        return
    with pytest.raises(LookedUpError) as error:
        asking.evaluate(cases, in_full=in_full)
    assert error.value.row == 1
    assert {"strategy", "rules_fired", "engines_agree"} <= {*error.value.fields}


@pytest.mark.parametrize(
    ("wrong_at", "cases", "asked", "agree"),
    [
        (None, 101, 2, True),  # as said by the columns, but for one in a hundred that is also asked by itself
        (50, 101, 2, False),  # what only the columns say wrong goes to a person
        (100, 101, 103, True),  # and where one that is looked at is wrong, all are asked one by one
        (None, 100, 100, True),  # as few always are
    ],
)
def test_what_many_are_told_by_columns_is_asked_of_some_one_by_one(
    wrong_at: int | None, cases: int, asked: int, agree: bool
) -> None:
    pack = pack_of(rule("one", 500, c.Compare("days", "equals", 7), {"recommend": "alpha"}))
    one_by_one: list[Facts] = []

    def hits(facts: Facts, _: Bounds) -> frozenset[str]:
        one_by_one.append(facts)
        return frozenset(("one",))

    def of_many(table: pl.DataFrame) -> list[frozenset[str] | None]:
        return [None if row == wrong_at else frozenset(("one",)) for row in range(table.height)]

    second = PolarsEngine([(each.rule.id, each.when) for each in pack.rules], VOCABULARY)
    found = Evaluator(pack, TODAY, Engines(hits, second, of_many=of_many)).evaluate([{"days": 7}] * cases)
    assert len(one_by_one) == asked
    assert [row for row, each in enumerate(found) if not each.outcome.engines_agree] == ([] if agree else [wrong_at])
