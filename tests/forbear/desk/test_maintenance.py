"""Upkeep: counts stay exact while they are folded, cases come back when their time has come, what expired goes."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlmodel import select

from forbear.accounts import accounts
from forbear.base.vault import Vault
from forbear.desk import maintenance
from forbear.ledger import ledger
from models.account import Account, SignIn, SignInAttempt
from models.database.session import session
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import AS_OF, NOW, decided, engine_of, many, working
from tests.support.desk.desk_clients import account

TICK = dt.timedelta(microseconds=1)
EXACT = "SELECT submitter, status, urgency, strategy, count(*) FROM desk_case GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
TALLIED = """
    SELECT submitter, status, urgency, strategy, sum(cases)::bigint FROM queue_tally
    GROUP BY 1, 2, 3, 4 HAVING sum(cases) <> 0 ORDER BY 1, 2, 3, 4
"""


def fold(url: str, today: dt.date = AS_OF) -> bool:
    with engine_of(url) as engine, session(engine) as opened:
        return maintenance.fold(opened, today)


def read(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return list(connection.execute(query.encode()))


def test_folding_leaves_one_row_for_each_count_and_the_sums_as_they_were(database_url: str, vault: Vault) -> None:
    for n in range(3):
        decided(database_url, many(5, prefix=f"{n}-"), vault)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET status = 'closed' WHERE case_id % 2 = 0")
        connection.execute("UPDATE desk_case SET status = 'open'")
    before = read(database_url, TALLIED)
    assert fold(database_url)
    assert read(database_url, TALLIED) == before == read(database_url, EXACT)
    assert read(database_url, "SELECT count(*) FROM queue_tally") == [(len(before),)]


def test_days_are_folded_and_old_ones_left_alone(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        for day in (AS_OF, AS_OF - dt.timedelta(days=2), AS_OF - dt.timedelta(days=3)):
            for _ in range(2):
                connection.execute(
                    "INSERT INTO daily_tally (day, submitter, measure, subject, detail, count) "
                    "VALUES (%s, 'us', 'fired', 'rule', '', 2)",
                    [day],
                )
    fold(database_url)
    assert read(database_url, "SELECT count FROM daily_tally ORDER BY day, id") == [(2,), (2,), (4,), (4,)]


def test_counts_are_exact_while_others_write_and_fold(database_url: str, vault: Vault) -> None:
    decided(database_url, many(40), vault)

    def write(part: int) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            for turn in range(25):
                status = "closed" if turn % 2 else "open"
                connection.execute("UPDATE desk_case SET status = %s WHERE case_id %% 4 = %s", [status, part])

    def keep_folding(_: int) -> None:
        for _turn in range(25):
            fold(database_url)

    def look(_: int) -> set[object]:
        with psycopg.connect(database_url, autocommit=True) as connection:
            return {connection.execute("SELECT sum(cases) FROM queue_tally").fetchone() for _turn in range(100)}

    with ThreadPoolExecutor(7) as threads:
        done = [threads.submit(write, part) for part in range(4)] + [threads.submit(keep_folding, n) for n in range(2)]
        seen = threads.submit(look, 0)
        for each in done:
            each.result()
    assert seen.result() == {(40,)}, "nobody ever sees a count between two states"
    fold(database_url)
    assert read(database_url, TALLIED) == read(database_url, EXACT)


def test_only_one_folds_at_a_time(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('forbear.fold'))")
        assert fold(database_url) is False
    assert fold(database_url)


def bring_back(url: str, now: dt.datetime) -> int:
    with working(url, now=now) as work:
        return maintenance.bring_back(work)


@pytest.mark.parametrize("status", ["waiting", "snoozed", "reviewed"])
def test_a_case_comes_back_when_its_follow_up_has_come(database_url: str, vault: Vault, status: str) -> None:
    who = account(database_url)
    with working(database_url) as work:
        ledger.start(work.session, work.vault, NOW)  # from here on the worklist is sealed
    decided(database_url, many(2), vault)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE desk_case SET status = %s, follow_up_at = %s, assignee_id = %s WHERE case_ref = 'C1'",
            [status, NOW, who],
        )
    assert faults(database_url) != []
    assert bring_back(database_url, NOW - TICK) == 0
    assert bring_back(database_url, NOW) == 1
    query = "SELECT status, due_at, respond_by, follow_up_at, assignee_id, changed, revision FROM desk_case"
    [first, second] = read(database_url, f"{query} ORDER BY case_id")
    assert first == ("open", NOW, NOW, None, who, False, 2)
    assert second[-1] == 1
    assert bring_back(database_url, NOW) == 0
    assert faults(database_url) == []


def test_a_closed_case_stays_closed(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET status = 'closed', follow_up_at = %s", [NOW])
    assert bring_back(database_url, NOW) == 0


def test_a_legal_deadline_before_the_follow_up_stays_what_is_due(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    deadline = NOW - dt.timedelta(days=2)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE desk_case SET status = 'snoozed', follow_up_at = %s, due_at = %s, respond_by = %s",
            [NOW, deadline, NOW - dt.timedelta(days=1)],
        )
    bring_back(database_url, NOW)
    assert read(database_url, "SELECT due_at, respond_by FROM desk_case") == [(deadline, NOW)]


def test_a_case_that_somebody_works_on_comes_back_the_next_time(database_url: str, vault: Vault) -> None:
    decided(database_url, many(2), vault)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET status = 'snoozed', follow_up_at = %s", [NOW])
    with psycopg.connect(database_url) as busy:
        busy.execute("SELECT 1 FROM desk_case WHERE case_ref = 'C1' FOR UPDATE")
        assert bring_back(database_url, NOW) == 1
    assert bring_back(database_url, NOW) == 1


def test_some_come_back_at_once_and_the_rest_afterwards(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(database_url, many(5), vault)
    monkeypatch.setattr(maintenance, "RETURNED_AT_ONCE", 2)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET status = 'snoozed', follow_up_at = %s", [NOW])
    assert [bring_back(database_url, NOW) for _ in range(4)] == [2, 2, 1, 0]
    told = read(database_url, "SELECT subject, detail FROM ledger WHERE kind = 'moved' ORDER BY seq")
    assert told == [(f"case:{case}", {"why": "returned"}) for case in range(1, 6)]


def test_what_expired_is_deleted_and_the_rest_kept(database_url: str) -> None:
    who, day = account(database_url), dt.timedelta(days=1)
    with engine_of(database_url) as engine, session(engine) as opened:
        for at in (NOW - accounts.SIGNED_IN_FOR, NOW - accounts.SIGNED_IN_FOR + TICK):
            accounts.start(opened, opened.get_one(Account, who), at)
        for at in (NOW - day, NOW - day + TICK):
            opened.add(SignInAttempt(name="li", place="127.0.0.1", at=at))
    with engine_of(database_url) as engine, session(engine) as opened:
        maintenance.tidy(opened, NOW)
    with engine_of(database_url) as engine, session(engine) as opened:
        left = [len(opened.exec(select(table)).all()) for table in (SignIn, SignInAttempt)]
    assert left == [1, 1]
