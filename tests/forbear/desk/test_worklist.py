"""A decided case's item follows its decisions, and its alone; what people did with it stays unless it must not."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import psycopg
import pytest

from forbear.batch.triage import triage_chunk
from forbear.desk import worklist
from forbear.desk.worklist import DangerFound, DecisionChanged, QueueFields
from forbear.intake import Accepted
from rules.decision.evaluate import Evaluation, Evaluator
from rules.pack.pack import Pack
from tests.support.desk.case_on_desk import PLAN
from tests.support.desk.cases import AS_OF, CHANGES, NOW, VAULT, accepted, submitted, working
from tests.support.desk.desk_clients import account
from tests.support.packs.tiny_pack import FILES, tiny

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
LATER = NOW + 30 * HOUR  # the day after
DANGER = {"notes": "我不想活了"}
HOURS = "response_hours: {U0: 1, U1: 8, U2: 24, U3: 72, U4: 120, U5: 240}\n"


@cache
def pack() -> Pack:
    """The tiny pack with a time to answer in for each urgency."""
    return tiny({**CHANGES, "pack.yaml": FILES["pack.yaml"] + HOURS})


def decide(
    url: str,
    *rows: Accepted,
    now: dt.datetime = LATER,
    as_of: dt.date = AS_OF,
    submitter: str = "us",
    by: Pack | None = None,
) -> None:
    """Hand in rows as one batch and decide them, at this moment."""
    done = submitted(url, rows, VAULT, by=by or pack(), as_of=as_of, submitter=submitter, now=now)
    for wake in done.wakes:
        with working(url, VAULT, now) as work:
            triage_chunk(work, wake.chunk_id, lambda: now)


def read(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def items(url: str, columns: str) -> list[tuple[Any, ...]]:
    """These columns of every item, in the order of the cases."""
    return read(url, f"SELECT {columns} FROM desk_case ORDER BY case_id")  # noqa: S608 - names of ours


def put(url: str, values: str, case_id: int = 1) -> None:
    """What people did with a case."""
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE desk_case SET {values} WHERE case_id = {case_id}".encode())  # noqa: S608 - ours


@pytest.fixture
def url(database_url: str) -> str:
    """Two open cases: both are recommended the same."""
    decide(database_url, accepted(1, "A"), accepted(2, "B"), now=NOW)
    return database_url


def test_a_case_new_to_the_desk_is_open_and_says_what_was_decided_of_it(database_url: str) -> None:
    decide(database_url, accepted(1, "A", DANGER), accepted(2, "B", days_overdue=95), submitter="them")
    decided = "submitter, case_ref, decision_id, version_number, as_of, strategy, urgency, certain, days_overdue"
    assert items(database_url, decided) == [
        ("them", "A", 1, 1, AS_OF, "crisis_support", "U0", True, 100),
        ("them", "B", 2, 1, AS_OF, "counsellor_review", "U4", False, 95),
    ]
    new = ("open", False, 1, None, None, None)
    assert items(database_url, "status, changed, revision, assignee_id, chosen_strategy, follow_up_at") == [new, new]


@pytest.mark.parametrize(
    ("days", "due"),
    [
        (None, NOW + 72 * HOUR),
        (3, dt.datetime(2026, 11, 25, 16, tzinfo=dt.UTC)),  # the day begins in China; three days from now are later
        (4, NOW + 72 * HOUR),
    ],
)
def test_it_is_due_within_the_time_of_its_urgency_or_before_the_day_of_its_deadline(
    database_url: str, days: int | None, due: dt.datetime
) -> None:
    """An answer to the court is due fifteen days after it was served."""
    served: dict[str, Any] = {} if days is None else {"served_on": AS_OF - (15 - days) * DAY}
    decide(database_url, accepted(1, "A", DANGER), accepted(2, "B", **PLAN, **served), now=NOW)
    (crisis, plan) = items(database_url, "urgency, respond_by, due_at, deadline")
    assert crisis == ("U0", NOW + HOUR, NOW + HOUR, None)
    if days is None:  # the clock runs, and nobody knows since when: it is taken to be due at once
        assert plan[:2] == ("U3", NOW + 72 * HOUR)
    else:
        assert plan == ("U3", NOW + 72 * HOUR, due, AS_OF + days * DAY)


def test_without_such_times_it_is_due_never(database_url: str) -> None:
    decide(database_url, accepted(1, "A"), accepted(2, "B"), by=tiny(CHANGES))
    assert items(database_url, "respond_by = '9999-12-31 00:00+00', due_at = respond_by") == [(True, True)] * 2


def test_a_newer_decision_replaces_the_item_of_its_case_and_of_no_other(url: str) -> None:
    before = items(url, "*")[1]
    decide(url, accepted(1, "A", DANGER, days_overdue=7, product="mortgage"), as_of=AS_OF + DAY)
    assert items(url, "decision_id, version_number, as_of, strategy, urgency, product, days_overdue, revision")[0] == (
        *(3, 2, AS_OF + DAY, "crisis_support"),
        *("U0", "mortgage", 7, 2),
    )
    assert items(url, "*")[1] == before
    [(batch,)] = read(url, "SELECT id FROM batch ORDER BY created_at DESC LIMIT 1")
    assert items(url, "batch_id, received_at")[0] == (batch, LATER)


@pytest.mark.parametrize(("day", "current"), [(-1, 1), (1, 3)])
def test_of_the_same_facts_the_decision_of_the_latest_day_is_the_current_one(url: str, day: int, current: int) -> None:
    decide(url, accepted(1, "A"), as_of=AS_OF + day * DAY)
    assert items(url, "decision_id, as_of") == [(current, max(AS_OF, AS_OF + day * DAY)), (2, AS_OF)]
    assert items(url, "revision") == [(2 if current == 3 else 1,), (1,)]


def test_an_answer_is_due_when_it_was_unless_the_urgency_is_another(url: str) -> None:
    decide(url, accepted(1, "A", days_overdue=101), accepted(2, "B", DANGER))
    first, second = items(url, "urgency, respond_by, due_at")
    assert first == ("U4", NOW + 120 * HOUR, NOW + 120 * HOUR)
    assert second == ("U0", LATER + HOUR, LATER + HOUR)


@pytest.mark.parametrize("other", [False, True], ids=["the same is recommended", "something else is recommended"])
@pytest.mark.parametrize("status", ["open", "reviewed", "waiting", "snoozed", "closed", "escalated"])
def test_a_case_comes_back_only_where_something_else_is_recommended(url: str, status: str, other: bool) -> None:
    """One that is with a supervisor stays there. That it changed is said of all that somebody dealt with."""
    for case_id in (1, 2):
        put(url, f"status = '{status}', follow_up_at = '2026-12-01', chosen_strategy = 'card_plan'", case_id)
    decide(url, accepted(1, "A", DANGER if other else None, days_overdue=101))
    follow_up = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    expected = status if status == "escalated" or not other else "open"
    first, second = items(url, "status, follow_up_at, changed, chosen_strategy, revision")
    assert first == (expected, None if other else follow_up, other and status != "open", "card_plan", 2)
    assert second == (status, follow_up, False, "card_plan", 1)


def test_what_changed_stays_so_until_somebody_looks(url: str) -> None:
    put(url, "changed = true, status = 'reviewed'")
    decide(url, accepted(1, "A", days_overdue=101), accepted(2, "B", days_overdue=101))
    assert items(url, "changed") == [(True,), (False,)]


def test_who_has_a_case_is_told_of_the_answer_that_it_waited_for_and_of_what_time_changed(url: str) -> None:
    who = account(url)
    told = "SELECT kind, case_id, account_id, topic FROM notification ORDER BY id"
    put(url, f"assignee_id = {who}")
    decide(url, accepted(1, "A"), as_of=AS_OF + DAY)  # the same is recommended on another day
    decide(url, accepted(1, "A", DANGER), accepted(2, "B", DANGER))  # it waited for nothing; nobody has the other
    assert read(url, told) == []
    put(url, "status = 'waiting'")
    decide(url, accepted(1, "A", days_overdue=7))
    assert read(url, told) == [("answered", 1, who, "decision:6")]
    put(url, "strategy = 'mediation'")
    decide(url, accepted(1, "A", days_overdue=7), as_of=AS_OF + DAY)
    assert read(url, told)[1:] == [("aged", 1, who, "decision:7")]


def test_a_danger_that_was_answered_under_the_key_of_before_is_answered(url: str) -> None:
    was = "decision_id = NULL, status = 'reviewed', danger = 'explicit', danger_kinds = '{suicide}', danger_mac = 'old'"
    for before, status in ((b"old", "reviewed"), (b"another", "open")):
        put(url, was)
        with working(url) as work:
            found = DangerFound("explicit", ("suicide",), (), (b"new", before))
            worklist.place(work, pack(), {1: SHOWN}, AS_OF, {1: found})
        assert items(url, "status, danger_mac")[0] == (status, b"new")


SHOWN = QueueFields(None, "credit_card", 100, "B4")


def test_the_desk_is_brought_up_to_the_decisions_on_these_versions_alone(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM desk_case")
    with working(url) as work:
        (placed,) = worklist.place(work, pack(), {2: SHOWN}, AS_OF, {})
        assert placed == DecisionChanged(2, "B", "us", 2, None, None, "counsellor_review", None, "U4")
        assert worklist.place(work, pack(), {2: SHOWN}, AS_OF, {}) == []
        assert worklist.place(work, pack(), {1: SHOWN}, AS_OF + DAY, {}) == []
        assert worklist.place(work, tiny(CHANGES), {1: SHOWN}, AS_OF, {}) == []
    assert items(url, "case_ref") == [("B",)]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ((None, None), ("mediation", "U3"), False),  # new to the desk
        (("mediation", "U3"), ("mediation", "U3"), False),
        (("mediation", "U3"), ("mediation", "U2"), True),
        (("mediation", "U3"), ("deferral", "U3"), True),
    ],
)
def test_another_strategy_or_urgency_is_a_change(
    before: tuple[str | None, str | None], after: tuple[str, str], changed: bool
) -> None:
    (old_strategy, old_urgency), (strategy, urgency) = before, after
    found = DecisionChanged(7, "A", "us", 9, 8, old_strategy, strategy, old_urgency, urgency)
    assert found.changed is changed
    assert found.reference == {"submitter": "us", "case_ref": "A", "decision_id": 9}


def evaluated() -> list[Evaluation]:
    """Two that are recommended the same, one of which the engines do not agree on, and one in danger."""
    alike, other, danger = Evaluator(pack(), AS_OF).evaluate(
        [{"case_ref": ref, "product": "credit_card", "note_flags": flags} for ref, flags in CASES]
    )
    return [alike, replace(other, outcome=replace(other.outcome, engines_agree=False)), danger]


def test_the_queue_shows_of_a_decision_what_its_facts_say() -> None:
    plain = evaluated()[0]
    facts: dict[str, Any] = {"product": "credit_card", "days_overdue": 7, "overdue_bucket": "B1"}
    assert QueueFields.of(pack(), replace(plain, facts=facts)) == QueueFields(None, "credit_card", 7, "B1")
    assert QueueFields.of(pack(), replace(plain, facts={})) == QueueFields(None, None, None, None)


CASES: Iterable[tuple[str, tuple[str, ...]]] = (("A", ()), ("B", ()), ("C", ("self_harm",)))


@pytest.mark.parametrize(("hour", "day"), [(15, AS_OF), (16, AS_OF + DAY)])
def test_decisions_are_counted_on_the_day_where_the_pack_is_at_home(database_url: str, hour: int, day: dt.date) -> None:
    found = evaluated()
    assert found[0].outcome.rules_fired == found[1].outcome.rules_fired
    (default,), (crisis,) = found[0].outcome.rules_fired, found[2].outcome.rules_fired
    with working(database_url, VAULT, dt.datetime.combine(AS_OF, dt.time(hour), dt.UTC)) as work:
        worklist.count(work, pack(), "us", found)
        worklist.count(work, pack(), "them", found[2:])
    tally = read(database_url, "SELECT day, submitter, measure, subject, detail, count FROM daily_tally")
    assert sorted(row[1:] for row in tally) == sorted(
        [
            ("us", "decided", "counsellor_review", "U4", 2),
            ("us", "decided", "crisis_support", "U0", 1),
            ("us", "fired", default, "", 2),
            ("us", "fired", crisis, "", 1),
            ("us", "disagreed", "counsellor_review", "", 1),
            ("them", "decided", "crisis_support", "U0", 1),
            ("them", "fired", crisis, "", 1),
        ]
    )
    assert {row[0] for row in tally} == {day}
