"""What is past its retention goes whole, nothing else does, and the ledger still proves the rest."""

import datetime as dt
import threading
from pathlib import Path

import psycopg
import pytest

from forbear.accounts.accounts import Viewer
from forbear.conversation import agreements, attachments, notes, tasks
from forbear.desk.review import Act, perform, take_case
from forbear.intake import Accepted, Rejected
from forbear.ledger.dangling import REFERENCES
from forbear.ledger.unit_of_work import begin
from forbear.ops import retention
from forbear.ops.embedded import Urls
from forbear.person import identity
from models.database.session import session
from models.database.tables import METADATA
from models.person import HouseholdBudget
from rules.loading.loader import DEFAULT_PACK, load
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import AS_OF, NOW, VAULT, accepted, decided, engine_of, submitted, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.processes import Site, until
from tests.support.old.old_decisions import without_bodies
from workers.app import app

DAYS = 1095
OVER = AS_OF + dt.timedelta(days=DAYS + 1)  # the first day on which what happened on AS_OF is past
PHONE = {"phone": "13812345678"}


@pytest.fixture
def who(database_url: str) -> Viewer:
    return Viewer(account(database_url), "wang", "counsellor", None)


def close(url: str, who: Viewer, *cases: int, at: dt.datetime = NOW, status: str = "closed") -> None:
    for case_id in cases:
        with working_as(who, url, now=at) as work:
            perform(
                work, take_case(work.session, who, case_id, None), Act("outcome", {"status": status}, words="已结清")
            )


def set_case(url: str, case_id: int, *, told: bool = True, **columns: object) -> None:
    """Change a case's columns, and tell the ledger, as whoever does it through Forbear."""
    with psycopg.connect(url) as connection:
        for name, value in columns.items():
            connection.execute(f'UPDATE "case" SET {name} = %s WHERE id = %s'.encode(), [value, case_id])  # noqa: S608
    if told:
        with working(url) as work:
            work.note("consent", f"case:{case_id}")


def purged(url: str, as_of: dt.date = OVER, days: int = DAYS) -> tuple[int, int]:
    """Everything that is due, step by step."""
    cases = batches = 0
    after: int | None = 0
    with engine_of(url) as engine:
        while after is not None:
            with begin(engine, VAULT, NOW) as work:
                done = retention.purge(work, as_of, days, after)
            cases, batches, after = cases + done.cases, batches + done.batches, done.after
    return cases, batches


