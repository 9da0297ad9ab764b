"""A decision comes back from the record as that of its case, its version, its day and its pack, and of no other."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlmodel import Session

from forbear.batch import recorded_decision
from forbear.batch.recorded_decision import (
    RecordedDecision,
    ResultLine,
    current_decision,
    decision_on,
    decision_on_desk,
    decisions_of_batch,
    facts_of,
    latest_decision,
)
from models.database.session import session
from models.desk import WorklistItem
from rules.decision.safety_hold import SafetyHold
from rules.engines.polars_engine import RuleTrace
from tests.support.desk.case_on_desk import PLAN
from tests.support.desk.cases import AS_OF, CHANGES, VAULT, accepted, decided, engine_of, pack, said_otherwise
from tests.support.old.old_decisions import without_bodies
from tests.support.old.recorded import decision
from tests.support.packs.tiny_pack import FILES, tiny

BEFORE = AS_OF - dt.timedelta(days=1)
DANGER = {"notes": "我不想活了"}
OTHER = tiny({**CHANGES, "pack.yaml": FILES["pack.yaml"].replace("version: 1.0.0", "version: 1.0.0 # again")})


@pytest.fixture
def url(database_url: str) -> str:
    """Cases 1 (A), 2 (B) and 3 (another submitter's A), two of them decided again, with other facts, day or pack."""
    decided(database_url, [accepted(1, "A", days_overdue=1)], VAULT, as_of=BEFORE)
    decided(database_url, [accepted(1, "B", DANGER, days_overdue=2)], VAULT, as_of=BEFORE)
    decided(database_url, [accepted(1, "A", days_overdue=3)], VAULT, submitter="them")
    decided(database_url, [accepted(1, "B", DANGER, days_overdue=2)], VAULT)
    decided(database_url, [accepted(1, "A", {"notes": "还好"}, days_overdue=5)], VAULT)
    decided(database_url, [accepted(1, "B", DANGER, days_overdue=2)], VAULT, by=OTHER)
    return database_url


@contextmanager
def record(url: str) -> Iterator[Session]:
    with engine_of(url) as engine, session(engine) as opened:
        yield opened


def told(found: RecordedDecision | None) -> tuple[object, ...] | None:
    """What tells one decision from another."""
    if found is None:
        return None
    return found.case_ref, found.as_of, found.pack.sha256, found.facts["days_overdue"]


FIRST = ("A", BEFORE, pack().sha256, 1)
SECOND = ("B", BEFORE, pack().sha256, 2)
THIRD = ("A", AS_OF, pack().sha256, 3)
FOURTH = ("B", AS_OF, pack().sha256, 2)
FIFTH = ("A", AS_OF, pack().sha256, 5)
SIXTH = ("B", AS_OF, OTHER.sha256, 2)


def test_a_decision_is_found_on_its_own_case_alone(url: str) -> None:
    asked = [(case, number) for case in (1, 2, 3) for number in (*range(1, 7), 99)]
    with record(url) as opened:
        found = {each: told(decision_on(opened, *each, VAULT)) for each in asked}
    assert {each: decision for each, decision in found.items() if decision is not None} == {
        (1, 1): FIRST,
        (2, 2): SECOND,
        (3, 3): THIRD,
        (2, 4): FOURTH,
        (1, 5): FIFTH,
        (2, 6): SIXTH,
    }


def test_the_current_decision_is_the_one_on_the_desk_and_only_for_who_may_see_it(url: str) -> None:
    with record(url) as opened:
        seen = {who: [told(current_decision(opened, case, VAULT, who)) for case in (1, 2, 3, 4)] for who in WHO}
        on_desk = [told(decision_on_desk(opened, opened.get_one(WorklistItem, case), VAULT)) for case in (1, 2, 3)]
    assert seen[None] == [FIFTH, SIXTH, THIRD, None]
    assert seen["us"] == [FIFTH, SIXTH, None, None]
    assert seen["them"] == [None, None, THIRD, None]
    assert on_desk == [FIFTH, SIXTH, THIRD]


WHO = (None, "us", "them")


def test_the_latest_decision_is_of_the_newest_facts_then_the_latest_day_then_the_last_made(url: str) -> None:
    decided(url, [accepted(1, "B", DANGER, days_overdue=2)], VAULT, as_of=BEFORE, by=OTHER)
    with record(url) as opened:
        asked = {(who, ref): told(latest_decision(opened, who, ref, VAULT)) for who in ("us", "them") for ref in "AB"}
    assert asked == {("us", "A"): FIFTH, ("us", "B"): SIXTH, ("them", "A"): THIRD, ("them", "B"): None}


def test_the_decisions_of_a_batch_are_its_own_in_the_order_of_its_rows(database_url: str) -> None:
    rows = [accepted(row, f"C{5 - row}", DANGER if row == 2 else None, days_overdue=row) for row in range(1, 5)]
    mine = decided(database_url, rows, VAULT, as_of=BEFORE, chunk_size=1).batch_id
    again = decided(database_url, [rows[1], accepted(3, "new", days_overdue=9)], VAULT).batch_id
    with psycopg.connect(database_url) as connection:
        batches: list[UUID] = [row[0] for row in connection.execute("SELECT id FROM batch").fetchall()]
    assert len(batches) == 2
    with record(database_url) as opened:
        found = {batch: [told(each) for each in decisions_of_batch(opened, batch, VAULT)] for batch in batches}
        lines = [each.line() for batch in (mine, again) for each in decisions_of_batch(opened, batch, VAULT)]
        alone = current_decision(opened, 1, VAULT)
    sha256 = pack().sha256
    assert found[mine] == [(f"C{5 - row}", BEFORE, sha256, row) for row in range(1, 5)]
    assert found[again] == [("C3", AS_OF, sha256, 2), ("new", AS_OF, sha256, 9)]
    places = [(each.case_ref, each.current) for each in lines if isinstance(each, ResultLine)]
    mine_now = [("C4", True), ("C3", False), ("C2", True), ("C1", True)]  # C3 was decided again
    assert places == [*mine_now, ("C3", True), ("new", True)]
    assert len({each.decision_id for each in lines if isinstance(each, ResultLine)}) == 6
    assert alone is not None and not isinstance(alone.line(), ResultLine)


def test_the_facts_of_some_decisions_are_their_own(url: str) -> None:
    with record(url) as opened:
        found = facts_of(opened, [2, 3, 5])
    assert {made: facts["days_overdue"] for made, facts in found.items()} == {2: 2, 3: 3, 5: 5}


def on_desk(chosen: str | None, changed: bool = False) -> Any:
    """What a choice is told by."""
    return SimpleNamespace(chosen_strategy=chosen, changed=changed)


def test_what_follows_from_the_strategy_that_a_person_chose() -> None:
    """Where it is another, is known, was chosen for this decision, and nothing is held back."""
    plan = decision("P", **PLAN)
    other = next(name for name in plan.pack.strategies if name != plan.outcome.strategy)
    chosen = plan.as_chosen(on_desk(other))
    assert (chosen.outcome.strategy, chosen.recommended) == (other, plan.outcome.strategy)
    assert (chosen.facts, chosen.case_ref, chosen.as_of) == (plan.facts, plan.case_ref, plan.as_of)
    for strategy, changed in ((None, False), (plan.outcome.strategy, False), ("gone", False), (other, True)):
        assert plan.as_chosen(on_desk(strategy, changed)) is plan
    held = replace(plan, hold=SafetyHold("explicit", ("self_harm",)))
    assert held.as_chosen(on_desk(other)) is held


def test_the_notes_are_opened_only_where_they_raised_a_flag(url: str) -> None:
    with record(url) as opened:
        calm, danger, none = (current_decision(opened, case, VAULT) for case in (1, 2, 3))
        assert calm is not None and danger is not None and none is not None
        assert [(alarm.flag, alarm.words) for alarm in danger.alarms] == [("self_harm", ("不想活",))]
        assert (calm.alarms, none.alarms) == ((), ())
        assert [alarm.flag for alarm in danger.view().red_flags] == ["self_harm"]
    with psycopg.connect(url) as connection:  # a seal that nobody can open
        connection.execute("ALTER TABLE case_version DISABLE TRIGGER append_only")
        connection.execute("UPDATE case_version SET private = 'spoiled' WHERE case_id = 1")
    with record(url) as opened:
        assert told(current_decision(opened, 1, VAULT)) == FIFTH


@pytest.mark.parametrize("flags", [{}, {"note_flags": []}])
def test_a_decision_of_before_the_flags_has_none(url: str, flags: dict[str, list[str]]) -> None:
    without_bodies(url)
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE decision DISABLE TRIGGER append_only")
        without = "UPDATE decision SET facts = facts - 'note_flags' || %s WHERE id = 6"
        connection.execute(without, [Jsonb(flags)])
    with record(url) as opened:
        found = current_decision(opened, 2, VAULT)
    assert found is not None
    assert (told(found), found.alarms) == (SIXTH, ())


def test_everything_said_of_a_decision_is_of_its_own_facts_and_day() -> None:
    plan, danger = decision("P", **PLAN), decision("D", note_flags=("self_harm",))
    for found, other in ((plan, danger), (danger, plan)):
        view = found.view()
        assert (view.case_ref, view.strategy, view.as_of) == (found.case_ref, found.outcome.strategy, found.as_of)
        for language in ("zh", "en"):
            explained = found.explained(language)
            assert getattr(found.pack.strategies[found.outcome.strategy].title, language) in explained
            assert explained != other.explained(language)
        trace = found.trace()
        assert all(isinstance(each, RuleTrace) for each in trace)
        assert {each.rule for each in trace} == {loaded.rule.id for loaded in found.pack.rules}
        assert trace != other.trace()


def test_a_pack_without_texts_for_one_has_no_negotiation_pack() -> None:
    assert decision().negotiation_pack() is None


def test_what_a_page_looks_at_again_is_the_same_object_until_anything_of_it_is_other(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known by all that it came from: never another record's, never past a hold, and never with anybody's words."""

    def looked_at(at: str, case: int) -> RecordedDecision:
        with record(at) as session:
            return decision_on_desk(session, session.get_one(WorklistItem, case), VAULT)

    monkeypatch.setattr(recorded_decision, "_kept", OrderedDict())  # other tests' decisions may be the same
    first = looked_at(url, 1)
    assert looked_at(url, 1) is first and first.view() is first.view()
    assert looked_at(url, 2) is not looked_at(url, 2), "words of notes are opened anew"
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE desk_case SET danger = 'explicit', danger_kinds = '{self_harm}' WHERE case_id = 1")
    held = looked_at(url, 1)
    assert held.hold == SafetyHold("explicit", ("self_harm",)) and first.hold is None
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE desk_case SET danger = NULL, danger_kinds = '{}' WHERE case_id = 1")
        ((ref,),) = connection.execute('SELECT case_ref FROM "case" WHERE id = 1').fetchall()
    said_otherwise(url, ref, days_overdue=6)  # as if it were another record
    assert looked_at(url, 1).facts["days_overdue"] == 6
    monkeypatch.setattr(recorded_decision, "MOST", 1)
    one, _ = looked_at(url, 1), looked_at(url, 3)
    again = looked_at(url, 1)
    assert again == one and again is not one, "so many are kept and no more"
    monkeypatch.setattr(recorded_decision, "SECONDS", 0)
    assert looked_at(url, 1) is not again and not recorded_decision._kept, "for so long and no longer"
