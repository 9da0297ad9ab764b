"""The ledger's entries as they are listed: which a filter finds, in what order, and who is named."""

import datetime as dt
from typing import Any

import pytest
from sqlmodel import Session

from forbear.accounts.accounts import Viewer
from forbear.desk.review import Act, perform, take_case
from forbear.ledger.listing import PEOPLE, LedgerFilter, ListedEntry, page
from models.account import Token
from tests.support.desk.cases import NOW, VAULT, accepted, decided, working, working_as
from tests.support.desk.desk_clients import account

TICK = dt.timedelta(microseconds=1)


@pytest.fixture
def numbers(database_url: str) -> dict[str, int]:
    """Two cases, decided each by itself; wang asked about the second, and a token each of two people looked at them."""
    found = {name: account(database_url, name) for name in ("wang", "li")}
    for ref in ("A", "B"):
        decided(database_url, [accepted(1, ref)], VAULT)
    with working_as(Viewer(found["wang"], "wang", "counsellor", None), database_url) as work:
        perform(work, take_case(work.session, work.viewer, 2, 1), Act("ask", {}))
    with working(database_url) as work:
        for name in ("li", "wang"):
            token = Token(account_id=found[name], name="x", scopes=[], secret_hash=name.encode(), created_at=NOW)
            work.session.add(token)
            work.session.flush()
            found[f"of {name}"] = token.id
            work.note("reveal", "case:1", {"of": name}, actor=f"token:{token.id}")
        work.note("export", "batch:x-1", {"case": 2}, actor=f"account:{found['li']}")
        work.note("odd", "thing:1", actor="account:99")
    return found


def listed(session: Session, **chosen: Any) -> list[str]:
    return [f"{entry.kind} {entry.subject}" for entry in page(session, LedgerFilter(**chosen)).entries]


def test_a_filter_finds_its_entries_and_no_others_the_newest_first(database_url: str, numbers: dict[str, int]) -> None:
    with working(database_url) as work:
        session = work.session
        everything = listed(session)
        decisions = ["decisions decision_tree:2", "decisions decision_tree:1"]
        assert listed(session, kind="decisions") == decisions
        assert listed(session, kind="decision") == []
        assert listed(session, kind=PEOPLE) == [each for each in everything if each not in decisions]
        assert listed(session, account="LI") == ["export batch:x-1", "reveal case:1"]
        assert listed(session, account="wang") == ["reveal case:1", "review review:1"]
        assert listed(session, account="wang", kind="review") == ["review review:1"]
        assert {*listed(session, account="system")} >= {*decisions}
        assert "odd thing:1" not in listed(session, account="system")
        assert listed(session, account="nobody") == []
        assert listed(session, about="A") == ["reveal case:1", "reveal case:1", decisions[1]]
        assert listed(session, about="B") == listed(session, about="case:2") == ["review review:1", decisions[0]]
        assert listed(session, about="batch:x-1") == ["export batch:x-1"]
        assert listed(session, about="decision_tree:1") == decisions[1:]
        assert listed(session, since=NOW) == listed(session, until=NOW + TICK) == everything
        assert listed(session, since=NOW + TICK) == listed(session, until=NOW) == []
        for nothing in ("C", "batch:x-1;", "case:x", "case:3", "case:", f"case:{10**19 - 1}", f"case:{10**19}"):
            assert listed(session, about=nothing) == [], nothing


def test_a_reference_comes_before_a_subject_that_is_written_like_it(database_url: str) -> None:
    decided(database_url, [accepted(1, "case:2"), accepted(2, "B")], VAULT)
    with working(database_url) as work:
        work.note("reveal", "case:1")
        work.note("export", "case:2")
    with working(database_url) as work:
        assert "reveal case:1" in listed(work.session, about="case:2")
        assert "export case:2" in listed(work.session, about="B")


def test_pages_follow_one_another_and_the_last_says_so(database_url: str, numbers: dict[str, int]) -> None:
    with working(database_url) as work:
        whole = page(work.session, LedgerFilter())
        assert whole.next is None
        assert [entry.seq for entry in whole.entries] == list(range(whole.length, 0, -1))
        first = page(work.session, LedgerFilter(), size=3)
        assert ([*first.entries], first.next, first.length) == ([*whole.entries[:3]], whole.length - 2, whole.length)
        second = page(work.session, LedgerFilter(), first.next, 3)
        assert [*second.entries] == [*whole.entries[3:6]]
        left = page(work.session, LedgerFilter(), 4, 3)
        assert ([entry.seq for entry in left.entries], left.next) == ([3, 2, 1], None)


def test_an_account_is_named_for_its_tokens_too_and_nobody_for_what_is_unknown(
    database_url: str, numbers: dict[str, int]
) -> None:
    with working(database_url) as work:
        odd, export, wangs, lis, *others = page(work.session, LedgerFilter()).entries
    assert [each.who for each in (odd, export, wangs, lis)] == [None, "li", "wang", "li"]
    assert (export.actor, wangs.actor) == (f"account:{numbers['li']}", f"token:{numbers['of wang']}")
    assert (wangs.detail, wangs.at, wangs.subject) == ({"of": "wang"}, NOW, "case:1")
    assert {each.who for each in others if each.actor == "system"} == {None}
    assert [each.case_id for each in (odd, export, wangs)] == [None, 2, 1]
    assert ListedEntry(1, NOW, "x", None, "review", "review:1", {"case": 7}).case_id == 7
