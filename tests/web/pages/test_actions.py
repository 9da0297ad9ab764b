"""What people do on a case over HTTP: each action is kept, chained, told, and refused where it must not be."""

import datetime as dt
import html
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from forbear.case import actions
from forbear.ledger.checkpoint import verifier_key
from models.desk import STATUSES
from models.review import ACTIONS as RECORDED
from rules.loading.loader import DEFAULT_PACK, load
from tests.support import qr_reading
from tests.support.desk.case_on_desk import PLAN, WORDS, CaseOnDesk, held_by, words_of
from tests.support.desk.cases import accepted
from tests.support.desk.desk_clients import account, cookie_of, desk
from tests.support.old.old_decisions import recorded, without_bodies
from tools.verify_receipt import verified
from web.language import LANGUAGES, message, messages
from web.views.case import FORMS

ACTIONS: dict[str, dict[str, Any]] = {
    "accept": {"confirmed": "yes"},
    "override": {"strategy": "card_plan", "reason": "facts_wrong", "words": WORDS},
    "ask": {"questions": "income_monthly"},
    "escalate": {"reason": "complex", "words": WORDS},
    "snooze": {"until": "2026-12-01", "reason": "papers"},
    "outcome": {"outcome": "contacted"},
    "answer": {"asked": "income_monthly", "fact.income_monthly": "5000"},
}
STATUS = {
    "accept": "reviewed",
    "override": "reviewed",
    "ask": "waiting",
    "escalate": "escalated",
    "snooze": "snoozed",
    "outcome": "open",
    "answer": "open",
}


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


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_moves_the_case_is_kept_chained_and_told(working: Callable[..., CaseOnDesk], action: str) -> None:
    work = working()
    work.decide()
    assert work.act(action, ACTIONS[action]) == 303
    (kept,) = work.reviews()
    assert (kept["action"], kept["case_id"], kept["account_id"]) == (action, 1, 1)
    assert work.desk()["status"] == STATUS[action]
    assert work.many("SELECT subject FROM ledger WHERE kind = 'review'") == ["review:1"]
    assert work.done() == [action]
    assert work.tallies("reviewed") == [("1", action)]


@pytest.mark.parametrize("action", ACTIONS)
def test_a_submitter_acts_on_no_case(working: Callable[..., CaseOnDesk], action: str) -> None:
    work = working("submitter", "us")
    work.decide()
    assert work.act(action, ACTIONS[action]) == 403
    assert work.reviews() == [] and work.desk()["status"] == "open"


@pytest.mark.parametrize("action", ACTIONS)
def test_a_form_from_elsewhere_does_nothing(working: Callable[..., CaseOnDesk], action: str) -> None:
    work = working()
    work.decide()
    sent = work.client.post(f"/cases/1/{action}", data={"revision": "1", **ACTIONS[action]})
    assert sent.status_code == 403
    assert work.reviews() == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_stale_form_does_nothing_and_keeps_what_was_typed(working: Callable[..., CaseOnDesk], action: str) -> None:
    work = working()
    work.decide()
    typed = {**ACTIONS[action], "words": "打了很久的一段说明文字"}
    answer = work.client.submit(f"/cases/1/{action}", {"revision": "7", **typed})
    assert answer.status_code == 409
    assert "刚才的操作没有执行" in answer.text
    assert "打了很久的一段说明文字" in kept_words(answer.text)
    assert 'name="revision" value="1"' in answer.text
    assert work.reviews() == [] and work.desk()["revision"] == 1


def kept_words(page: str) -> str:
    """What the page says was typed."""
    found = re.search(r'<div id="typed-words">(.*?)</div>', page, re.DOTALL)
    assert found is not None
    assert 'href="#typed"' in page
    return html.unescape(re.sub(r"<[^>]+>", "", found[1]))


