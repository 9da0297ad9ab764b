"""One action is done on one case, as it stands under its lock, and appended with what is noted beside it."""

from collections.abc import Mapping
from typing import Any

import psycopg
import pytest

from forbear.accounts.accounts import Role, Viewer
from forbear.case import acting
from forbear.case.acting import Done, act, act_on_all, undoable, withdraw
from forbear.case.actions import ACTIONS
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk.review import NoCaseError, StaleError, take_case
from forbear.locale import said
from tests.support.desk.case_on_desk import PLAN, WORDS
from tests.support.desk.cases import NOW, VAULT, accepted, decided, working_as
from tests.support.desk.desk_clients import account

ESCALATED = {"reason": "complex", "words": WORDS}


@pytest.fixture
def url(database_url: str) -> str:
    """Two decided cases, of which another strategy is recommended for each; the papers of B are asked for."""
    decided(database_url, [accepted(1, "A"), accepted(2, "B", **PLAN)], VAULT)
    return database_url


def viewer(url: str, name: str = "wang", role: Role = "counsellor") -> Viewer:
    return Viewer(account(url, name, role), name, role, None)


def do(
    url: str,
    who: Viewer,
    action: str,
    given: Mapping[str, Any],
    case_id: int = 2,
    revision: int = 1,
    noted: Mapping[str, Any] | None = None,
) -> Done:
    """Do it, and look at the case as it was given to whoever fills in the fields."""

    def filled(context: CaseContext) -> Mapping[str, Any]:
        assert (context.viewer, context.now, context.case.case_id) == (who, NOW, case_id)
        assert context.decided.case_ref == {1: "A", 2: "B"}[case_id]
        assert context.decided.outcome.strategy == context.case.strategy
        return given

    with working_as(who, url) as work:
        done = act(work, case_id, revision, ACTIONS[action], filled, noted)
        work.session.expunge_all()  # what it was before the transaction ended
        return done


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


REVIEWS = "SELECT case_id, decision_id, action, detail - 'before' FROM review ORDER BY id"
ENDED = {"why": "solved", "answered": "kept"}
CASES = "SELECT case_id, status, revision, assignee_id FROM desk_case ORDER BY case_id"


def test_an_action_is_done_on_its_own_case_and_told(url: str) -> None:
    who = viewer(url)
    done = do(url, who, "accept", {"confirmed": True, "follow_up": None, "words": "都谈好了"})
    assert (done.case.case_id, done.case.status, done.case.revision) == (2, "reviewed", 2)
    assert done.act is not None and done.review is not None
    assert (done.act.action, done.act.strategy) == ("accept", "card_plan")
    assert (done.review.case_id, done.review.strategy, done.review.account_id) == (2, "card_plan", who.account_id)
    assert rows(url, REVIEWS) == [(2, 2, "accept", {"answered": "kept"})]
    assert rows(url, CASES) == [(1, "open", 1, None), (2, "reviewed", 2, who.account_id)]


@pytest.mark.parametrize(
    ("action", "given", "kept"),
    [
        ("escalate", ESCALATED, {}),  # an act without details of its own
        ("outcome", {"outcome": "closed", "why": "solved", "follow_up": None, "words": ""}, ENDED),
    ],
)
@pytest.mark.parametrize("noted", [None, {}, {"form": "f1", "language": "en"}])
def test_what_is_noted_stands_beside_what_the_act_tells(
    url: str, action: str, given: dict[str, Any], kept: dict[str, Any], noted: dict[str, Any] | None
) -> None:
    do(url, viewer(url), action, given, noted=noted)
    assert rows(url, REVIEWS) == [(2, 2, action, {**kept, **(noted or {})})]


def test_what_changes_nothing_is_not_appended(url: str) -> None:
    who = viewer(url)
    ticked = do(url, who, "document", {"have": ["proof"]})
    assert ticked.review is not None and ticked.review.detail == {"have": ["proof"], "lack": []}
    again = do(url, who, "document", {"have": ["proof"]}, revision=2)
    assert again.case.case_id == 2
    assert (again.act, again.review) == (None, None)
    assert [action for _, _, action, _ in rows(url, REVIEWS)] == ["document"]
    assert rows(url, CASES) == [(1, "open", 1, None), (2, "open", 2, who.account_id)]


