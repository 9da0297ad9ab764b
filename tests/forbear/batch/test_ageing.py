"""Nightly ageing: exactly the cases whose day has come are decided once more, once, and what changed is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from forbear.accounts.accounts import Viewer
from forbear.base.packs import shipped
from forbear.base.vault import Vault
from forbear.batch import ageing, chunks
from forbear.batch.chunks import Wake
from forbear.batch.triage import evaluator
from forbear.webhooks import webhooks
from rules.decision.ageing import aged
from rules.decision.outcome import read_outcome
from rules.facts.case_facts import read_facts
from tests.forbear.ledger.test_audit import faults
from tests.rules.decision.outlook.test_validity import told
from tests.support.desk.cases import AS_OF, NOW, accepted, decided, facts_told, submitted, triaged, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.old.old_decisions import recorded
from tests.support.packs.random_cases import cases
from tests.support.packs.tiny_pack import tiny

HEARING = AS_OF + dt.timedelta(days=12)
DAY = dt.timedelta(days=1)
QUIET: dict[str, Any] = {"legal_stage": "none", "days_overdue": 100}
SUED: dict[str, Any] = {"legal_stage": "hearing", "days_overdue": 100, "hearing_date": HEARING}


def take_in(url: str, vault: Vault, **rows: dict[str, Any]) -> None:
    decided(url, [accepted(row, ref, **facts) for row, (ref, facts) in enumerate(rows.items(), 1)], vault, by=shipped())


def claimed(url: str, day: dt.date, size: int = 500) -> list[Wake] | None:
    """What the nightly run claims on a day, soon after it has begun in China."""
    with working(url, now=dt.datetime.combine(day - DAY, dt.time(16, 10), dt.UTC)) as work:
        return ageing.claim(work, shipped, size)


def night(url: str, vault: Vault, day: dt.date) -> int:
    """The nightly run with all its work; answers how many cases were decided."""
    count = 0
    while (wakes := claimed(url, day)) is not None:
        count += sum(triaged(url, vault, [wake.chunk_id for wake in wakes]))  # type: ignore[arg-type] # nobody else works
    return count


def rows(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()


def desk(url: str, case_ref: str, *columns: str) -> tuple[Any, ...]:
    query = f"SELECT {', '.join(columns)} FROM desk_case WHERE case_ref = %s"  # noqa: S608 - text of ours
    (found,) = rows(url, query, case_ref)
    return found


def test_a_case_is_decided_again_on_its_day_and_not_before(database_url: str, vault: Vault) -> None:
    take_in(database_url, vault, A=SUED, B=QUIET)
    (day,), (other,) = desk(database_url, "A", "valid_until"), desk(database_url, "B", "valid_until")
    assert AS_OF < day < other
    assert night(database_url, vault, day - DAY) == 0
    assert night(database_url, vault, day) == 1
    assert night(database_url, vault, day) == 0  # a second run on the day finds nothing
    assert desk(database_url, "A", "as_of") == (day,)
    assert desk(database_url, "B", "as_of") == (AS_OF,)
    assert desk(database_url, "A", "valid_until") > (day,)
    found = rows(database_url, "SELECT as_of, valid_until FROM decision ORDER BY id")
    overdue = [each.facts["days_overdue"] for each in recorded(database_url)]
    assert list(zip(overdue, (as_of for as_of, _ in found), strict=True)) == [
        (100, AS_OF),
        (100, AS_OF),
        (100 + (day - AS_OF).days, day),
    ]
    assert all(until > as_of for as_of, until in found)
    tally = "SELECT sum(count) FROM daily_tally WHERE measure = 'decided'"
    assert rows(database_url, tally) == [(2,)]  # nobody handed in a third
    of_night = "FROM batch_case c JOIN batch b ON b.id = c.batch_id WHERE b.ageing"
    assert rows(database_url, f"SELECT c.row, c.case_version_id, c.outcome {of_night}") == [(1, 1, "unchanged")]
    counted = "SELECT rows_read, accepted, rejected, unchanged, as_of, created_at, status FROM batch WHERE ageing"
    begun = dt.datetime.combine(day - DAY, dt.time(16, 10), dt.UTC)
    assert rows(database_url, counted) == [(1, 0, 0, 1, day, begun, "complete")]
    assert faults(database_url) == []


def test_a_case_is_decided_again_on_the_day_that_another_debt_of_its_borrower_is_overdue(
    database_url: str, vault: Vault
) -> None:
    """By its own facts alone it would stay as it is for longer."""
    due = AS_OF + 3 * DAY
    alone: dict[str, Any] = {**QUIET, "borrower_ref": "B1", "lender": "甲"}
    take_in(database_url, vault, A=alone)
    (by_itself,) = desk(database_url, "A", "valid_until")
    other = {"borrower_ref": "B1", "lender": "乙", "days_overdue": None, "due_date": due}
    take_in(database_url, vault, A={**alone, "days_overdue": 101}, B=other)
    assert due + DAY < by_itself
    assert desk(database_url, "A", "valid_until") == (due + DAY,)


def test_a_pack_is_published_with_the_first_cases_that_it_decides(database_url: str, vault: Vault) -> None:
    published = "SELECT subject FROM ledger WHERE kind = 'publication' ORDER BY seq"
    take_in(database_url, vault, A=SUED)
    (day,) = desk(database_url, "A", "valid_until")
    submitted(database_url, [accepted(1, "A", **{**SUED, "days_overdue": 7})], vault, by=shipped())
    at = dt.datetime.combine(day, dt.time(1), dt.UTC)
    with working(database_url, now=at) as work:
        assert ageing.claim(work, tiny, 9) == []  # newer facts wait: nothing is decided by it
    assert rows(database_url, published) == [(f"pack:{shipped().sha256}",)]
    take_in(database_url, vault, B=SUED)
    with working(database_url, now=at) as work:
        assert len(ageing.claim(work, tiny, 9) or ()) == 1
    assert rows(database_url, published)[1:] == [(f"pack:{tiny().sha256}",)]


@pytest.mark.parametrize(
    ("stored", "day"),
    [({"start_known": True}, "2026-12-01"), ({"start_known": False}, ""), ({"assumed": True}, ""), ({}, "2026-12-01")],
)
def test_a_deadline_is_another_on_another_day_unless_its_start_is_not_known(stored: dict[str, bool], day: str) -> None:
    assert ageing._deadline({"id": "answer", "date": "2026-12-01", **stored}) == ("answer", day)


def test_whatever_kills_the_run_nothing_is_lost_or_done_twice(database_url: str, vault: Vault) -> None:
    take_in(database_url, vault, A=SUED, B=SUED)
    (day,) = desk(database_url, "A", "valid_until")
    with pytest.raises(KeyboardInterrupt), working(database_url, now=NOW + (day - AS_OF)) as work:
        assert ageing.claim(work, shipped, 1)
        raise KeyboardInterrupt
    assert rows(database_url, "SELECT count(*) FROM batch") == [(1,)]
    wakes = claimed(database_url, day, size=1)  # and the worker dies with them
    assert wakes is not None and len(wakes) == 2
    assert rows(database_url, "SELECT case_version_ids FROM chunk ORDER BY id")[-2:] == [([1],), ([2],)]
    (first,), (second,) = rows(database_url, "SELECT turn FROM chunk ORDER BY id")[-2:]
    assert second == first + 1, "one after the other, by the number of cases before it"
    assert claimed(database_url, day) is None
    with working(database_url, now=NOW + (day - AS_OF) + DAY) as work:
        swept = chunks.sweep(work.session, work.now, dt.timedelta(minutes=1))
    assert {each.chunk_id for each in swept} == {each.chunk_id for each in wakes}
    triaged(database_url, vault, [each.chunk_id for each in swept])
    query = """
        SELECT c.case_ref, count(*) FROM decision d
        JOIN case_version v ON v.id = d.case_version_id JOIN "case" c ON c.id = v.case_id
        WHERE d.as_of = %s GROUP BY 1 ORDER BY 1
    """
    assert rows(database_url, query, day) == [("A", 1), ("B", 1)]


def test_what_is_closed_or_waits_for_newer_facts_is_left_alone(database_url: str, vault: Vault) -> None:
    take_in(database_url, vault, A=SUED, B=SUED, C=SUED)
    (day,) = desk(database_url, "A", "valid_until")
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET status = 'closed' WHERE case_ref = 'B'")
    submitted(database_url, [accepted(1, "C", **{**SUED, "days_overdue": 7})], vault, by=shipped())
    assert night(database_url, vault, day) == 1
    assert [desk(database_url, ref, "as_of") for ref in "ABC"] == [(day,), (AS_OF,), (AS_OF,)]


def test_a_look_for_what_is_due_reads_nothing_else(database_url: str, vault: Vault) -> None:
    """However many cases are open: the index holds them by their day, and the claim's condition is the index's."""
    take_in(database_url, vault, A=QUIET)
    with working(database_url) as work:
        connection = work.session.connection()
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(text(f"EXPLAIN {ageing.CLAIM}"), {"today": AS_OF, "at_once": 1}).scalars().all()
    reads = [line.strip(" ->") for line in plan if "Scan" in line and "desk_case" in line]
    assert any(line.startswith("Index Scan using ix_desk_case_valid_until") for line in reads), plan
    assert "Index Cond: (valid_until <= " in "\n".join(plan)


def test_what_was_decided_before_days_were_kept_is_due_at_once(database_url: str, vault: Vault) -> None:
    take_in(database_url, vault, A=QUIET)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET valid_until = '2000-01-01'")
    assert night(database_url, vault, AS_OF + DAY) == 1


def test_a_change_is_flagged_until_somebody_acts_and_its_submitter_told(database_url: str, vault: Vault) -> None:
    who = Viewer(account(database_url, role="submitter", submitter="us"), "wang", "submitter", "us")
    with working_as(who, database_url) as work:
        webhooks.add(work, "us", "https://example.com/hook", ("case.aged", "batch.complete"), private=True)
    take_in(database_url, vault, A=SUED, B={**QUIET, "days_overdue": 85})
    day, urgency = desk(database_url, "A", "valid_until", "urgency")
    while desk(database_url, "A", "urgency") == (urgency,):
        night(database_url, vault, day)
        assert day <= HEARING
        flagged, (decision,), at = desk(database_url, "A", "aged")[0], desk(database_url, "A", "decision_id"), day
        day += DAY
    assert "urgency" in flagged
    events = rows(database_url, "SELECT event, payload -> 'data' FROM delivery ORDER BY id")
    assert [event for event, _ in events if event == "batch.complete"] == ["batch.complete"]  # the one handed in
    made = rows(
        database_url,
        "SELECT c.case_ref, d.as_of::text, d.strategy, d.urgency FROM decision d "
        'JOIN case_version v ON v.id = d.case_version_id JOIN "case" c ON c.id = v.case_id ORDER BY d.id',
    )
    for data in [data for event, data in events if event == "case.aged"]:
        of_case = [each for each in made if each[0] == data["case_ref"]]
        place = next(n for n, each in enumerate(of_case) if each[1] == data["as_of"])
        for part, name in ((2, "strategy"), (3, "urgency")):
            assert (name in data["changed"]) == (of_case[place][part] != of_case[place - 1][part])
        assert data["changed"]
    last = [data for event, data in events if event == "case.aged" and data["case_ref"] == "A"][-1]
    assert last == {
        "submitter": "us",
        "case_ref": "A",
        "decision_id": decision,
        "as_of": f"{at}",
        "changed": last["changed"],
    }
    assert {*last["changed"]} <= {*flagged}


def test_after_each_night_every_case_stands_as_if_all_were_decided_anew(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole day's triage of every case, and what the nightly runs left, day after day."""
    monkeypatch.setattr(ageing, "AT_ONCE", 10)
    pack = shipped()
    left_out = ("note_flags", "case_ref")  # the application says these
    given = [{name: value for name, value in each.items() if name not in left_out} for each in cases(5, 24)]
    take_in(database_url, vault, **{f"R{row:02}": each for row, each in enumerate(given)})
    query = """
        SELECT v.facts, d.id FROM desk_case k JOIN decision d ON d.id = k.decision_id
        JOIN case_version v ON v.id = d.case_version_id ORDER BY k.case_ref
    """
    decided_again = 0
    for days in (1, 3, 9, 31):
        day = AS_OF + days * DAY
        decided_again += night(database_url, vault, day)
        found = rows(database_url, query)
        handed_in = [read_facts(pack.vocabulary, facts_told(facts, database_url)) for facts, _ in found]
        anew = [aged(pack.vocabulary, each, AS_OF, day) for each in handed_in]
        for each in anew:
            each["note_flags"] = ()
        whole = [told(each.outcome) for each in evaluator(pack, day).evaluate(anew)]
        made = [recorded(database_url, decision) for _, decision in found]
        assert [told(read_outcome(each.outcome)) for (each,) in made] == whole
    assert 0 < decided_again < 4 * len(given)
