"""What an answer hands in: the facts it names in place of what stood there, all else of its own case as it was."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from forbear.accounts.accounts import Role, Viewer
from forbear.base.vault import private_of
from forbear.batch.recorded_decision import decision_on_desk
from forbear.case.corrections import Correction, answer, asked_of, cell
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk.review import StaleError, take_case
from rules.facts.cells import Value
from rules.pack.pack import Pack
from tests.support.desk.cases import (
    AS_OF,
    CHANGES,
    NOW,
    VAULT,
    accepted,
    decided,
    facts_told,
    pack,
    submitted,
    working_as,
)
from tests.support.desk.desk_clients import account
from tests.support.packs.tiny_pack import tiny

DAY = dt.timedelta(days=1)
LATER = NOW + 10 * DAY
PRIVATE = {"name": "王小明", "phone": "13800138000"}
EXTRA = {"备用": "x"}
INCOME = {"income_monthly": "5000"}


@pytest.fixture
def url(database_url: str) -> str:
    """Case 1 (A) with two versions, a borrower and personal data; case 2 (B) with one version and neither."""
    full: dict[str, Any] = {"borrower_ref": "B1", "debt_disputed": True}
    decided(database_url, [accepted(1, "A", PRIVATE, EXTRA, income_monthly=1, **full)], VAULT)
    decided(database_url, [accepted(1, "B", days_overdue=0, lender="甲")], VAULT)
    decided(database_url, [accepted(1, "A", PRIVATE, EXTRA, income_monthly=2, **full)], VAULT)
    return database_url


def viewer(url: str, role: Role = "counsellor", name: str = "wang") -> Viewer:
    return Viewer(account(url, name, role), name, role, None)


def hand_in(
    url: str,
    who: Viewer,
    cells: Mapping[str, object],
    case_id: int = 1,
    words: str = "",
    *,
    now: dt.datetime = NOW,
    by: Pack | None = None,
) -> Correction:
    """Hand in an answer, as the one transaction of an action does; whoever would wait for somebody fails."""
    with working_as(who, url, VAULT, now, by or pack()) as work:
        work.session.connection().execute(text("SET LOCAL lock_timeout = '5s'"))
        case = take_case(work.session, who, case_id, None)
        return answer(work, CaseContext(who, case, decision_on_desk(work.session, case, VAULT), now), cells, words)


def read(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def put(url: str, values: str, case_id: int = 1) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE desk_case SET {values} WHERE case_id = {case_id}".encode())  # noqa: S608 - ours


def versions(url: str) -> list[tuple[int, int, dict[str, Any]]]:
    rows = read(url, "SELECT case_id, number, facts FROM case_version ORDER BY id")
    return [(case_id, number, facts_told(facts, url)) for case_id, number, facts in rows]


def test_what_was_taken_once_and_is_refused_today_stays_where_the_answer_is_about_something_else(url: str) -> None:
    decided(url, [accepted(1, "C", monthly_due=-5)], VAULT)
    ((case_id,),) = read(url, "SELECT case_id FROM desk_case WHERE case_ref = 'C'")
    hand_in(url, viewer(url), INCOME, case_id)
    _, facts = (facts for case, _, facts in versions(url) if case == case_id)
    assert (facts["monthly_due"], facts["income_monthly"]) == (-5, 500_000)


def test_whatever_is_neither_derived_nor_private_nor_a_name_may_be_filled_in() -> None:
    assert asked_of(pack()) == (
        *("product", "hardship", "days_overdue", "due_date", "served_on", "monthly_due", "income_monthly"),
        *("essential_outgoings", "priority_payments", "annual_rate_percent", "debt_disputed", "collection_violations"),
        *("borrower_ref", "lender", "legal_stage", "violence", "creditors_overdue", "other_debt_payments"),
    )


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("debt_disputed", True, "true"),
        ("debt_disputed", False, "false"),
        ("income_monthly", 500_000, "5000"),
        ("income_monthly", 500_005, "5000.05"),
        ("income_monthly", 100, "1"),
        ("income_monthly", 99, "0.99"),
        ("annual_rate_percent", 1825, "18.25"),
        ("days_overdue", 120, "120"),
        ("served_on", dt.date(2026, 11, 9), "2026-11-09"),
        ("collection_violations", ("visit", "hours"), ("visit", "hours")),
        ("lender", "甲银行", "甲银行"),
    ],
)
def test_a_form_holds_a_fact_as_people_write_it(name: str, value: Value, expected: object) -> None:
    assert cell(pack().vocabulary.facts[name], value) == expected


def test_an_answer_is_a_version_of_its_own_case_with_everything_else_as_it_was(url: str) -> None:
    before = versions(url)
    done = hand_in(url, viewer(url), {**INCOME, "debt_disputed": "", "nonsense": "x", "name": "y", "case_ref": "B"})
    *kept, (case_id, number, facts) = versions(url)
    assert kept == before
    assert (case_id, number) == (1, 3)
    assert facts == {key: value for key, value in before[2][2].items() if key != "debt_disputed"} | {
        "income_monthly": 500_000
    }
    assert (done.action, done.detail) == (
        "answer",
        {"facts": ["income_monthly", "debt_disputed"], "batch": str(done.submitted.batch_id)},
    )
    [(version, private, row)] = read(
        url,
        "SELECT v.id, v.private, b.row FROM case_version v JOIN batch_case b ON b.case_version_id = v.id "
        "WHERE number = 3",
    )
    assert private_of(VAULT, version, private) == {"facts": PRIVATE, "extra": EXTRA}
    assert row == 1
    assert read(url, 'SELECT id, borrower_ref FROM "case" ORDER BY id') == [(1, "b1"), (2, None)]


def test_a_case_without_personal_data_and_borrower_stays_without(url: str) -> None:
    hand_in(url, viewer(url), {"lender": "乙"}, 2)
    assert read(url, "SELECT number, private IS NULL FROM case_version WHERE case_id = 2") == [(1, True), (2, True)]
    assert [facts["lender"] for case, _, facts in versions(url) if case == 2] == ["甲", "乙"]
    assert read(url, 'SELECT id, borrower_ref FROM "case" ORDER BY id') == [(1, "b1"), (2, None)]
    [(submitter, as_of, queue)] = read(
        url,
        "SELECT b.submitter, as_of, queue FROM batch b JOIN chunk c ON c.batch_id = b.id WHERE c.status = 'pending'",
    )
    assert (submitter, as_of, queue) == ("us", AS_OF, "urgent")


def test_facts_that_wait_to_be_decided_are_not_overwritten(url: str) -> None:
    submitted(url, [accepted(1, "B", days_overdue=7)], VAULT)
    who = viewer(url)
    with pytest.raises(StaleError, match="Newer facts"):
        hand_in(url, who, INCOME, 2)
    assert hand_in(url, who, INCOME, 1).action == "answer"
    assert [(case_id, number) for case_id, number, _ in versions(url)] == [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)]


def test_nobody_makes_a_version_of_the_case_in_between_and_whoever_names_it_does_not_stop_us(url: str) -> None:
    who = viewer(url)
    with psycopg.connect(url) as other:
        other.execute('SELECT 1 FROM "case" WHERE id = 1 FOR KEY SHARE')  # as a foreign key does
        with working_as(who, url, VAULT, NOW, pack()) as work:
            work.session.connection().execute(text("SET LOCAL lock_timeout = '5s'"))
            case = take_case(work.session, who, 1, None)
            answer(work, CaseContext(who, case, decision_on_desk(work.session, case, VAULT), NOW), INCOME)
            free = other.execute('SELECT id FROM "case" FOR NO KEY UPDATE SKIP LOCKED').fetchall()
    assert free == [(2,)]


def test_what_a_newer_policy_does_not_know_is_left_out(database_url: str) -> None:
    gone = str(CHANGES["facts.yaml"]).replace("  phone:", "  gone: {type: int, title: {zh: 旧, en: Gone}}\n  phone:")
    old = tiny({**CHANGES, "facts.yaml": gone})
    decided(database_url, [accepted(1, "A", gone=7, lender="甲")], VAULT, by=old)
    hand_in(database_url, viewer(database_url), INCOME)
    assert versions(database_url)[1][2] == {
        "case_ref": "A",
        "product": "credit_card",
        "hardship": "unemployment",
        "days_overdue": 100,
        "lender": "甲",
        "income_monthly": 500_000,
    }


def test_what_cannot_be_is_refused_with_each_fault_and_nothing_is_handed_in(url: str) -> None:
    who = viewer(url)
    with pytest.raises(RefusedError) as refused:
        hand_in(url, who, {"income_monthly": "很多", "product": "飞机", "lender": "乙"})
    assert {error.field for error in refused.value.errors} == {"income_monthly", "product"}
    past = tiny(
        {**CHANGES, "facts.yaml": str(CHANGES["facts.yaml"]).replace("served_on: {", "served_on: {past: true, ")}
    )
    with pytest.raises(RefusedError) as refused:
        hand_in(url, who, {"served_on": (AS_OF + DAY).isoformat()}, by=past)
    assert [error.field for error in refused.value.errors] == ["served_on"]
    for same in ({"income_monthly": "0.02"}, {}, {"nonsense": "x"}):
        with pytest.raises(RefusedError) as refused:
            hand_in(url, who, same)
        assert [error.field for error in refused.value.errors] == ["answer"]
    assert len(versions(url)) == 3
    assert hand_in(url, who, {"served_on": AS_OF.isoformat()}, by=past).action == "answer"


@pytest.mark.parametrize(
    ("before", "cells", "days"),
    [
        (0, INCOME, 0),
        (1, INCOME, 11),
        (100, {"days_overdue": "7"}, 7),
        (100, {"days_overdue": "101", **INCOME}, 101),
        (None, INCOME, None),
    ],
)
def test_days_overdue_go_on_unless_they_are_none_or_told_anew(
    database_url: str, before: int | None, cells: dict[str, str], days: int | None
) -> None:
    due = {} if before is not None else {"due_date": AS_OF - DAY}
    decided(database_url, [accepted(1, "A", None, None, days_overdue=before, **due)], VAULT)
    hand_in(database_url, viewer(database_url), cells, now=LATER)
    facts = versions(database_url)[-1][2]
    assert facts.get("days_overdue") == days


@pytest.mark.parametrize(
    ("role", "status", "holder", "changes"),
    [
        ("counsellor", "open", None, {"assignee_id": "me"}),
        ("counsellor", "open", "me", {}),
        ("counsellor", "reviewed", None, {"assignee_id": "me"}),
        ("counsellor", "escalated", None, {}),  # it stays with the supervisors
        ("supervisor", "escalated", None, {"assignee_id": "me"}),
        ("supervisor", "open", "other", {}),
        ("supervisor", "escalated", "other", {}),
        ("counsellor", "waiting", "me", {"status": "open", "follow_up_at": None}),  # this is what it waited for
        ("counsellor", "waiting", None, {"assignee_id": "me", "status": "open", "follow_up_at": None}),
    ],
)
def test_a_free_case_becomes_mine_and_one_that_waited_is_open(
    url: str, role: Role, status: str, holder: str | None, changes: dict[str, Any]
) -> None:
    me, other = viewer(url, role), viewer(url, name="li")
    ids = {"me": me.account_id, "other": other.account_id}
    put(url, f"status = '{status}', follow_up_at = '2026-12-01', assignee_id = {ids.get(holder or '', 'NULL')}")
    assert hand_in(url, me, INCOME).changes == {name: ids.get(value, value) for name, value in changes.items()}


@pytest.mark.parametrize(("words", "kept"), [("", None), ("  \n", None), (" 他来电话了 ", "他来电话了")])
def test_what_was_written_is_kept_without_blanks_around_it(url: str, words: str, kept: str | None) -> None:
    assert hand_in(url, viewer(url), INCOME, words=words).words == kept
