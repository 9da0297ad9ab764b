"""What a call about danger comes to: who has the case then, until when, and what settles the danger."""

import datetime as dt
from typing import Any

import pytest

from forbear.accounts.accounts import Role
from forbear.case.contact import CALL_AGAIN, CALLS, SOON, contact, contact_faults, settles
from forbear.case.workflow import CaseContext
from forbear.desk.danger import SETTLED
from forbear.desk.review import Act
from tests.support.desk import case_context
from tests.support.desk.case_context import MINUTE, NO_RECORD, NOW

SAFE: dict[str, Any] = {"result": "reached", "safety": "safe"}
PLAN = "alpha"


def stands(role: Role = "counsellor", strategy: str = "", **row: Any) -> CaseContext:
    """A case in danger; decided for it where asked for."""
    outcome = {"strategy": strategy} if strategy else None
    danger = {"strategy": PLAN, "danger": "explicit", "danger_kinds": ["self_harm", "violence"]}
    return case_context.stands(role, outcome, **{**danger, **row})


def call(at: CaseContext, result: str = "no_answer", next_call: dt.datetime | None = None, **given: str) -> Act:
    fields = {"safety": "", "handed_to": "", "words": "", **given}
    return contact(at, NO_RECORD, result, next_call=next_call, **fields)


def faults(at: CaseContext, result: str, next_call: dt.datetime | None = None, **given: str) -> list[str]:
    fields = {"safety": "", "handed_to": "", "words": "", **given}
    return [fault.field for fault in contact_faults(at, result, next_call=next_call, **fields)]


@pytest.mark.parametrize(
    ("result", "safety", "settled"),
    [
        ("reached", "safe", True),
        ("reached", "not_safe", False),
        ("no_answer", "safe", False),
        ("false_alarm", "", True),
        ("handed_on", "", False),
    ],
)
def test_somebody_reached_and_safe_settles_it_or_a_false_alarm(result: str, safety: str, settled: bool) -> None:
    assert settles(result, safety) is settled
    act = call(stands(), result, safety=safety)
    assert act.judged == (("self_harm", "violence") if settled else ())
    assert (SETTLED.items() <= act.changes.items()) is settled


@pytest.mark.parametrize("status", ["open", "escalated", "reviewed", "waiting", "snoozed", "closed"])
def test_while_it_is_open_another_call_is_due_and_the_case_is_to_be_done(status: str) -> None:
    for chosen, due in ((None, NOW + CALL_AGAIN), (NOW + 61 * MINUTE, NOW + 61 * MINUTE)):
        act = call(stands(status=status), "no_answer", chosen)
        assert act.changes["status"] == (status if status in ("open", "escalated") else "open")
        assert {act.changes[name] for name in ("call_at", "respond_by", "due_at")} == {due}
        assert (act.changes["follow_up_at"], act.changes["contacted_at"]) == (None, NOW)
        assert act.detail == {"next_call": due.isoformat()}


@pytest.mark.parametrize(
    ("assignee", "status", "role", "taken"),
    [
        (None, "open", "counsellor", True),
        (None, "escalated", "counsellor", False),  # the supervisors' while it is with them
        (None, "escalated", "supervisor", True),
        (3, "open", "counsellor", False),
        (3, "escalated", "supervisor", False),
    ],
)
def test_whoever_calls_has_the_case_if_it_was_free(assignee: int | None, status: str, role: Role, taken: bool) -> None:
    changes = call(stands(role, assignee_id=assignee, status=status)).changes
    assert changes.get("assignee_id") == (7 if taken else None)
    assert ("assignee_id" in changes) is taken


def test_what_was_said_is_told_and_empty_fields_are_not() -> None:
    act = call(stands(), "handed_on", handed_to="police", safety="not_safe", words="  已转派出所 ")
    assert (act.action, act.reason, act.words) == ("contact", "handed_on", "已转派出所")
    assert act.detail == {
        "handed_to": "police",
        "safety": "not_safe",
        "next_call": (NOW + CALL_AGAIN).isoformat(),
    }
    silent = call(stands(), **SAFE, words="   ")
    assert (silent.detail, silent.words) == ({"safety": "safe"}, None)


