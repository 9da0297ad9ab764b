"""Undo: within a minute, of one's own last action, by a review more; never of danger, never over what others did."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.case import acting
from forbear.case.workflow import RefusedError
from forbear.desk.review import StaleError
from tests.support.desk.case_on_desk import WORDS, CaseOnDesk, held_by
from tests.support.desk.cases import NOW, accepted, working_as
from tests.support.desk.desk_clients import account, desk

WAITED = NOW + dt.timedelta(seconds=60)
LATE = WAITED + dt.timedelta(microseconds=1)
STOOD = ("status", "chosen_strategy", "changed", "follow_up_at", "assignee_id", "aged")


@pytest.fixture
def work(database_url: str, redis_url: str, vault: Vault) -> Iterator[CaseOnDesk]:
    with desk(database_url, redis_url, vault) as client:
        found = CaseOnDesk(client, database_url, vault)
        found.decide()
        yield found


def stands(work: CaseOnDesk) -> dict[str, Any]:
    return {name: value for name, value in work.desk().items() if name in STOOD}


def take_back(work: CaseOnDesk, account_id: int = 1, at: dt.datetime = WAITED, revision: int | None = None) -> None:
    with working_as(Viewer(account_id, "wang", "counsellor", None), work.url, work.vault, at) as begun:
        acting.undo(begun, 1, revision or work.desk()["revision"])


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("accept", {"confirmed": "yes", "follow_up": "2026-12-01"}),
        ("override", {"strategy": "card_plan", "reason": "other", "words": WORDS}),
        ("snooze", {"until": "2026-12-01", "reason": "papers"}),
        ("escalate", {"reason": "complex", "words": WORDS}),
        ("ask", {"questions": "income_monthly"}),
        ("outcome", {"outcome": "closed", "why": "solved"}),
    ],
)
def test_what_was_done_last_is_taken_back_by_a_review_more(
    work: CaseOnDesk, action: str, fields: dict[str, str]
) -> None:
    before, revision = stands(work), work.desk()["revision"]
    assert work.act(action, fields) == 303
    assert stands(work) != before
    take_back(work)
    assert stands(work) == before
    assert work.desk()["revision"] == revision + 2
    first, second = work.reviews()
    assert (first["action"], second["action"], second["detail"]["undone"]) == (action, "resume", action)
    assert work.many("SELECT subject FROM ledger WHERE kind = 'review' ORDER BY seq") == ["review:1", "review:2"]
    counted = "SELECT count(*) FROM daily_tally WHERE measure IN ('accepted', 'overridden', 'outcome')"
    assert work.one(f"{counted} AND count < 0") == work.one(f"{counted} AND count > 0")
    assert work.one(counted.replace("count(*)", "coalesce(sum(count), 0)")) == 0


def test_the_page_offers_it_does_it_and_tells_both(work: CaseOnDesk) -> None:
    work.act("accept", {"confirmed": "yes"})
    page = work.client.get("/cases/1?done=accept").text
    assert "撤销（一分钟内）" in page
    answer = work.client.submit("/cases/1/undo", {"revision": str(work.desk()["revision"])})
    assert answer.headers["location"] == "/cases/1?done=undo"
    assert work.desk()["status"] == "open"
    told = work.page().one(".timeline").text
    assert "撤销 接受推荐" in told and told.count("接受推荐") == 2
    again: httpx.Response = work.client.submit("/cases/1/undo", {"revision": str(work.desk()["revision"])})
    assert again.headers["location"] == "/cases/1?told=undo"
    assert "撤销不了了" in work.client.get("/cases/1?told=undo").text


def test_it_is_too_late_after_a_minute_or_once_something_else_happened_or_for_somebody_else(work: CaseOnDesk) -> None:
    work.act("accept", {"confirmed": "yes"})
    other = account(work.url, "li", "supervisor")
    with pytest.raises(RefusedError):
        take_back(work, at=LATE)
    with pytest.raises(RefusedError):
        take_back(work, other)
    with pytest.raises(StaleError):
        take_back(work, revision=1)
    work.decide(accepted(1, "A", days_overdue=130))  # newer facts
    with pytest.raises(RefusedError):
        take_back(work)
    work.act("document", {"have": ""})
    held_by(work, 1)
    assert work.desk()["status"] == "reviewed"


def test_nothing_about_danger_is_taken_back(work: CaseOnDesk) -> None:
    work.decide(accepted(1, "A", {"notes": "我不想活了"}))
    assert work.act("escalate", {"reason": "safety", "words": WORDS}) == 303
    with pytest.raises(RefusedError):
        take_back(work)
    assert work.desk()["status"] == "escalated"
