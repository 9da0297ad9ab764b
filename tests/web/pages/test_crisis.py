"""Danger on the desk: nothing before the question, contact recorded, the number shown once, crises on top."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.case_on_desk import WORDS, CaseOnDesk, held_by, words_of
from tests.support.desk.cases import NOW, accepted
from tests.support.desk.desk_clients import desk
from tests.support.desk.failed_cases import fails, put
from tests.support.desk.page import Element, read_page
from web.language import message

HALF_AN_HOUR = dt.timedelta(minutes=30)
MONEY: dict[str, Any] = {  # enough for plans
    "product": "jiebei",
    "lender_type": "consumer_finance",
    "balance": 3000000,
    "principal": 2800000,
    "interest_fees": 200000,
    "annual_rate_percent": 1800,
    "monthly_due": 250000,
    "income_monthly": 500000,
    "essential_outgoings": 300000,
    "priority_payments": 0,
    "creditors_overdue": 1,
    "other_debt_payments": 0,
    "income_evidence": "official",
    "hardship_evidence": "official",
    "hardship_duration": "temporary",
    "legal_stage": "none",
    "willing_to_pay": True,
}
CRISIS = "再催我就不活了，想自杀"
PERSON = {"name": "测试甲", "phone": "138 0013 8000"}


@pytest.fixture
def working(database_url: str, redis_url: str, vault: Vault) -> Iterator[Callable[..., CaseOnDesk]]:
    with ExitStack() as stack:

        def work(role: Role = "counsellor", submitter: str | None = None, name: str = "wang") -> CaseOnDesk:
            client = stack.enter_context(desk(database_url, redis_url, vault, role, submitter, name))
            return CaseOnDesk(client, database_url, vault)

        yield work


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs here, so nobody waits for one."""
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)


def in_crisis(work: CaseOnDesk, notes: str = CRISIS, row: int = 1, ref: str = "A", **facts: Any) -> None:
    work.decide(accepted(row, ref, {"notes": notes, **PERSON}, **MONEY, **facts), by=load(DEFAULT_PACK))


def at(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment)