def test_a_case_decided_for_its_danger_is_done_with_once_its_person_is_safe() -> None:
    later = NOW + 600 * MINUTE
    act = call(stands(strategy="crisis_support", status="snoozed"), next_call=later, **SAFE)
    assert (act.changes["status"], act.changes["follow_up_at"]) == ("reviewed", later)
    assert (act.strategy, act.changes["chosen_strategy"], act.changes["changed"]) == (PLAN, PLAN, False)
    assert call(stands(strategy="crisis_support"), **SAFE).changes["follow_up_at"] is None


@pytest.mark.parametrize(
    ("result", "strategy", "status", "role", "after"),
    [
        ("reached", "", "snoozed", "counsellor", "open"),  # nothing about danger was decided
        ("reached", "", "escalated", "counsellor", "escalated"),
        ("false_alarm", "crisis_support", "snoozed", "supervisor", "open"),  # there was none
        ("false_alarm", "crisis_support", "open", "supervisor", "open"),
        ("reached", "crisis_support", "escalated", "counsellor", "escalated"),  # what a supervisor has stays theirs
        ("reached", "crisis_support", "escalated", "supervisor", "reviewed"),
        ("reached", "crisis_support", "open", "counsellor", "reviewed"),
    ],
)
def test_any_other_case_goes_on_as_it_is(result: str, strategy: str, status: str, role: Role, after: str) -> None:
    changes = call(stands(role, strategy, status=status), result, safety="safe").changes
    assert changes["status"] == after
    assert changes["follow_up_at"] is None
    assert ("chosen_strategy" in changes) is (after == "reviewed")
    assert "due_at" not in changes


@pytest.mark.parametrize(("minutes", "due"), [(60, 60), (120, 90)])
def test_a_call_agreed_on_with_somebody_safe_is_due_where_nothing_was_sooner(minutes: int, due: int) -> None:
    changes = call(stands(), next_call=NOW + minutes * MINUTE, **SAFE).changes
    assert changes["due_at"] == NOW + due * MINUTE
    assert changes["call_at"] is None


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"result": "reached", "safety": "safe"}, []),
        ({"result": "reached"}, ["safety"]),
        ({"result": "no_answer", "safety": "safe"}, ["safety"]),
        ({"result": "no_answer", "safety": "not_judged"}, []),
        ({"result": "no_answer"}, []),
        ({"result": "handed_on"}, ["handed_to"]),
        ({"result": "handed_on", "handed_to": "family"}, []),
        ({"result": "handed_on", "safety": "safe"}, ["safety", "handed_to"]),
    ],
)
def test_fields_that_do_not_go_together_are_refused(given: dict[str, Any], wrong: list[str]) -> None:
    assert faults(stands(), **given) == wrong


@pytest.mark.parametrize(
    ("role", "words", "wrong"),
    [
        ("counsellor", "与本人核对过了", ["result"]),
        ("counsellor", "", ["result"]),
        ("supervisor", "四个字了", ["words"]),
        ("supervisor", " 四个字了  ", ["words"]),
        ("supervisor", "一共五个字", []),
    ],
)
def test_only_a_supervisor_says_that_there_was_no_danger_and_on_what_that_rests(
    role: Role, words: str, wrong: list[str]
) -> None:
    assert faults(stands(role), "false_alarm", words=words) == wrong


@pytest.mark.parametrize(
    ("result", "ahead", "wrong"),
    [
        ("no_answer", dt.timedelta(), True),
        ("no_answer", MINUTE, False),
        ("no_answer", SOON, False),
        ("no_answer", SOON + MINUTE, True),
        ("reached", SOON + MINUTE, False),
        ("reached", dt.timedelta(days=180), False),
        ("reached", dt.timedelta(days=180) + MINUTE, True),
    ],
)
def test_who_may_not_be_safe_is_called_again_within_a_day(result: str, ahead: dt.timedelta, wrong: bool) -> None:
    safety = "safe" if result == "reached" else ""
    assert faults(stands(), result, NOW + ahead, safety=safety) == (["next_call"] if wrong else [])


def test_the_next_call_is_in_half_an_hour_or_when_the_page_offers_it() -> None:
    offered = [30 * MINUTE, *(minutes * MINUTE for minutes in CALLS)]
    assert offered == [CALL_AGAIN, *(dt.timedelta(hours=hours) for hours in (1, 2, 4, 24))]


def test_how_soon_is_said_in_hours() -> None:
    (near,) = contact_faults(stands(), "no_answer", "", "", NOW, "")
    (far,) = contact_faults(stands(), "reached", "safe", "", NOW, "")
    assert "24" in near.en
    assert "4320" in far.en
