"""The hit policy: which of the fired rules wins, what the others add, and what a disagreement leaves."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from rules.decision.evaluate import Engines, Evaluator
from rules.decision.outcome import (
    DeadlineDue,
    EngineDisagreement,
    Outcome,
    StaleParameter,
    not_evaluated,
    read_outcome,
    stored_outcome,
)
from rules.decision.reasons import speaking
from rules.engines.durable import DurableEngine
from rules.engines.polars_engine import PolarsEngine
from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.formulas.ends import Bounds
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedRule, Pack
from tests.support.packs.pack_builder import pack_of, rule
from tests.support.packs.tiny_pack import tiny
from tests.support.packs.vocabulary import VOCABULARY

TODAY = dt.date(2026, 11, 23)
ALWAYS = c.All(())
RED = c.Compare("colour", "equals", "red")
QUIET = c.Compare("quiet", "equals", True)


def _evaluator(pack: Pack) -> Evaluator:
    """An evaluator whose two engines are one: for what comes after them."""
    twin = PolarsEngine([(each.rule.id, each.when) for each in pack.rules], pack.vocabulary)

    def hits(facts: Facts, bounds: Bounds) -> frozenset[str]:
        return frozenset(twin.evaluate([facts], [bounds]).true[0])

    return Evaluator(pack, TODAY, Engines(hits, twin))


def _outcome(pack: Pack, **facts: Value) -> Outcome:
    return _evaluator(pack).evaluate([facts])[0].outcome


def _of(*rules: LoadedRule, **facts: Value) -> Outcome:
    return _outcome(pack_of(*rules), **facts)


def _says(name: str, priority: int, strategy: str, *more: dict[str, Any], when: c.Condition = ALWAYS) -> LoadedRule:
    return rule(name, priority, when, {"recommend": strategy}, *more)


def test_the_highest_priority_wins_and_the_others_follow_in_order() -> None:
    outcome = _of(_says("low", 1, "gamma"), _says("high", 9, "alpha"), _says("middle", 5, "beta", {"add": "alpha"}))
    assert outcome.strategy == "alpha"
    assert outcome.secondary == ("beta", "gamma")
    assert outcome.rules_fired == ("high", "middle", "low")


def test_equal_priorities_are_settled_by_the_rules_names() -> None:
    assert _of(_says("b", 5, "beta"), _says("a", 5, "alpha")).strategy == "alpha"


def test_a_blocked_strategy_is_neither_recommended_nor_secondary() -> None:
    outcome = _of(_says("high", 9, "alpha"), _says("low", 1, "beta"), rule("stop", 0, ALWAYS, {"block": ("alpha",)}))
    assert (outcome.strategy, outcome.secondary, outcome.blocked) == ("beta", (), ("alpha",))
    assert outcome.rules_fired == ("high", "low", "stop")


def test_a_rule_whose_strategies_are_all_blocked_brings_nothing_but_its_clocks() -> None:
    kept = ({"step": "write"}, {"document": "proof"}, {"right": "dispute"}, {"warning": "no_promise"})
    blocked = _says("plan", 9, "alpha", *kept, {"deadline": "answer"})
    stop = rule("stop", 5, ALWAYS, {"block": ("alpha",)})
    outcome = _of(blocked, stop)
    assert (outcome.steps, outcome.documents, outcome.rights, outcome.warnings) == ((), (), (), ())
    assert [due.id for due in outcome.deadlines] == ["answer"]
    free = _of(blocked)
    assert (free.steps, free.documents, free.rights, free.warnings) == (
        ("write",),
        ("proof",),
        ("dispute",),
        ("no_promise",),
    )


def _admitting(*rules: LoadedRule) -> Pack:
    """A pack in which alpha, the step and the document admit the debt."""
    pack = pack_of(*rules)
    return replace(
        pack,
        strategies={**pack.strategies, "alpha": pack.strategies["alpha"].model_copy(update={"acknowledges": True})},
        steps={"write": pack.steps["write"].model_copy(update={"acknowledges": True})},
        documents={"proof": pack.documents["proof"].model_copy(update={"acknowledges": True})},
    )


def test_blocked_acknowledgements_take_away_whatever_admits_the_debt_even_from_the_rule_that_wins() -> None:
    items = ({"step": "write"}, {"document": "proof"}, {"right": "dispute"}, {"warning": "no_promise"})
    admits, wins = _says("admits", 9, "alpha"), _says("wins", 5, "beta", *items)
    stop = rule("stop", 1, ALWAYS, {"block": "acknowledgements"})
    outcome = _outcome(_admitting(admits, wins, stop))
    assert (outcome.strategy, outcome.secondary, outcome.blocked) == ("beta", (), ("alpha",))
    assert (outcome.steps, outcome.documents) == ((), ())
    assert (outcome.rights, outcome.warnings) == (("dispute",), ("no_promise",))
    free = _outcome(_admitting(admits, wins))
    assert (free.strategy, free.steps, free.documents) == ("alpha", ("write",), ("proof",))


def test_a_rule_whose_reason_speaks_of_paying_is_silent_where_acknowledgements_are_blocked() -> None:
    speaks = rule("speaks", 9, ALWAYS, {"warning": "no_promise"}, because="pay a little")
    speaks = replace(speaks, rule=speaks.rule.model_copy(update={"acknowledges": True}))
    wins, stop = _says("wins", 5, "beta"), rule("stop", 1, ALWAYS, {"block": "acknowledgements"})
    pack = pack_of(speaks, wins, stop)
    outcome = _outcome(pack)
    assert (outcome.warnings, speaking(pack, outcome.rules_fired)) == ((), ("wins", "stop"))
    assert _of(speaks, wins).warnings == ("no_promise",)


def test_blocked_contact_takes_away_what_turns_to_the_lender_and_nothing_else() -> None:
    loud = rule("loud", 3, ALWAYS, {"warning": "no_promise"})
    loud = replace(loud, rule=loud.rule.model_copy(update={"contacts_lender": True}))
    quiet = rule("quiet", 1, ALWAYS, {"block": "lender_contact"})
    pack = pack_of(_says("wins", 5, "beta", {"step": "write"}, {"document": "proof"}), loud, quiet)
    pack = replace(pack, steps={"write": pack.steps["write"].model_copy(update={"contacts_lender": True})})
    outcome = _outcome(pack)
    assert (outcome.strategy, outcome.blocked, outcome.steps, outcome.documents) == ("beta", (), (), ("proof",))
    assert (outcome.warnings, speaking(pack, outcome.rules_fired)) == ((), ("wins", "quiet"))


def test_what_speaks_for_the_strategy_comes_before_what_is_said_beside_it() -> None:
    beside = rule("beside", 9, ALWAYS, {"step": "write"})
    pack = pack_of(beside, _says("wins", 5, "beta"), _says("second", 3, "gamma"))
    assert speaking(pack, _outcome(pack).rules_fired) == ("wins", "beside", "second")


def test_the_default_applies_when_nothing_recommends() -> None:
    outcome = _of(_says("red", 9, "alpha", when=RED), rule("also", 5, ALWAYS, {"add": "beta"}), colour="blue")
    assert (outcome.strategy, outcome.secondary) == ("counsellor_review", ("beta",))
    assert outcome.rules_fired == ("also", "default")


def test_the_default_applies_when_all_is_blocked() -> None:
    outcome = _of(_says("high", 9, "alpha"), rule("stop", 0, ALWAYS, {"block": ("alpha", "beta")}))
    assert (outcome.strategy, outcome.secondary) == ("counsellor_review", ())
    assert outcome.rules_fired == ("high", "stop", "default")


def test_the_most_urgent_wins() -> None:
    rules = (_says("high", 9, "alpha", {"urgency": "U3"}), rule("hurry", 1, ALWAYS, {"urgency": "U1"}))
    assert _of(*rules).urgency == "U1"
    assert _of(rules[0]).urgency == "U3"
    assert _of(_says("high", 9, "alpha")).urgency == "U4"  # nobody says: as urgent as the default


def test_an_exclusive_rule_silences_what_does_not_serve_its_strategy() -> None:
    plan = ({"step": "write"}, {"urgency": "U2"}, {"deadline": "answer"}, {"block": ("gamma",)})
    outcome = _outcome(
        pack_of(
            _says("plan", 9, "beta", *plan),
            _says("crisis", 5, "alpha", {"exclusive": True}, {"right": "dispute"}, {"urgency": "U3"}),
            rule("helper", 1, ALWAYS, {"add": "alpha"}, {"document": "proof"}),
            vocabulary=tiny().vocabulary,
        )
    )
    assert (outcome.strategy, outcome.secondary, outcome.urgency) == ("alpha", (), "U3")
    assert (outcome.steps, outcome.rights, outcome.documents) == ((), ("dispute",), ("proof",))
    assert outcome.blocked == ("gamma",)
    assert [due.id for due in outcome.deadlines] == ["answer"]
    assert outcome.rules_fired == ("plan", "crisis", "helper")


def test_of_two_exclusive_rules_the_more_important_speaks() -> None:
    first = _says("first", 9, "alpha", {"exclusive": True})
    assert _of(_says("second", 5, "beta", {"exclusive": True}), first).strategy == "alpha"
    stop = rule("stop", 0, ALWAYS, {"block": ("alpha",)})
    assert _of(_says("second", 5, "beta", {"exclusive": True}), first, stop).strategy == "beta"


def test_an_exclusive_rule_that_only_adds_leaves_what_it_adds() -> None:
    outcome = _of(_says("plan", 9, "beta"), rule("only", 5, ALWAYS, {"add": "alpha"}, {"exclusive": True}))
    assert (outcome.strategy, outcome.secondary) == ("alpha", ())


@pytest.mark.parametrize(
    ("served", "due"),
    [
        (dt.date(2026, 11, 9), DeadlineDue("answer", dt.date(2026, 11, 24))),
        (dt.date(2026, 11, 6), DeadlineDue("answer", dt.date(2026, 11, 23))),  # the 21st is a Saturday
        (None, DeadlineDue("answer", TODAY, start_known=False)),
    ],
)
def test_a_clock_runs_from_service_and_is_taken_to_end_today_where_that_is_unknown(
    served: dt.date | None, due: DeadlineDue
) -> None:
    pack = pack_of(rule("served", 9, ALWAYS, {"deadline": "answer"}), vocabulary=tiny().vocabulary)
    assert _outcome(pack, **({} if served is None else {"served_on": served})).deadlines == (due,)


def test_an_outcome_survives_json() -> None:
    pack = tiny()
    facts: dict[str, Value] = {
        "product": "credit_card",
        "days_overdue": 120,
        "income_monthly": 500_000,
        "essential_outgoings": 400_000,
        "priority_payments": 0,
        "monthly_due": 200_000,
        "annual_rate_percent": 1800,
    }
    outcome = Evaluator(pack, TODAY).evaluate([facts])[0].outcome
    assert outcome.strategy == "card_plan"
    assert outcome.deadlines
    assert read_outcome(json.loads(stored_outcome(outcome))) == outcome


# As 0.1 wrote it: one word for what is assumed of a date, no lapses, plans without interest.
_OLDEST: dict[str, Any] = {
    "strategy": "mediation",
    "urgency": "U2",
    "certain": True,
    "secondary": ["alpha", "beta"],
    "blocked": [],
    "rules_fired": ["one", "two"],
    "rules_unknown": [],
    "questions": ["city"],
    "documents": [],
    "rights": [],
    "warnings": [],
    "steps": ["write"],
    "flags": [],
    "deadlines": [
        {"id": "answer", "date": "2026-11-24", "assumed": False},
        {"id": "appeal", "date": "2026-12-01", "assumed": True},
    ],
    "plans": [
        {
            "strategy": "alpha",
            "kind": "deferral",
            "total": 0,
            "months": 2,
            "monthly": 0,
            "last": 0,
            "until": "2027-01-31",
        }
    ],
    "recourse": [{"fact": "willing", "value": True, "rule": "two", "strategy": "beta"}],
    "engines_agree": True,
    "disagreement": [],
}


def test_a_decision_of_the_oldest_form_is_read() -> None:
    read = read_outcome(_OLDEST)
    assert read.deadlines == (
        DeadlineDue("answer", dt.date(2026, 11, 24)),
        DeadlineDue("appeal", dt.date(2026, 12, 1), start_known=False),
    )
    assert read.lapsed == ()
    assert (read.plans[0].until, read.plans[0].balance, read.plans[0].rate) == (dt.date(2027, 1, 31), None, None)
    assert read.recourse[0].value is True
    assert (read.secondary, read.rules_fired) == (("alpha", "beta"), ("one", "two"))


def test_what_is_known_of_a_date_and_of_a_figure_is_read_as_it_was_written() -> None:
    known = {"id": "answer", "date": "2026-11-24", "start_known": True, "calendar_known": False}
    lapses = [{"parameter": "limit", "on": "2026-11-23", "kind": "ended"}]
    read = read_outcome({**_OLDEST, "deadlines": [known], "lapsed": lapses})
    assert read.deadlines == (DeadlineDue("answer", dt.date(2026, 11, 24), calendar_known=False),)
    assert read.lapsed == (StaleParameter("limit", TODAY, "ended"),)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"urgency": "secret"}, "urgency"),
        ({"later": "secret"}, "later"),
        ({"certain": "secret"}, "certain"),
        ({"plans": [{"strategy": "secret"}]}, "plans.0.kind"),
        ({"deadlines": [{"id": "secret", "date": "secret"}]}, "deadlines.0.date"),
        ({"recourse": [{"fact": "secret"}]}, "recourse.0.rule"),
    ],
)
def test_what_no_version_wrote_is_refused_with_the_place_and_without_telling_it(
    change: dict[str, object], where: str
) -> None:
    with pytest.raises(ValueError, match=f"{where}: ") as caught:
        read_outcome({**_OLDEST, **change})
    assert "secret" not in str(caught.value) and "mediation" not in str(caught.value)
    assert caught.value.__suppress_context__  # nor by what a log adds of the error before it


def test_the_same_case_gives_the_same_bytes_in_whatever_order() -> None:
    rules = [_says(f"rule-{number}", number % 7, "alpha" if number % 2 else "beta") for number in range(20)]
    rules.append(_says("asks", 9, "gamma", when=c.All((RED, QUIET, c.Compare("days", "more_than", 3)))))
    facts: dict[str, Value] = {"colour": "red", "paid": 1, "signs": ("blue", "red")}
    pack, turned = pack_of(*rules), pack_of(*rules[::-1])
    first = Evaluator(pack, TODAY).evaluate([facts])[0].outcome
    again = Evaluator(turned, TODAY).evaluate([dict(reversed(facts.items()))])[0].outcome
    assert stored_outcome(first) == stored_outcome(again)
    assert first.questions == ("quiet", "days")


def test_cases_of_one_chunk_do_not_meet() -> None:
    pack = pack_of(_says("red", 9, "alpha", when=RED), _says("calm", 5, "beta", when=c.Known("calm", True)))
    cases: list[dict[str, Value]] = [{"colour": "red"}, {}, {"calm": True}, {"colour": "blue"}]
    together = [each.outcome for each in Evaluator(pack, TODAY).evaluate(cases)]
    assert together == [Evaluator(pack, TODAY).evaluate([case])[0].outcome for case in cases]
    assert [each.strategy for each in together] == ["alpha", "counsellor_review", "beta", "counsellor_review"]


def _doctored(*seen_by_twin: LoadedRule, engine: tuple[LoadedRule, ...]) -> Evaluator:
    """An evaluator whose engine was built from other rules than its twin."""
    pack = pack_of(*seen_by_twin)
    hits = DurableEngine([(each.rule.id, each.when) for each in engine], pack.vocabulary).hits
    return Evaluator(
        pack, TODAY, Engines(hits, PolarsEngine([(each.rule.id, each.when) for each in pack.rules], VOCABULARY))
    )


def test_a_disagreement_is_recorded_and_goes_to_a_person() -> None:
    red, calm = _says("red", 9, "alpha", {"urgency": "U1"}, when=RED), _says("calm", 5, "beta", {"step": "write"})
    quiet, blue = _says("quiet", 4, "gamma", when=QUIET), c.Compare("colour", "equals", "blue")
    evaluator = _doctored(red, calm, quiet, engine=(_says("red", 9, "alpha", when=blue), calm))
    good, bad = evaluator.evaluate([{"colour": "green", "quiet": False}, {"colour": "red"}])
    assert (good.outcome.strategy, good.outcome.engines_agree) == ("beta", True)
    outcome = bad.outcome
    assert (outcome.strategy, outcome.engines_agree, outcome.certain) == ("counsellor_review", False, False)
    assert outcome.disagreement == (EngineDisagreement("red", engine="no_hit", twin="hit"),)
    assert outcome.urgency == "U1"  # more urgent than the U2 of a disagreement, and one engine says so
    assert outcome.rules_fired == ("disagreement", "calm")
    assert (outcome.secondary, outcome.steps, outcome.questions) == ((), (), ())
    assert read_outcome(json.loads(stored_outcome(outcome))) == outcome


def test_a_rule_that_fires_although_it_is_unknown_is_a_disagreement() -> None:
    evaluator = _doctored(_says("red", 9, "alpha", when=RED), engine=(_says("red", 9, "alpha"),))
    assert evaluator.evaluate([{}])[0].outcome.disagreement == (
        EngineDisagreement("red", engine="hit", twin="unknown"),
    )


def test_an_error_of_the_engine_is_a_disagreement_of_that_case_only() -> None:
    pack = pack_of(_says("paid", 9, "alpha", when=c.Compare("paid", "more_than", 0)))
    huge = 2**62 + 1  # no submitted case can hold it
    good, bad, worse = Evaluator(pack, TODAY).evaluate([{"paid": 1}, {"paid": huge}, {"paid": -huge}])
    assert (good.outcome.strategy, good.outcome.engines_agree) == ("alpha", True)
    assert bad.outcome.disagreement == (EngineDisagreement("paid", engine="error", twin="hit"),)
    assert worse.outcome.disagreement == (EngineDisagreement("*", engine="error", twin="no_hit"),)
    assert {bad.outcome.strategy, worse.outcome.strategy} == {"counsellor_review"}
    assert not bad.outcome.engines_agree


def test_an_engine_is_made_once_for_a_pack_and_its_figures() -> None:
    pack = tiny()
    first, later = Evaluator(pack, TODAY), Evaluator(tiny(), dt.date(2026, 11, 24))
    before = Evaluator(pack, dt.date(2019, 6, 1))  # another figure was in force
    assert first.engines is later.engines
    assert first.engines is not before.engines


def test_what_protects_people_is_said_even_by_a_rule_whose_way_is_closed() -> None:
    asks = rule(
        "asks", 9, ALWAYS, {"recommend": "alpha"}, {"warning": "no_promise"}, {"right": "dispute"}, {"step": "write"}
    )
    stop, wins = rule("stop", 1, ALWAYS, {"block": "acknowledgements"}), _says("wins", 5, "beta")
    pack = _admitting(asks, wins, stop)
    warnings = {**pack.warnings, "no_promise": pack.warnings["no_promise"].model_copy(update={"protects": True})}
    outcome = _outcome(replace(pack, warnings=warnings))
    assert (outcome.warnings, outcome.rights, outcome.steps) == (("no_promise",), (), ())
    assert speaking(pack, outcome.rules_fired) == ("wins", "stop")
    alone = rule("alone", 0, ALWAYS, {"recommend": "beta"}, {"exclusive": True})
    assert _outcome(replace(_admitting(asks, stop, alone), warnings=warnings)).warnings == ()


@pytest.mark.parametrize(("told", "urgency"), [("U0", "U0"), ("U1", "U1"), ("U2", "U1"), ("U4", "U1")])
def test_what_could_not_be_evaluated_is_for_a_person_and_soon(told: str, urgency: str) -> None:
    manifest = tiny().manifest
    disagreement = manifest.disagreement.model_copy(update={"urgency": told})
    found = not_evaluated(replace(tiny(), manifest=manifest.model_copy(update={"disagreement": disagreement})))
    assert (found.strategy, found.urgency) == (disagreement.strategy, urgency)
    assert (found.certain, found.engines_agree, found.rules_fired) == (False, True, ("not_evaluated",))
    assert read_outcome(json.loads(stored_outcome(found))) == found
