"""Whose a case is: by reference at first, asked about by number, merged, parted and taken back by a person."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from sqlmodel import select

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.base.vault import Vault
from forbear.case.workflow import RefusedError
from forbear.desk.review import NoCaseError
from forbear.person import identity
from forbear.person.person import MOST, Person, maybe_same, person_of
from models.desk import WorklistItem
from models.ledger import LedgerRow
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import accepted, decided, working_as
from tests.support.desk.desk_clients import account

PHONE = {"phone": "13800138000"}
OTHER = {"phone": "13900139000"}
Working = Callable[[], AbstractContextManager[ViewerWork]]


@pytest.fixture
def working(database_url: str, vault: Vault) -> Iterator[Working]:
    """Units of work of a counsellor, on a record with two references, one phone number, and somebody else's case."""
    rows = [
        accepted(1, "A", PHONE, borrower_ref="X"),
        accepted(2, "B", OTHER, borrower_ref="x"),
        accepted(3, "C", PHONE, borrower_ref="Y"),
        accepted(4, "D", {"phone": "13700137000"}),
    ]
    decided(database_url, rows, vault)
    decided(database_url, [accepted(1, "A", PHONE, borrower_ref="X")], vault, submitter="them")
    who = Viewer(account(database_url), "wang", "counsellor", None)
    yield partial(working_as, who, database_url, vault)
    assert faults(database_url) == []


def cases(working: Working, case_id: int) -> tuple[int, ...]:
    """The cases of whoever a case is of."""
    with working() as work:
        return person_of(work.session, case_id).cases


def asked(working: Working, case_id: int) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
    """Who may be the same person, and why."""
    with working() as work:
        return [(each.cases, each.by) for each in maybe_same(work.session, person_of(work.session, case_id))]


def test_a_reference_tells_and_a_number_only_asks(working: Working) -> None:
    assert [cases(working, case) for case in (1, 2, 3, 4, 5)] == [(1, 2), (1, 2), (3,), (4,), (5,)]
    assert asked(working, 2) == [((3,), ("phone",))]
    assert asked(working, 3) == [((1, 2), ("phone",))]
    assert asked(working, 4) == asked(working, 5) == []
    with working() as work, pytest.raises(NoCaseError):
        person_of(work.session, 1, "them")


def test_merged_parted_and_taken_back(working: Working, database_url: str, vault: Vault) -> None:
    with working() as work:
        assert identity.merge(work, 1, 3) == Person("us", (1, 2, 3))
    assert asked(working, 1) == []
    decided(database_url, [accepted(9, "E", borrower_ref="Y")], vault)  # comes later, under a reference of theirs
    assert cases(working, 6) == cases(working, 1) == (1, 2, 3, 6)
    with working() as work:
        (merged,) = identity.last_changes(work, (1, 2, 3))
        assert (merged.what, merged.cases) == ("merge", (1, 2, 3))
        assert identity.split(work, 2).cases == (2,)
    assert (cases(working, 1), cases(working, 2)) == ((1, 3, 6), (2,))
    with working() as work, pytest.raises(RefusedError, match="Something was changed since"):
        identity.undo(work, 1, merged.change)
    with working() as work:
        (parted,) = identity.last_changes(work, (1,))
        assert identity.undo(work, 1, parted.change).cases == (1, 2, 3, 6)
    with working() as work:
        kinds = [row.detail["what"] for row in work.session.exec(select(LedgerRow).where(LedgerRow.kind == "person"))]
    assert kinds == ["merge"] * 3 + ["split"] * 4 + ["undo"] * 4


def test_a_merge_is_taken_back_to_what_references_say(working: Working) -> None:
    with working() as work:
        identity.merge(work, 3, 1)
        (change,) = identity.last_changes(work, (1,))
        identity.undo(work, 3, change.change)
    assert (cases(working, 1), cases(working, 3)) == ((1, 2), (3,))
    assert asked(working, 1) == [((3,), ("phone",))]


def test_who_was_said_to_be_another_is_not_asked_about_again(working: Working) -> None:
    with working() as work:
        identity.apart(work, 3, 1)
    assert asked(working, 1) == asked(working, 3) == []
    with working() as work:
        (change,) = identity.last_changes(work, (3,))
        identity.undo(work, 3, change.change)
    assert asked(working, 1) != []


def test_what_cannot_be_said_is_refused(working: Working) -> None:
    for refused in (partial(identity.merge, case_id=1, other_id=2), partial(identity.split, case_id=4)):
        with working() as work, pytest.raises(RefusedError):
            refused(work)
    with working() as work, pytest.raises(NoCaseError):
        identity.merge(work, 1, 5)  # of another submitter: nobody could say


def test_a_crisis_stands_over_whoever_was_said_to_be_the_same(
    working: Working, database_url: str, vault: Vault
) -> None:
    decided(database_url, [accepted(4, "D", {"notes": "不想活了，想自杀"})], vault)
    with working() as work:
        beside = partial(work.session.get_one, WorklistItem)
        assert [beside(case).crisis_beside for case in (1, 4)] == [False, False]
        identity.merge(work, 1, 4)
        work.session.expire_all()
        assert [beside(case).crisis_beside for case in (1, 4)] == [True, False]


def test_a_reference_of_more_cases_than_a_person_has_is_none(working: Working, database_url: str, vault: Vault) -> None:
    rows = [accepted(n, f"M{n}", PHONE, borrower_ref="Z") for n in range(1, MOST + 2)]
    decided(database_url, rows, vault)
    with working() as work:
        first = work.session.exec(select(WorklistItem.case_id).where(WorklistItem.case_ref == "M1")).one()
        found = person_of(work.session, first)
    assert (found.cases, found.crowd) == ((first,), True)
    assert asked(working, 1) == []  # a number that so many have is a switchboard