def test_a_crisis_is_not_accepted_but_contact_recorded(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    in_crisis(work)
    before = work.desk()
    assert (before["danger"], before["danger_kinds"], before["urgency"], before["calm"]) == (
        "explicit",
        ["self_harm"],
        "U0",
        False,
    )
    assert "contact" in work.can() and not {"accept", "override", "ask", "snooze"} & work.can()
    assert work.act("accept") == 422
    assert work.desk() == before


@pytest.mark.parametrize(
    ("fields", "settled"),
    [
        ({"result": "reached", "safety": "safe"}, True),
        ({"result": "reached", "safety": "not_safe"}, False),
        ({"result": "reached", "safety": "not_judged"}, False),
        ({"result": "no_answer"}, False),
        ({"result": "handed_on", "handed_to": "police"}, False),
        ({"result": "emergency", "safety": "not_safe"}, False),
    ],
)
def test_only_somebody_reached_and_safe_leaves_the_queue(
    working: Callable[..., CaseOnDesk], fields: dict[str, str], settled: bool
) -> None:
    work = working()
    in_crisis(work)
    assert work.act("contact", {**fields, "words": "和当事人的母亲也说了"}) == 303
    desk, (kept,) = work.desk(), work.reviews()
    assert (kept["action"], kept["reason"]) == ("contact", fields["result"])
    assert words_of(work, kept) == "和当事人的母亲也说了"
    assert at(desk["contacted_at"]) == NOW and desk["assignee_id"] == 1
    assert work.many("SELECT subject FROM ledger WHERE kind = 'review'") == ["review:1"]
    if settled:
        assert (desk["status"], desk["danger"], desk["call_at"], desk["calm"]) == ("reviewed", None, None, True)
        assert desk["chosen_strategy"] == "crisis_support"
    else:
        assert (desk["status"], desk["danger"], desk["calm"]) == ("open", "explicit", False)
        assert at(desk["call_at"]) == at(desk["due_at"]) == NOW + HALF_AN_HOUR
        assert "contact" in work.can() and work.done() == ["contact"]


@pytest.mark.parametrize(
    ("role", "fields", "field"),
    [
        ("counsellor", {}, "result"),
        ("counsellor", {"result": "gone"}, "result"),
        ("counsellor", {"result": "reached"}, "safety"),
        ("counsellor", {"result": "no_answer", "safety": "safe"}, "safety"),
        ("counsellor", {"result": "handed_on"}, "handed_to"),
        ("counsellor", {"result": "false_alarm", "words": WORDS}, "result"),
        ("supervisor", {"result": "false_alarm", "words": "没有"}, "words"),
        ("counsellor", {"result": "no_answer", "next_call": "2026-11-23T16:00"}, "next_call"),  # now, in Shanghai
        ("counsellor", {"result": "no_answer", "next_call": "2026-11-24T16:01"}, "next_call"),  # a day and a minute
        ("counsellor", {"result": "no_answer", "next_call": "soon"}, "next_call"),
    ],
)
def test_a_contact_is_refused_where_it_says_too_little(
    working: Callable[..., CaseOnDesk], role: Role, fields: dict[str, str], field: str
) -> None:
    work = working(role)
    in_crisis(work)
    before = work.desk()
    answer = work.client.submit("/cases/1/contact", {"revision": "1", **fields})
    assert (answer.status_code, work.desk()) == (422, before)
    assert f'href="#contact-{field}"' in answer.text


@pytest.mark.parametrize("next_call", ["2026-11-23T16:01", "2026-11-24T16:00"])
def test_the_next_call_is_within_a_day(working: Callable[..., CaseOnDesk], next_call: str) -> None:
    work = working()
    in_crisis(work)
    assert work.act("contact", {"result": "no_answer", "next_call": next_call}) == 303
    assert at(work.desk()["call_at"]) == at(f"{next_call}:00+08:00")


def test_the_page_offers_times_for_the_next_call(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    in_crisis(work)
    assert work.page().values("#contact-call_in option", "value") == ["", "60", "120", "240", "1440"]
    assert work.act("contact", {"result": "no_answer", "call_in": "120"}) == 303
    assert at(work.desk()["call_at"]) == NOW + 2 * dt.timedelta(hours=1)


def test_a_supervisor_may_say_that_there_is_no_danger(working: Callable[..., CaseOnDesk]) -> None:
    work = working("supervisor")
    in_crisis(work)
    assert work.act("contact", {"result": "false_alarm", "words": "备注里说的是店铺的名字"}) == 303
    desk = work.desk()
    assert (desk["danger"], desk["status"], desk["calm"]) == (None, "open", True)
    assert "accept" in work.can() and "contact" not in work.can()


def test_only_a_supervisor_closes_a_case_in_danger(working: Callable[..., CaseOnDesk]) -> None:
    work, boss = working(), working("supervisor", name="li")
    in_crisis(work)
    closing = {"outcome": "closed", "why": "referred"}
    assert work.act("outcome", closing) == 422
    assert boss.act("outcome", closing) == 303
    assert (work.desk()["status"], work.desk()["danger"]) == ("closed", None)


def test_what_a_supervisor_has_stays_with_them(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    in_crisis(work)
    assert work.act("escalate", {"reason": "safety", "words": WORDS}) == 303
    assert work.act("contact", {"result": "reached", "safety": "safe"}) == 303
    assert (work.desk()["danger"], work.desk()["status"], work.desk()["assignee_id"]) == (None, "escalated", None)


def test_a_stale_contact_does_nothing(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    in_crisis(work)
    assert work.act("contact", {"result": "no_answer"}) == 303
    assert work.act("contact", {"result": "reached", "safety": "safe"}, revision=1) == 409
    assert work.desk()["danger"] == "explicit"


def test_nothing_is_handed_out_before_the_question_is_answered(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", PERSON, **MONEY), by=load(DEFAULT_PACK))
    open_page = work.page()
    assert open_page.select(".card.plans") and open_page.select(".card.steps") and open_page.select(".kit .letter")
    assert work.act("outcome", {"outcome": "contacted", "words": "她说不想活了，明天就去跳楼"}) == 303
    held = work.page()
    assert not held.select(".card.plans") and not held.select(".card.steps") and not held.select(".letter")
    assert message("zh", "crisis.title.explicit") in held.texts("#crisis h2")
    printed = work.client.get("/cases/1/kit").raise_for_status().text
    assert "话术和信函" in printed and "分期" not in printed
    assert work.client.get("/cases/1/plans.svg").status_code == 404
    assert work.client.submit("/cases/1/letters/1.txt").status_code == 404
    assert work.act("contact", {"result": "reached", "safety": "not_safe"}) == 303
    assert not work.page().select(".card.plans")
    assert work.act("contact", {"result": "reached", "safety": "safe"}) == 303
    assert work.page().select(".card.plans") and work.page().select(".kit .letter")
    assert work.desk()["status"] == "open", "the case itself is still to be dealt with"


def test_what_somebody_writes_raises_the_case_over_what_it_came_with(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", PERSON, **MONEY), by=load(DEFAULT_PACK))
    quiet = work.desk()
    assert work.act("accept", {"confirmed": "yes", "words": "当事人说活不下去了，想自杀"}) == 303
    raised = work.desk()
    assert (raised["status"], raised["danger"], raised["urgency"]) == ("open", "explicit", "U0")
    assert raised["decided_urgency"] == quiet["urgency"] and raised["calm"] is False
    assert work.many("SELECT detail FROM ledger WHERE kind = 'danger'") == [
        {"grade": "explicit", "kinds": ["self_harm"]}
    ]
    assert at(raised["due_at"]) <= NOW + dt.timedelta(hours=1)
    work.act("contact", {"result": "reached", "safety": "safe", "words": "她说不会自杀，妹妹陪着"})
    assert (work.desk()["danger"], work.desk()["urgency"]) == (None, quiet["urgency"])


def test_what_may_be_danger_is_asked_in_one_place_and_nothing_else_before(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", {"notes": "压力很大，有时候觉得活着没什么意思"}, **MONEY), by=load(DEFAULT_PACK))
    page = work.page()
    assert page.values("input[name=asked]", "value").count("self_harm_signal") == 2, "beside the card, to correct it"
    assert not page.select("#questions") and page.select("#crisis input[name=asked]")
    ids = page.values("[id]", "id")
    assert len(set(ids)) == len(ids)
    assert work.act("answer", {"asked": "self_harm_signal", "fact.self_harm_signal": "false"}) == 303
    work.work_off()
    assert work.page().select("#questions")


def test_a_borrowers_answer_is_looked_through_too(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", PERSON, **MONEY), by=load(DEFAULT_PACK))
    assert work.act("answer", {"asked": "city", "fact.city": "想跳楼自杀"}) == 303
    assert work.desk()["danger"] == "explicit"
    work.work_off()
    assert (work.desk()["danger"], work.desk()["urgency"]) == ("explicit", "U0"), "a new decision silences nothing"


def test_settled_danger_stays_settled_until_other_words_come_in(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    in_crisis(work)
    work.act("contact", {"result": "reached", "safety": "safe"})
    in_crisis(work, city="杭州")
    assert (work.desk()["danger"], work.desk()["status"]) == (None, "reviewed")
    in_crisis(work, notes="又说不想活了")
    again = work.desk()
    assert (again["danger"], again["status"], again["contacted_at"]) == ("explicit", "open", None)
    in_crisis(work, notes="", city="宁波")
    assert work.desk()["danger"] == "explicit", "words that are left out say nothing"


def test_the_number_is_shown_once_to_whoever_calls(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    in_crisis(work)
    assert "13800138000" not in work.client.get("/cases/1").text
    answer = work.client.submit("/cases/1/call")
    assert (
        answer.status_code == 200
        and 'href="tel:13800138000"' in answer.text
        and 'action="/cases/1/contact"' in answer.text
    )
    assert work.many("SELECT detail ->> 'reason' FROM ledger WHERE kind = 'reveal'") == ["safety"]
    assert work.desk()["assignee_id"] == 1, "who calls has the case"
    assert "13800138000" not in work.client.get("/cases/1").text
    other = working(name="zhao")
    assert other.client.submit("/cases/1/call").status_code == 403
    assert not other.page().select(".call")
    assert len(work.many("SELECT seq FROM ledger WHERE kind = 'reveal'")) == 1


def test_no_number_is_shown_without_danger(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", PERSON, **MONEY), by=load(DEFAULT_PACK))
    assert work.client.submit("/cases/1/call").status_code == 404


def test_a_crisis_stands_over_the_borrowers_other_cases(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    rows = [
        accepted(1, "REF", PERSON, borrower_ref="B1", **MONEY),
        accepted(2, "PHONE", {"phone": "+86 138-0013-8000"}, **MONEY),
        accepted(3, "OTHER", {"phone": "13900139000"}, **MONEY),
    ]
    work.decide(*rows, by=load(DEFAULT_PACK))
    work.decide(accepted(1, "THEIRS", {"phone": PERSON["phone"]}, **MONEY), by=load(DEFAULT_PACK), submitter="them")
    work.decide(accepted(1, "CRISIS", {"notes": CRISIS, **PERSON}, borrower_ref="B1"), by=load(DEFAULT_PACK))
    beside = dict(work.many("SELECT jsonb_build_array(case_ref, crisis_beside) FROM desk_case"))
    assert beside == {"REF": True, "PHONE": True, "OTHER": False, "THEIRS": False, "CRISIS": False}
    assert (work.desk(1)["urgency"], work.desk(1)["calm"]) == ("U1", False)  # REF
    page = work.page(2)
    assert page.texts("#crisis h2") == [message("zh", "crisis.title.beside")]
    assert page.values("#crisis a.button", "href") == ["/cases/5"] and not page.select(".card.plans")
    refs = work.client.get("/").text
    assert refs.index("CRISIS") < refs.index("REF") < refs.index("OTHER")
    held_by(work, 1, 5)
    assert work.act("contact", {"result": "reached", "safety": "safe"}, case_id=5) == 303
    assert work.many("SELECT to_jsonb(crisis_beside) FROM desk_case WHERE crisis_beside") == []
    assert work.page(2).select(".card.plans")


def test_the_queue_marks_crises_and_finds_them(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "CALM", {}, **{**MONEY, "legal_stage": "complaint_served"}), by=load(DEFAULT_PACK))
    work.decide(accepted(1, "FORCE", {"notes": "催收上门砸门打人"}, **MONEY), by=load(DEFAULT_PACK))
    in_crisis(work, row=1, ref="LIFE")
    assert [row.select("th a")[0].text for row in work_rows(work, "/")] == ["LIFE", "FORCE", "CALM"]
    assert [row.select("th a")[0].text for row in work_rows(work, "/?crisis=all")] == ["LIFE", "FORCE"]
    work.act("contact", {"result": "no_answer"}, case_id=3)
    assert [row.select("th a")[0].text for row in work_rows(work, "/?crisis=no_contact")] == ["FORCE"]
    assert message("zh", "queue.crisis.untouched") in work_rows(work, "/?crisis=no_contact")[0].text
    boss = working("supervisor", name="li")
    assert [li.one("b").text for li in boss_figures(boss)[:4]] == ["2", "1", "0", "0"]


def work_rows(work: CaseOnDesk, address: str) -> list[Element]:
    return read_page(work.client.get(address).raise_for_status().text).select("tbody tr")


def boss_figures(work: CaseOnDesk) -> list[Element]:
    return read_page(work.client.get("/overview").raise_for_status().text).select("ul.figures li")


def test_a_case_that_could_not_be_evaluated_is_decided_by_hand(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    fails(work.url, work.vault, accepted(1, "A", PERSON, **MONEY))
    put(work.url, work.vault)
    assert [row.select("th a")[0].text for row in work_rows(work, "/?failed=1")] == ["A"]
    page = work.page()
    assert page.texts("#failed h2") == [message("zh", "failed.title")] and not page.select("[data-poll]")
    assert "accept" not in work.can() and {"override", "escalate", "outcome"} <= work.can()
    assert work.act("override", {"strategy": "mediation", "reason": "other", "words": WORDS}) == 303
    assert (work.desk()["status"], work.desk()["chosen_strategy"]) == ("reviewed", "mediation")
    assert work.client.submit("/cases/1/retry").status_code == 303
    assert work.many("SELECT status FROM chunk") == ["pending"]
    assert work.page().texts("#failed p.hint") == [message("zh", "failed.again")]