def left(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [ref for (ref,) in connection.execute('SELECT case_ref FROM "case" ORDER BY id')]


def test_a_closed_case_goes_the_day_after_its_time_and_not_before(database_url: str, who: Viewer) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    close(database_url, who, 1)
    assert purged(database_url, OVER - dt.timedelta(days=1)) == (0, 0)
    assert left(database_url) == ["A"]
    assert purged(database_url, OVER) == (1, 1)
    assert left(database_url) == []
    assert faults(database_url) == []


@pytest.mark.parametrize("status", ["open", "escalated", "reviewed", "waiting", "snoozed"])
def test_a_case_that_is_not_closed_stays_and_is_counted(database_url: str, who: Viewer, status: str) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    close(database_url, who, 1, status=status)
    with engine_of(database_url) as engine, session(engine) as opened:
        assert retention.past(opened, OVER, DAYS) == retention.Past(due=0, still_open=1)
    assert purged(database_url) == (0, 0)


def test_the_last_activity_counts_whether_handed_in_or_done(database_url: str, who: Viewer) -> None:
    decided(database_url, [accepted(1, "DONE"), accepted(2, "SENT"), accepted(3, "OLD")], VAULT)
    close(database_url, who, 1, 2, 3)
    later = NOW + dt.timedelta(days=1)
    close(database_url, who, 1, at=later)
    submitted(database_url, [accepted(1, "SENT", days_overdue=101)], VAULT, now=later)
    assert purged(database_url) == (1, 0)
    assert left(database_url) == ["DONE", "SENT"]
    assert purged(database_url, OVER + dt.timedelta(days=1)) == (2, 1), "the second batch still runs"
    assert faults(database_url) == []


def test_a_date_of_its_own_goes_before_the_usual_time(database_url: str, who: Viewer) -> None:
    decided(database_url, [accepted(1, "SOON"), accepted(2, "LATE")], VAULT)
    close(database_url, who, 1, 2)
    set_case(database_url, 1, retain_until=AS_OF)
    set_case(database_url, 2, retain_until=OVER)
    assert purged(database_url, AS_OF) == (0, 0)
    assert purged(database_url, AS_OF + dt.timedelta(days=1)) == (1, 0)
    assert purged(database_url, OVER) == (0, 0)
    assert purged(database_url, OVER + dt.timedelta(days=1)) == (1, 1)


@pytest.mark.parametrize("spoken_of", [False, True])
def test_a_date_that_somebody_set_behind_our_back_deletes_nothing(
    database_url: str, who: Viewer, spoken_of: bool
) -> None:
    """In SQL: the case was never spoken of, or something else was agreed to."""
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    if spoken_of:
        set_case(database_url, 1, retain_until=AS_OF + dt.timedelta(days=900))
    set_case(database_url, 1, told=False, retain_until=AS_OF)
    close(database_url, who, 1)
    assert purged(database_url) == (0, 0)
    set_case(database_url, 1, retain_until=AS_OF)
    assert purged(database_url) == (1, 0)


@pytest.mark.parametrize("before", [False, True])
def test_an_open_case_with_a_legal_deadline_ahead_never_goes(database_url: str, who: Viewer, before: bool) -> None:
    """Even if somebody gave it a date; the last of its deadlines counts."""
    facts = {"legal_stage": "complaint_served", "served_on": AS_OF}
    decided(database_url, [accepted(1, "A", None, None, **facts)], VAULT, by=load(DEFAULT_PACK))
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT last_deadline FROM decision").fetchone()
    assert row is not None
    if before:
        without_bodies(database_url)
    deadline = dt.date.fromisoformat(str(row[0]))
    assert deadline > AS_OF
    set_case(database_url, 1, retain_until=AS_OF)
    assert purged(database_url, deadline) == (0, 0)
    close(database_url, who, 1)
    assert purged(database_url, deadline) == (1, 0)


def test_nothing_of_a_purged_case_is_left(database_url: str, who: Viewer) -> None:
    rows: list[Accepted | Rejected] = [
        accepted(1, "GONE", PHONE, extra={"备用": "秘密"}),
        accepted(2, "STAYS", PHONE),
        Rejected(3, "phone", "错", "wrong", ("案号", "13812345678", "x")),
    ]
    decided(database_url, rows, VAULT)
    decided(database_url, [accepted(1, "GONE", PHONE, days_overdue=7)], VAULT)
    other = account(database_url, "li")
    with working_as(who, database_url) as work:
        notes.add(work, 1, "1", "@li 她下午在家")
        tasks.add(work, 1, "2", "催书面答复", other, AS_OF)
        attachments.add(work, 1, "3", "失业登记.png", b"\x89PNG\r\n\x1a\n", "", "")
        agreed = agreements.AgreedTerms(120000, 3, AS_OF, AS_OF, in_writing=True, words="减免违约金")
        agreements.make(work, take_case(work.session, who, 1, None), agreed)
        identity.merge(work, 1, 2)
        work.session.add(HouseholdBudget(id=1, lines={"wages": 1}, account_id=who.account_id, at=NOW))
        work.session.flush()
        work.note("budget", "household_budget:1")
    close(database_url, who, 1)
    traces = _sealed(database_url, 1)
    assert len(traces) == 9, "two versions, the words of three reviews, a task, terms, a file and its name"
    assert all(trace in _dump(database_url) for trace in traces)
    assert purged(database_url) == (1, 1), "the batch that held nothing else goes too"
    dump = _dump(database_url)
    assert not any(trace in dump for trace in traces)
    assert "GONE" not in dump
    assert left(database_url) == ["STAYS"]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT id FROM person UNION ALL SELECT id FROM household_budget").fetchall() == [
            (2,)
        ]
    assert faults(database_url) == []


def test_a_batch_goes_with_its_last_case_and_takes_its_rejected_rows(database_url: str, who: Viewer) -> None:
    rows: list[Accepted | Rejected] = [
        accepted(1, "A"),
        accepted(2, "B"),
        Rejected(3, "phone", "错", "wrong", ("x", "y", "z")),
    ]
    decided(database_url, rows, VAULT)
    close(database_url, who, 1)
    assert purged(database_url) == (1, 0)
    close(database_url, who, 2)
    assert purged(database_url) == (1, 1)
    with psycopg.connect(database_url) as connection:
        for table in ("batch", "rejection", "chunk", "batch_case"):
            assert connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)  # noqa: S608
    assert faults(database_url) == []


def test_the_ledger_says_what_was_purged_by_numbers_only(database_url: str, who: Viewer) -> None:
    decided(database_url, [accepted(1, "A", PHONE)], VAULT)
    close(database_url, who, 1)
    purged(database_url)
    with psycopg.connect(database_url) as connection:
        entries = connection.execute("SELECT subject, detail FROM ledger WHERE kind = 'purge' ORDER BY seq").fetchall()
    assert entries[0] == ("case:1", {"gone": {"decision": [1], "review": [1]}})
    assert str(entries[1][0]).startswith("batch:")


