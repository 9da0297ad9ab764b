"""Danger on the desk: what holds the talks back, and what words of people raise a case to."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.base.vault import Vault
from forbear.desk.danger import heed, hold_on, holds_of, urgency_of
from models.desk import WorklistItem
from rules.decision.safety_hold import SafetyHold
from rules.pack.files.red_flags import Grade
from tests.support.desk.cases import NOW, VAULT, accepted, decided, working, working_as
from tests.support.packs.default_pack import pack

CRISIS, ASKED, BEATEN = "不想活了", "没有轻生念头", "催收的人打了我"
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("grade", "kinds", "urgency"),
    [
        ("explicit", ["self_harm", "violence"], "U0"),
        ("explicit", ["violence"], "U1"),
        ("possible", ["self_harm"], "U1"),
    ],
)
def test_explicit_self_harm_is_a_crisis_and_other_danger_comes_next(
    grade: Grade, kinds: list[str], urgency: str
) -> None:
    assert urgency_of(grade, kinds) == urgency


def test_a_case_is_held_by_its_own_danger_or_else_by_a_crisis_beside_it(database_url: str, vault: Vault) -> None:
    rows = [
        accepted(1, "LIFE", {"notes": CRISIS}, borrower_ref="B"),
        accepted(2, "BESIDE", borrower_ref="B"),
        accepted(3, "ASK", {"notes": ASKED}, borrower_ref="C"),
        accepted(4, "AFTER", borrower_ref="C"),
    ]
    decided(database_url, rows, vault, by=pack())
    life = SafetyHold("explicit", ("self_harm",))
    beside = SafetyHold("explicit", ("self_harm",), "LIFE")
    ask = SafetyHold("possible", ("self_harm",))
    with working(database_url) as work:
        assert [hold_on(work.session, case) for case in (1, 2, 3, 4)] == [life, beside, ask, None]
        batch = work.session.get_one(WorklistItem, 1).batch_id
        assert holds_of(work.session, batch) == {1: life, 2: beside, 3: ask}
        said = "SELECT crisis_beside FROM desk_case ORDER BY case_id"  # for the queue's order
        assert [*work.session.connection().exec_driver_sql(said).scalars()] == [False, True, False, False]


@pytest.fixture
def work(database_url: str) -> Iterator[ViewerWork]:
    """A transaction about two calm cases of one person, by somebody of the desk."""
    decided(database_url, [accepted(1, "A", borrower_ref="B"), accepted(2, "D", borrower_ref="B")], VAULT, by=pack())
    with working_as(Viewer(1, "wang", "counsellor", None), database_url, by=pack()) as opened:
        yield opened
        opened.roll_back()


def test_words_raise_a_case_and_what_was_found_before_is_not_found_again(work: ViewerWork) -> None:
    """Each on the case as it stood before, put aside and called about, and due in two hours."""
    case = work.session.get_one(WorklistItem, 1)
    calm: dict[str, Any] = {"danger": None, "danger_kinds": [], "raised_urgency": None}

    def heeded(text: str, judged: tuple[str, ...] = (), **before: Any) -> dict[str, Any]:
        usual = {**calm, "contacted_at": NOW, "call_at": NOW, "status": "snoozed", "follow_up_at": NOW, "revision": 1}
        for name, value in {**usual, "respond_by": NOW + 2 * HOUR, "due_at": NOW + 3 * HOUR, **before}.items():
            setattr(case, name, value)
        work.noted.clear()
        heed(work, case, ["电话打不通", text], judged)
        changed = case.revision == 2
        assert (case.contacted_at is None, case.call_at is None) == (changed, changed)
        assert [entry.kind for _, entry in work.noted if entry.subject == f"case:{case.case_id}"] == (
            ["danger"] if changed else []
        )
        return {name: getattr(case, name) for name in calm} if changed else {}

    crisis = {"danger": "explicit", "danger_kinds": ["self_harm"], "raised_urgency": "U0"}
    assert heeded("下周再打") == {}
    assert heeded(CRISIS) == crisis
    assert (case.status, case.follow_up_at) == ("open", None)
    assert (case.respond_by, case.due_at) == (NOW + HOUR, NOW + HOUR)
    assert work.noted[0][1].detail == {"grade": "explicit", "kinds": ["self_harm"]}
    assert work.noted[0][1].subject == "case:1"
    assert hold_on(work.session, 2) == SafetyHold("explicit", ("self_harm",), "A")
    assert work.session.connection().exec_driver_sql("SELECT crisis_beside FROM desk_case").scalars().all() == [
        *(False, True)
    ]
    assert heeded(CRISIS, judged=("self_harm",)) == {}
    assert heeded(CRISIS, judged=("violence",)) == crisis
    # what is known already, as grave or graver
    assert heeded(CRISIS, danger="explicit", danger_kinds=["self_harm"]) == {}
    assert heeded(ASKED, danger="explicit", danger_kinds=["self_harm", "violence"]) == {}
    # graver than what is known, or another kind
    assert heeded(CRISIS, danger="possible", danger_kinds=["self_harm"]) == crisis
    beaten = heeded(BEATEN, danger="explicit", danger_kinds=["self_harm"], raised_urgency="U0")
    assert beaten == {**crisis, "danger_kinds": ["self_harm", "violence"]}
    asked = heeded(ASKED, danger="explicit", danger_kinds=["violence"], raised_urgency="U1")
    assert asked == {"danger": "explicit", "danger_kinds": ["self_harm", "violence"], "raised_urgency": "U1"}
    possible = {"danger": "possible", "danger_kinds": ["self_harm"], "raised_urgency": "U1"}
    assert heeded(ASKED, status="escalated", follow_up_at=None) == possible
    assert (case.status, case.respond_by, case.due_at) == ("escalated", NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert heeded(ASKED, respond_by=NOW + 9 * HOUR, due_at=NOW + 7 * HOUR, status="open") == possible
    assert (case.respond_by, case.due_at) == (NOW + 8 * HOUR, NOW + 7 * HOUR)