KEPT = {
    "accept": ["我自己看过了，仍然接受"],
    "override": ["改用的策略", "原因"],
    "ask": ["要问的问题"],
    "escalate": ["原因"],
    "snooze": ["2026-12-01", "原因"],
    "outcome": ["结果"],
    "answer": ["月收入", "5000"],
}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_typed_is_kept_though_a_colleague_took_the_case(
    working: Callable[..., CaseOnDesk], action: str, lang: str
) -> None:
    """Whoever comes second has no form any more: the case is another's."""
    work, colleague = working(), working(name="li")
    work.decide()
    assert colleague.act("accept", ACTIONS["accept"], revision=1) == 303
    address = f"/cases/1/{action}?lang={lang}"
    answer = work.client.submit(address, {"revision": "1", "words": "打了很久的 <一段> 说明文字", **ACTIONS[action]})
    assert answer.status_code == 409
    assert f'<textarea id="{action}-words"' not in answer.text
    kept = kept_words(answer.text)
    assert "打了很久的 <一段> 说明文字" in kept or "words" in ACTIONS[action]
    for words in ACTIONS[action].get("words", ""), *(KEPT[action] if lang == "zh" else ()):
        assert words in kept
    assert len(work.reviews()) == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_form_sent_twice_is_done_once(working: Callable[..., CaseOnDesk], action: str) -> None:
    work = working()
    work.decide()
    assert [work.act(action, ACTIONS[action], revision=1) for _ in range(2)] == [303, 303]
    assert len(work.reviews()) == 1