def test_what_was_purged_and_put_back_is_found(database_url: str, who: Viewer) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    close(database_url, who, 1)
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT * FROM decision")
    purged(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("INSERT INTO decision OVERRIDING SYSTEM VALUE SELECT * FROM kept")
    assert "decision:1: there again, though it was purged" in faults(database_url)


def test_a_case_that_somebody_works_on_waits_for_the_next_time(database_url: str, who: Viewer) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    close(database_url, who, 1, 2)
    with engine_of(database_url) as engine, session(engine) as opened:
        take_case(opened, who, 1, None)
        assert purged(database_url) == (1, 0)
        assert left(database_url) == ["A"]
    assert purged(database_url) == (1, 1)


def test_many_cases_go_in_bounded_steps(database_url: str, who: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CASES", 3)
    decided(database_url, [accepted(n, f"C{n}") for n in range(1, 8)], VAULT)
    close(database_url, who, *range(1, 8))
    with working(database_url) as work:
        assert retention.purge(work, OVER, DAYS) == retention.Purged(3, 0, 3)
    assert purged(database_url) == (4, 1)
    assert faults(database_url) == []


def test_purging_beside_new_submissions_neither_deadlocks_nor_loses_a_case(database_url: str, who: Viewer) -> None:
    decided(database_url, [accepted(n, f"C{n}") for n in range(1, 31)], VAULT)
    close(database_url, who, *range(1, 31))
    failures: list[BaseException] = []

    def resubmit(start: int) -> None:
        try:
            for n in range(start, 31, 2):
                later = NOW + dt.timedelta(days=DAYS)
                decided(database_url, [accepted(1, f"C{n}", days_overdue=200 + n)], VAULT, now=later)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=resubmit, args=(start,)) for start in (1, 2)]
    threads.append(threading.Thread(target=purged, args=(database_url,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert sorted(left(database_url)) == sorted(f"C{n}" for n in range(1, 31))
    assert faults(database_url) == []


def test_the_nightly_message_purges_step_by_step(
    database_url: str, redis_url: str, who: Viewer, tmp_path: Path
) -> None:
    decided(database_url, [accepted(n, f"C{n}") for n in range(1, 4)], VAULT)
    close(database_url, who, 1, 2, 3)
    for case_id in (1, 3):
        set_case(database_url, case_id, retain_until=AS_OF - dt.timedelta(days=1))
    site = Site(Urls(database_url, redis_url), tmp_path)
    with site.worker(("upkeep",), processes=1), app.connection_for_write(redis_url) as connection:
        app.send_task("upkeep.purge", queue="upkeep", connection=connection)
        until(lambda: left(database_url) == ["C2"], "two cases purged; " + site.logs()[-2000:])
    assert faults(database_url) == []


def test_every_table_that_refers_to_what_is_purged_is_purged_too_and_looked_up_by_an_index(database_url: str) -> None:
    """A table added later with such a column fails here, before a purge does."""
    gone = {"case", "case_version", "decision", "review", "desk_case", "batch", "batch_case", "chunk", "rejection"}
    gone |= {"mention", "task", "agreement", "instalment", "attachment", "person", "household_budget"}
    gone |= {"notification", "notification_message", "presence"}  # by the database, with their case
    gone |= {"portfolio_chunk"}  # with its block before the decisions go, else with its chunk
    handled = gone | {"idempotency_key"}
    with psycopg.connect(database_url) as connection:
        indexed = set(
            connection.execute(
                "SELECT i.indrelid::regclass::text, a.attname FROM pg_index i "
                "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            )
        )
    keys = [key for table in METADATA.tables.values() for key in table.foreign_keys]
    named = [(key.parent.table.name, key.parent.name, key.column.table.name) for key in keys]
    named += [(each.table, each.column, each.other) for each in REFERENCES]
    for table, column, other in named:
        if other in gone:
            assert table in handled
            assert (f'"{table}"' if table == "case" else table, column) in indexed, f"{table}.{column}"


def _sealed(url: str, case_id: int) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT encode(private, 'hex') FROM case_version WHERE case_id = %(case)s "
            "UNION ALL SELECT encode(words, 'hex') FROM review WHERE case_id = %(case)s AND words IS NOT NULL "
            "UNION ALL SELECT encode(words, 'hex') FROM task WHERE case_id = %(case)s "
            "UNION ALL SELECT encode(terms, 'hex') FROM agreement WHERE case_id = %(case)s "
            "UNION ALL SELECT encode(unnest(ARRAY[name, content]), 'hex') FROM attachment WHERE case_id = %(case)s",
            {"case": case_id},
        ).fetchall()
    return [str(sealed) for (sealed,) in rows]


def _dump(url: str) -> str:
    lines = []
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT'.encode()) as copy:
                lines += [bytes(block).decode() for block in copy]
    return "\n".join(lines)