def test_who_handed_a_case_in_takes_it_back(url: str) -> None:
    who = viewer(url)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE desk_case SET chosen_strategy = 'mediation' WHERE case_id = 2")
    with working_as(who, url) as work:
        case, done = withdraw(work, 2, 1, "solved", "  ")
        assert (case.status, case.follow_up_at, case.revision) == ("closed", None, 2)
        assert (done.case_id, done.reason, done.words, done.account_id) == (2, "closed", None, who.account_id)
        _, told = withdraw(work, 1, None, "solved", f" {WORDS} ")
        assert told.words is not None and VAULT.open(told.words, f"review.words:{told.id}") == WORDS
    assert rows(url, REVIEWS) == [(each, each, "outcome", ENDED) for each in (2, 1)]
    tally = "SELECT subject, detail, count FROM daily_tally WHERE measure = 'outcome' ORDER BY subject"
    assert rows(url, tally) == [("counsellor_review", "closed", 1), ("mediation", "closed", 1)]


def test_the_same_is_done_on_many_and_those_it_was_not_done_on_are_counted(url: str) -> None:
    who, given = viewer(url), {"confirmed": True, "follow_up": None, "words": ""}
    with working_as(who, url) as work:
        assert act_on_all(work, [(2, 1), (1, 1), (3, 1)], ACTIONS["accept"], given) == (2, 1)
        for case_id in (1, 2):
            last = undoable(work, take_case(work.session, who, case_id, 2))
            assert last is not None and last.case_id == case_id, "of each the last that was done on it"
    with working_as(who, url) as work:
        assert act_on_all(work, [(2, 1), (1, 7), (3, 1)], ACTIONS["accept"], given) == (0, 3)
    assert [case for _, case, *_ in rows(url, REVIEWS)] == [1, 2]


def test_a_case_that_a_person_has_to_see_to_is_not_taken_back(url: str) -> None:
    who = viewer(url)
    for state, why in (
        ("status = 'closed'", "withdrawal.closed"),
        ("status = 'escalated'", "withdrawal.escalated"),
        ("danger = 'possible'", "withdrawal.danger"),
        ("raised_urgency = 'U0'", "withdrawal.danger"),
        ("danger = 'possible', status = 'escalated'", "withdrawal.danger"),
        ("danger = 'possible', status = 'closed'", "withdrawal.closed"),
    ):
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE desk_case SET status = 'open', danger = NULL, raised_urgency = NULL")
            connection.execute(f"UPDATE desk_case SET {state} WHERE case_id = 1".encode())  # noqa: S608 - ours
        with pytest.raises(RefusedError) as refused, working_as(who, url) as work:
            withdraw(work, 1, None, "solved", "")
        assert [(error.field, error.en) for error in refused.value.errors] == [("case", said(why).en)], state
    assert rows(url, REVIEWS) == []


def test_all_that_a_borrower_wrote_is_looked_through_for_danger() -> None:
    assert [*acting._texts({"a": "one", "b": ["two", 3], "c": ("four",), "d": 5})] == ["one", "two", "four"]
    assert [*acting._texts("one")] == []


def test_what_cannot_be_done_leaves_everything_as_it_was(url: str) -> None:
    who, boss = viewer(url), viewer(url, "boss", "supervisor")
    do(url, boss, "escalate", ESCALATED, case_id=1)
    before = rows(url, REVIEWS), rows(url, CASES)
    with pytest.raises(RefusedError):
        do(url, who, "accept", {"confirmed": True, "follow_up": None, "words": ""}, case_id=1, revision=2)
    with pytest.raises(StaleError):
        do(url, who, "accept", {"confirmed": True, "follow_up": None, "words": ""}, revision=2)
    with pytest.raises(NoCaseError):
        do(url, who, "accept", {"confirmed": True, "follow_up": None, "words": ""}, case_id=3)
    assert (rows(url, REVIEWS), rows(url, CASES)) == before
