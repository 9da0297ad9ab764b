"""Taking cases: everybody gets another one, none is passed over, and only who may hands them on."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event

from forbear.accounts.accounts import Role, Viewer, work_by
from forbear.base.packs import shipped
from forbear.base.vault import Vault
from forbear.desk import assignment, review
from forbear.desk.filters import QueueFilter
from forbear.intake import Accepted
from forbear.ledger.unit_of_work import begin
from models.account import Account
from models.database.session import session
from models.desk import STATUSES, WorklistItem
from tests.support.desk.cases import NOW, accepted, decided, engine_of, many, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.threads import at_once, wait_for_lock

ALL = QueueFilter()


def viewer(url: str, name: str = "wang", role: Role = "counsellor", submitter: str | None = None) -> Viewer:
    return Viewer(account(url, name, role, submitter or ("us" if role == "submitter" else None)), name, role, submitter)


def next_one(url: str, vault: Vault, who: Viewer, chosen: QueueFilter = ALL) -> str | None:
    with working_as(who, url, vault) as work:
        case = assignment.take_next(work, chosen)
        return None if case is None else case.case_ref


def assign(url: str, vault: Vault, who: Viewer, wanted: list[tuple[int, int]], whom: int | None) -> assignment.Assigned:
    with working_as(who, url, vault) as work:
        return assignment.assign(work, wanted, whom)


def holders(url: str) -> dict[str, int | None]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT case_ref, assignee_id FROM desk_case ORDER BY case_id").fetchall())


def set_all(url: str, assignment: str, where: str = "true") -> None:
    statement = f"UPDATE desk_case SET {assignment} WHERE {where}"  # noqa: S608 - ours
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())


def urgent(row: int, case_ref: str) -> Accepted:
    return accepted(row, case_ref, private={"notes": "不想活"})


def test_the_next_case_is_the_most_urgent_free_one(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), urgent(2, "B"), accepted(3, "C")], vault)
    who = viewer(database_url)
    assert [next_one(database_url, vault, who) for _ in range(4)] == ["B", "A", "C", None]
    assert set(holders(database_url).values()) == {who.account_id}


def test_taking_is_a_review_in_the_ledger(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    who = viewer(database_url)
    next_one(database_url, vault, who)
    with psycopg.connect(database_url) as connection:
        kept = connection.execute("SELECT action, account_id, detail FROM review").fetchall()
        assert kept == [("assign", who.account_id, {"assignee": who.account_id})]
        assert connection.execute("SELECT kind, actor FROM ledger ORDER BY seq DESC LIMIT 1").fetchall() == [
            ("review", who.actor)
        ]
        assert connection.execute("SELECT revision FROM desk_case").fetchall() == [(2,)]


def test_many_at_once_never_take_the_same_case_and_leave_none(database_url: str, vault: Vault) -> None:
    decided(database_url, many(100), vault)
    people = [viewer(database_url, f"p{n}") for n in range(4)]

    def take_all(who: Viewer) -> list[str]:
        taken = []
        for _ in range(25):
            with working_as(who, database_url, vault) as work:
                case = assignment.take_next(work, ALL)
                assert case is not None, "a free case was passed over"
                taken.append(case.case_ref)
        return taken

    with ThreadPoolExecutor(len(people)) as threads:
        taken = list(threads.map(take_all, people))
    assert sorted(ref for each in taken for ref in each) == sorted(f"C{n}" for n in range(1, 101))
    held = holders(database_url)
    for who, refs in zip(people, taken, strict=True):
        assert {held[ref] for ref in refs} == {who.account_id}


def test_a_case_that_somebody_is_taking_right_now_is_passed_over_without_waiting(
    database_url: str, vault: Vault
) -> None:
    decided(database_url, many(30), vault)
    with psycopg.connect(database_url) as busy:
        busy.execute("SELECT 1 FROM desk_case WHERE case_ref <> 'C27' FOR UPDATE")
        assert next_one(database_url, vault, viewer(database_url)) == "C27"


def test_whoever_takes_a_case_holds_that_one_alone(database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault)
    with working_as(viewer(database_url), database_url, vault) as work:
        assert assignment.take_next(work, ALL) is not None
        with psycopg.connect(database_url) as other:
            free = other.execute("SELECT case_ref FROM desk_case ORDER BY case_id FOR UPDATE SKIP LOCKED").fetchall()
    assert free == [("C2",), ("C3",)]


@pytest.mark.parametrize("change", ["assignee_id = 1", "status = 'closed'", "status = 'escalated'"])
def test_what_was_taken_or_moved_on_after_the_look_is_passed_over(database_url: str, vault: Vault, change: str) -> None:
    decided(database_url, many(3), vault)
    who = viewer(database_url)
    looked: list[str] = []

    def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "SKIP LOCKED" in statement and not looked:
            looked.append(statement)
            set_all(database_url, change, "case_ref = 'C1'")

    with engine_of(database_url) as engine, begin(engine, vault, NOW) as work:
        event.listen(engine, "before_cursor_execute", meanwhile)
        case = assignment.take_next(work_by(who, work, shipped()), ALL)
        assert case is not None and case.case_ref == "C2"
    assert len(looked) == 1


def test_a_case_is_assigned_as_it_is_now_whatever_was_read_of_it_before(database_url: str, vault: Vault) -> None:
    decided(database_url, many(2), vault)
    who = viewer(database_url)
    with working_as(who, database_url, vault) as work:
        read = [work.session.get_one(WorklistItem, case) for case in (1, 2)]  # held, or the session forgets them
        assert [case.revision for case in read] == [1, 1]
        set_all(database_url, "revision = 7")
        came = assignment.assign(work, [(1, 1), (2, 7)], who.account_id)
    assert (came.done, came.refused["stale"]) == (1, 1)
    assert holders(database_url) == {"C1": None, "C2": who.account_id}


def test_a_case_is_taken_as_it_is_now_whatever_was_read_of_it_before(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    with working_as(viewer(database_url), database_url, vault) as work:
        read = work.session.get_one(WorklistItem, 1)  # held, or the session forgets it
        assert read.revision == 1
        set_all(database_url, "revision = 7")
        taken = assignment.take_next(work, ALL)
        assert taken is not None and taken.revision == 8


def test_cases_are_locked_in_the_order_that_everybody_locks_in(database_url: str, vault: Vault) -> None:
    """Whoever waits for the first one holds none of the others yet, however the rows lie."""
    decided(database_url, many(3), vault)
    me = viewer(database_url)
    set_all(database_url, "revision = 1", "case_ref = 'C1'")  # it lies behind the others now
    with psycopg.connect(database_url) as connection:  # and they are read as they lie: an index would put them right
        for way in ("indexscan", "indexonlyscan", "bitmapscan"):
            database = sql.Identifier(connection.info.dbname)
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} = off").format(database, sql.Identifier(f"enable_{way}"))
            )
    seen: list[list[tuple[int, ...]]] = []

    def look() -> None:
        with psycopg.connect(database_url) as busy, psycopg.connect(database_url) as other:
            busy.execute("SELECT 1 FROM desk_case WHERE case_ref = 'C1' FOR UPDATE")
            busy_now.set()
            wait_for_lock(database_url)
            seen.append(other.execute("SELECT case_id FROM desk_case FOR UPDATE SKIP LOCKED").fetchall())

    def give() -> None:
        busy_now.wait(60)
        assert assign(database_url, vault, me, [(3, 1), (2, 1), (1, 1)], me.account_id).done == 3

    busy_now = threading.Event()
    at_once([look, give])
    assert [sorted(each) for each in seen] == [[(2,), (3,)]]


def test_of_more_cases_than_a_form_holds_the_first_are_looked_at(database_url: str, vault: Vault) -> None:
    decided(database_url, many(2), vault)
    me = viewer(database_url)
    wanted = [(case, 1) for case in range(201, 0, -1)]
    assert assign(database_url, vault, me, wanted, me.account_id) == assignment.Assigned(
        2, {"stale": 198, "closed": 0, "held": 0}
    )


def test_what_is_free_is_told_with_its_count_as_far_as_it_is_looked_at(
    database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assignment, "_LOOK_AT", 2)
    who = viewer(database_url)
    for ref, expected in (("A", (1, False)), ("B", (2, False)), ("C", (2, True))):
        decided(database_url, [accepted(1, ref)], vault)
        with working_as(who, database_url, vault) as work:
            found = assignment.free(work, ALL)
        assert (found.count, found.more) == expected


def test_the_people_are_those_who_work_on_cases_by_name(database_url: str) -> None:
    people: dict[str, Role] = {"li": "supervisor", "bank": "submitter", "zhao": "admin", "chen": "counsellor"}
    for name, role in people.items():
        account(database_url, name, role, "us" if role == "submitter" else None)
    with engine_of(database_url) as engine, session(engine) as opened:
        gone = opened.get_one(Account, account(database_url, "gone"))
        gone.disabled_at = NOW
        opened.add(gone)
    with engine_of(database_url) as engine, session(engine) as opened:
        assert [person.name for person in assignment.people(opened)] == ["chen", "li", "zhao"]


def test_taking_keeps_to_the_filter(database_url: str, vault: Vault) -> None:
    decided(database_url, [urgent(1, "A"), accepted(2, "B")], vault)
    who = viewer(database_url)
    assert next_one(database_url, vault, who, QueueFilter(urgency="U4")) == "B"
    assert next_one(database_url, vault, who, QueueFilter(urgency="U4")) is None
    assert next_one(database_url, vault, who, QueueFilter(statuses=("closed",))) is None
    assert next_one(database_url, vault, who, QueueFilter(assignee=who.account_id)) == "A"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("role", ["counsellor", "supervisor"])
def test_only_what_waits_for_this_role_is_taken(database_url: str, vault: Vault, role: Role, status: str) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    set_all(database_url, f"status = '{status}'")
    taken = next_one(database_url, vault, viewer(database_url, role=role), replace(ALL, statuses=STATUSES))
    assert (taken == "A") == (status == "open" or (status == "escalated" and role == "supervisor"))


def test_a_counsellor_takes_free_cases_and_gives_back_their_own(database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault)
    me, other = viewer(database_url), viewer(database_url, "li")
    assert assign(database_url, vault, other, [(3, 1)], other.account_id).done == 1
    came = assign(database_url, vault, me, [(1, 1), (2, 1), (3, 2)], me.account_id)
    assert (came.done, came.refused) == (2, {"stale": 0, "closed": 0, "held": 1})
    came = assign(database_url, vault, me, [(1, 2), (3, 2)], None)
    assert (came.done, came.refused["held"]) == (1, 1)
    assert holders(database_url) == {"C1": None, "C2": me.account_id, "C3": other.account_id}


def test_a_supervisor_assigns_to_anybody_who_works_on_cases(database_url: str, vault: Vault) -> None:
    decided(database_url, many(2), vault)
    boss, li = viewer(database_url, "boss", "supervisor"), viewer(database_url, "li")
    zhao, bank = viewer(database_url, "zhao"), viewer(database_url, "bank", "submitter")
    assert assign(database_url, vault, boss, [(1, 1), (2, 1)], li.account_id).done == 2
    assert assign(database_url, vault, boss, [(1, 2)], zhao.account_id).done == 1
    assert holders(database_url) == {"C1": zhao.account_id, "C2": li.account_id}
    for nobody in (bank.account_id, 10**9):
        with pytest.raises(assignment.NobodyError):
            assign(database_url, vault, boss, [(1, 3)], nobody)


def test_a_disabled_account_gets_no_cases(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    boss, li = viewer(database_url, "boss", "supervisor"), viewer(database_url, "li")
    with engine_of(database_url) as engine, session(engine) as opened:
        gone = opened.get_one(Account, li.account_id)
        gone.disabled_at = NOW
        opened.add(gone)
    with pytest.raises(assignment.NobodyError):
        assign(database_url, vault, boss, [(1, 1)], li.account_id)


def test_a_counsellor_assigns_to_nobody_else(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    me, li = viewer(database_url), viewer(database_url, "li")
    with pytest.raises(assignment.NobodyError):
        assign(database_url, vault, me, [(1, 1)], li.account_id)


def test_what_changed_was_closed_or_is_not_there_is_told_and_the_rest_assigned(database_url: str, vault: Vault) -> None:
    decided(database_url, many(4), vault)
    set_all(database_url, "status = 'closed'", "case_ref = 'C2'")
    set_all(database_url, "revision = 7", "case_ref = 'C3'")
    set_all(database_url, "status = 'escalated'", "case_ref = 'C4'")
    me = viewer(database_url)
    came = assign(database_url, vault, me, [(4, 1), (3, 1), (2, 1), (1, 1), (99, 1)], me.account_id)
    assert (came.done, came.refused) == (1, {"stale": 2, "closed": 1, "held": 1})


def test_whose_cases_are_narrowed_to_a_submitter_s_is_not_told_of_others(database_url: str, vault: Vault) -> None:
    decided(database_url, many(2), vault)
    decided(database_url, many(1, "D"), vault, submitter="them")
    submitter = viewer(database_url, "bank", "submitter", "us")
    came = assign(database_url, vault, submitter, [(1, 1), (2, 1), (3, 1)], None)
    assert (came.done, came.refused) == (0, {"stale": 1, "closed": 0, "held": 2})


def test_assigning_to_whom_has_it_already_changes_nothing(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    me = viewer(database_url)
    assert assign(database_url, vault, me, [(1, 1)], me.account_id).done == 1
    assert assign(database_url, vault, me, [(1, 2)], me.account_id).done == 0
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM review").fetchall() == [(1,)]


def test_two_supervisors_assigning_the_same_cases_in_other_orders_both_come_through(
    database_url: str, vault: Vault
) -> None:
    decided(database_url, many(60), vault)
    bosses = [viewer(database_url, f"boss{n}", "supervisor") for n in range(2)]
    wanted = [(n, 1) for n in range(1, 61)]
    with ThreadPoolExecutor(2) as threads:
        came = list(
            threads.map(
                lambda who, cases: assign(database_url, vault, who, cases, who.account_id),
                bosses,
                [wanted, wanted[::-1]],
            )
        )
    assert sorted((each.done, each.refused["stale"]) for each in came) == [(0, 60), (60, 0)]


@pytest.mark.parametrize(
    ("role", "holder", "may"),
    [
        ("submitter", None, False),
        ("counsellor", None, True),
        ("counsellor", "me", True),
        ("counsellor", "other", False),
        ("supervisor", "other", True),
        ("admin", "other", True),
    ],
)
def test_only_who_has_a_case_or_a_supervisor_acts_on_it(role: Role, holder: str | None, may: bool) -> None:
    case = WorklistItem.model_construct(assignee_id={"me": 1, "other": 2, None: None}[holder])  # type: ignore[call-arg] # all it takes
    assert review.may_act(Viewer(1, "wang", role, None), case) is may


def test_what_i_have_is_counted_while_it_waits_for_me(database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault)
    me = viewer(database_url)
    for _ in range(2):
        next_one(database_url, vault, me)
    set_all(database_url, "status = 'reviewed'", "case_ref = 'C1'")
    with engine_of(database_url) as engine, session(engine) as opened:
        assert assignment.held(opened, me) == 1
        assert assignment.held(opened, Viewer(me.account_id + 1, "li", "counsellor", None)) == 0


def test_now_is_what_a_take_is_dated_by(database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    next_one(database_url, vault, viewer(database_url))
    with psycopg.connect(database_url) as connection:
        [(at,)] = connection.execute("SELECT at FROM review").fetchall()
    assert at == NOW.replace(tzinfo=dt.UTC)