def test_another_form_for_the_same_revision_is_stale(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    assert work.act("outcome", {"outcome": "contacted"}, revision=1) == 303
    assert work.act("outcome", {"outcome": "lender_accepted"}, revision=1) == 409
    assert len(work.reviews()) == 1


@pytest.mark.parametrize("action", ACTIONS)
def test_a_case_that_is_not_there_is_not_found(working: Callable[..., CaseOnDesk], action: str) -> None:
    work = working()
    assert work.client.submit(f"/cases/1/{action}", {"revision": "1"}).status_code == 404


def test_the_other_language_of_a_refused_form_is_that_of_the_case(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    assert 'href="/cases/1?lang=en"' in work.client.submit("/cases/1/override", {"revision": "1"}).text


@pytest.mark.parametrize("action", ACTIONS)
def test_a_colleagues_case_is_left_to_them_and_to_supervisors(
    working: Callable[..., CaseOnDesk], database_url: str, action: str
) -> None:
    work = working()
    work.decide()
    held_by(work, account(database_url, "li"))
    assert work.can() == set()
    assert work.act(action, ACTIONS[action]) == 422
    supervisor = account(database_url, "zhao", "supervisor")
    work.client.become(cookie_of(database_url, supervisor))
    assert work.act(action, ACTIONS[action]) == 303
    assert [kept["account_id"] for kept in work.reviews()] == [supervisor]


def test_acting_on_a_free_case_makes_it_mine(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    work.act("outcome", {"outcome": "contacted"})
    assert work.desk()["assignee_id"] == 1


def test_an_escalated_case_is_nobodys_and_only_a_supervisor_decides(
    working: Callable[..., CaseOnDesk], database_url: str
) -> None:
    work = working()
    work.decide()
    work.act("outcome", {"outcome": "contacted"})
    work.act("escalate", ACTIONS["escalate"])
    assert work.desk()["assignee_id"] is None
    assert work.can() == {"answer"}
    assert work.act("accept", ACTIONS["accept"]) == 422
    assert work.act("answer", ACTIONS["answer"]) == 303
    assert (work.desk()["status"], work.desk()["assignee_id"]) == ("escalated", None)
    work.work_off()
    assert work.desk()["status"] == "escalated"
    work.client.become(cookie_of(database_url, account(database_url, "zhao", "supervisor")))
    assert work.act("accept", ACTIONS["accept"]) == 303
    assert work.desk()["status"] == "reviewed"


def test_accepting_keeps_the_strategy_and_counts_for_its_rule(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", **PLAN))
    work.act("accept", {**ACTIONS["accept"], "follow_up": "2026-12-08"})
    assert work.desk()["chosen_strategy"] == "card_plan"
    assert work.desk()["follow_up_at"].startswith("2026-12-07T16:00")  # midnight in Shanghai
    assert work.tallies("accepted") == [("card-plan", "")]


def test_an_override_keeps_the_recommendation_and_counts_against_its_rule(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", **PLAN))
    fields = {"strategy": "counsellor_review", "reason": "lender_practice", "words": WORDS}
    assert work.act("override", fields) == 303
    assert (work.desk()["strategy"], work.desk()["chosen_strategy"]) == ("card_plan", "counsellor_review")
    (kept,) = work.reviews()
    assert (kept["strategy"], kept["reason"], words_of(work, kept)) == ("counsellor_review", "lender_practice", WORDS)
    assert work.tallies("overridden") == [("card-plan", "lender_practice")]


def test_what_a_person_writes_is_sealed_in_the_record_and_shown_on_the_page(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    work.act("override", ACTIONS["override"])
    assert WORDS in work.client.get("/cases/1").text
    assert WORDS not in str(work.many("SELECT to_jsonb(r) FROM review r UNION ALL SELECT to_jsonb(l) FROM ledger l"))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("words", "九个字不够写理由", "至少 10 个字"),
        ("words", "", "至少 10 个字"),
        ("words", "字" * 2001, "最多 2000 个字"),
        ("reason", "mood", "请选择原因"),
        ("strategy", "no_such", "请选择一项策略"),
        ("strategy", "counsellor_review", "请用“接受”"),
        ("follow_up", "tomorrow", "这不是日期"),
        ("follow_up", "2026-11-23", "日期要在明天到"),
        ("follow_up", "2027-05-23", "日期要在明天到"),
    ],
)
def test_a_bad_field_is_told_at_its_field_and_nothing_is_done(
    working: Callable[..., CaseOnDesk], field: str, value: str, sentence: str
) -> None:
    work = working()
    work.decide()
    answer = work.client.submit("/cases/1/override", {"revision": "1", **ACTIONS["override"], field: value})
    assert answer.status_code == 422
    at_field = answer.text.split(f'id="override-{field}-error">')[1].split("</p>")[0]
    assert sentence in at_field
    assert f'aria-describedby="override-{field}-error' in answer.text
    assert work.reviews() == []


def test_ten_characters_are_enough_and_the_last_day_is_half_a_year_away(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    fields = {**ACTIONS["override"], "words": "十个字正好够写理由了", "follow_up": "2027-05-22"}
    assert work.act("override", fields) == 303


def test_asking_makes_a_message_of_the_questions_and_nothing_personal(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", private={"name": "王小明"}))
    assert work.act("ask", {"questions": ["income_monthly", "priority_payments"]}) == 303
    page = work.client.get("/cases/1").text
    assert "1. 收入多少？" in page and "2. 优先支出？" in page and "1. What income?" in page
    assert "王小明" not in page
    assert work.desk()["follow_up_at"].startswith("2026-11-29T16:00")  # in a week
    assert work.reviews()[0]["detail"]["questions"] == ["income_monthly", "priority_payments"]


def test_asking_nothing_is_refused(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    assert work.act("ask", {"questions": "name"}) == 422


def test_a_lender_complaint_is_put_aside_for_the_days_the_pack_says(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.shipped()
    page = work.client.get("/cases/1").text
    assert all(f'name="days" value="{days}"' in page for days in (15, 30, 60))
    assert work.act("snooze", {"days": "30", "reason": "lender_answer"}) == 303
    assert work.desk()["follow_up_at"].startswith("2026-12-22T16:00")


@pytest.mark.parametrize(("until", "status"), [("2026-11-24", 303), ("2026-11-25", 422), ("2026-11-26", 422)])
def test_a_case_waits_for_nothing_beyond_the_day_before_its_deadline(
    working: Callable[..., CaseOnDesk], until: str, status: int
) -> None:
    work = working()
    work.decide(accepted(1, "A", served_on=dt.date(2026, 11, 10), **PLAN))  # to be answered by 2026-11-25
    assert work.act("snooze", {"until": until, "reason": "papers"}) == status


def test_a_clock_nobody_knows_the_start_of_leaves_no_time_to_wait(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.shipped(legal_stage="complaint_served")
    assert work.act("snooze", {"until": "2026-11-24", "reason": "papers"}) == 422


@pytest.mark.parametrize("action", ["snooze", "ask"])
def test_a_crisis_is_not_put_aside(working: Callable[..., CaseOnDesk], action: str) -> None:
    work = working("supervisor")
    work.decide(accepted(1, "A", private={"notes": "不想活了"}))
    assert action not in work.can()
    assert work.act(action, ACTIONS[action]) == 422
    assert work.desk()["status"] == "open"


CLOSING = {"outcome": "closed", "why": "mistake"}


def test_only_a_supervisor_takes_a_crisis_off_the_queue_without_contact(
    working: Callable[..., CaseOnDesk], database_url: str
) -> None:
    work = working()
    work.decide(accepted(1, "A", private={"notes": "不想活了"}))
    fields = {"strategy": "counsellor_review", "reason": "facts_wrong", "words": WORDS}
    assert (work.act("override", fields), work.act("outcome", CLOSING)) == (422, 422)
    work.client.become(cookie_of(database_url, account(database_url, "zhao", "supervisor")))
    assert work.act("override", fields) == 422  # nobody plans anything else before it is settled
    assert work.act("outcome", CLOSING) == 303


def test_a_crisis_is_closed_only_after_somebody_was_reached(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", private={"notes": "不想活了"}))
    assert work.act("accept", ACTIONS["accept"]) == 422
    assert work.act("outcome", CLOSING) == 422
    assert work.act("contact", {"result": "reached", "safety": "safe"}) == 303
    assert work.act("outcome", CLOSING) == 303


def test_a_barred_strategy_has_to_be_confirmed(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.shipped(not_my_loan=True)
    blocked = recorded(work.url)[0].outcome["blocked"][0]
    fields = {"strategy": blocked, "reason": "legal_view", "words": WORDS}
    assert work.act("override", fields) == 422
    assert work.act("override", {**fields, "confirmed": "yes"}) == 303
    assert work.reviews()[0]["detail"]["blocked"] is True


@pytest.mark.parametrize("result", ["contacted", "lender_accepted", "lender_refused", "plan_kept", "plan_broken"])
def test_what_came_of_a_case_is_appended_and_counted_by_strategy(
    working: Callable[..., CaseOnDesk], result: str
) -> None:
    work = working()
    work.decide()
    work.act("accept", ACTIONS["accept"])
    assert work.act("outcome", {"outcome": result}) == 303
    assert work.tallies("outcome") == [("counsellor_review", result)]
    assert work.desk()["status"] == ("open" if result == "plan_broken" else "reviewed")


def test_a_follow_up_of_an_outcome_waits_for_its_day(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    work.act("outcome", {"outcome": "contacted", "follow_up": "2026-12-01"})
    assert work.desk()["status"] == "waiting"


def test_closing_needs_a_reason_and_ends_the_case(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide()
    assert work.act("outcome", {"outcome": "closed"}) == 422
    assert work.act("outcome", {"outcome": "closed", "why": "solved"}) == 303
    assert work.desk()["status"] == "closed"
    assert work.can() == {"resume"}
    assert work.act("accept", ACTIONS["accept"]) == 422
    assert work.act("resume") == 303
    assert work.desk()["status"] == "open"


def test_papers_are_ticked_and_unticked_and_the_list_is_kept(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.decide(accepted(1, "A", **PLAN))
    assert work.ticked() == []
    assert work.act("document", {"have": "proof"}) == 303
    assert work.ticked() == ["proof"]
    assert work.act("document", {"have": "proof"}) == 303  # nothing changed: nothing is recorded
    assert work.act("document", {}) == 303
    assert work.ticked() == []
    assert [(kept["detail"]["have"], kept["detail"]["lack"]) for kept in work.reviews()] == [
        (["proof"], []),
        ([], ["proof"]),
    ]


def test_a_submitter_sees_the_case_and_nothing_of_what_counsellors_did(
    working: Callable[..., CaseOnDesk], database_url: str
) -> None:
    work = working()
    work.decide()
    work.act("override", ACTIONS["override"])
    theirs = account(database_url, "shop", "submitter", "us")
    work.client.become(cookie_of(database_url, theirs))
    page = work.client.get("/cases/1").text
    assert "为什么" in page
    assert WORDS not in page and "wang" not in page and 'action="/cases/1/' not in page
    assert work.can() == set() and work.done() == []


ADDRESSES = ("/cases/1", "/cases/1/decisions/1", "/cases/1/compare?from=1&to=1", "/cases/1/kit")
FILES = ("letters/1.txt", "deadlines.ics", "receipt.json")


@pytest.mark.parametrize("name", FILES)
def test_what_leaves_as_a_file_is_in_the_ledger(
    working: Callable[..., CaseOnDesk], database_url: str, name: str
) -> None:
    work = working()
    work.shipped(**PLAN, hardship_evidence="official", income_evidence="official", hardship_duration="medium")
    assert work.client.get(f"/cases/1/{name}").status_code == 405
    assert work.client.post(f"/cases/1/{name}").status_code == 403, "a form of another site"
    answer = work.client.submit(f"/cases/1/{name}")
    assert answer.status_code == 200 and answer.content
    assert "attachment" in answer.headers["content-disposition"]
    with psycopg.connect(database_url) as connection:
        noted = connection.execute("SELECT subject, detail FROM ledger WHERE kind = 'export'").fetchall()
    assert noted == [("case:1", {"files": [answer.headers["content-disposition"].split('"')[1]]})]


def test_the_receipt_of_the_page_is_checked_by_others_and_of_an_old_decision_there_is_none(
    working: Callable[..., CaseOnDesk], database_url: str
) -> None:
    work = working()
    work.shipped()
    told = work.client.submit("/cases/1/receipt.json").text
    key = str(verifier_key(work.vault))
    assert verified(told, key)["decision"] == 1
    (digits,) = qr_reading.read(work.client.get("/cases/1/kit").text)
    assert verified(digits, key) == verified(told, key) | {"log": verified(digits, key)["log"]} | {
        "signed": verified(digits, key)["signed"]
    }, "the same, in a ledger that has grown since"
    without_bodies(database_url)
    assert qr_reading.read(work.client.get("/cases/1/kit").text) == []
    answer = work.client.submit("/cases/1/receipt.json")
    assert answer.status_code == 404 and "没有凭证" in answer.text


def test_a_letter_that_is_not_there_is_not_found(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.shipped()
    assert work.client.submit("/cases/1/letters/99.txt").status_code == 404


@pytest.mark.parametrize("why", ["stale", "held", "closed"])
def test_a_case_that_was_not_taken_says_why(working: Callable[..., CaseOnDesk], why: str) -> None:
    work = working()
    work.decide()
    told = message("zh", f"told.{why}")
    assert told in work.client.get(f"/cases/1?told={why}").text
    assert told not in work.client.get("/cases/1?told=nonsense").text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_case_of_another_submitter_is_not_found(working: Callable[..., CaseOnDesk], address: str) -> None:
    work = working("submitter", "them")
    work.shipped()
    assert work.client.get(address).status_code == 404


def test_every_code_of_a_case_has_its_words() -> None:
    table = actions.ACTIONS.values()
    forms = [action.name for action in table if action.on_bar]
    fields = [field for action in table for field in action.fields]
    keys = {
        *(f"{family}.{form}" for family in ("action", "about", "send", "done") for form in forms),
        *(f"done.{form}" for form in FORMS),
        *(f"send.{form}" for form in ("answer", "facts", "document")),
        *(f"state.{status}" for status in STATUSES),
        *(f"event.{action}" for action in RECORDED),
        *(field.family + code for field in fields for code in field.codes),
        *(field.label for field in fields if field.label),
    }
    assert [keys - messages(language).keys() for language in LANGUAGES] == [set(), set()]


def test_what_is_unclear_is_accepted_only_by_who_has_seen_what_is_open(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.shipped()
    page = work.client.get("/cases/1").text
    form = page[page.index('id="accept"') : page.index('id="override"')]
    assert "这些还没有问清" in form and 'name="confirmed"' in form
    answer = work.client.submit("/cases/1/accept", {"revision": "1"})
    assert answer.status_code == 422
    assert "这个结论还没有定" in html.unescape(answer.text)
    assert work.act("accept", {"confirmed": "yes"}) == 303


def test_the_strategy_chosen_drives_page_pack_letters_and_papers(working: Callable[..., CaseOnDesk]) -> None:
    work = working()
    work.shipped(hardship_duration="medium", willing_to_pay=True, legal_stage="none")
    pack = load(DEFAULT_PACK)
    recommended = pack.strategies[work.desk()["strategy"]]
    chosen = pack.strategies["standstill_request"]
    assert recommended != chosen and chosen.sentence is not None
    assert work.act("override", {**ACTIONS["override"], "strategy": "standstill_request"}) == 303
    page = html.unescape(work.client.get("/cases/1").text)
    assert f"<h1>{chosen.title.zh}</h1>" in page
    assert f"<s>{recommended.title.zh}</s>" in page
    assert chosen.sentence.zh in page
    kit = work.client.get("/cases/1/kit").text
    assert f"：{chosen.title.zh}" in kit and recommended.title.zh not in kit
