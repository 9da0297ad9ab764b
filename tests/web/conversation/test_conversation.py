"""The conversation over HTTP: once, whoever holds the case, looked through for danger, and heard by nobody else."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from forbear.conversation import agreements
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.case_on_desk import CaseOnDesk, held_by, words_of
from tests.support.desk.cases import AS_OF, NOW, facts_told, working
from tests.support.desk.desk_clients import account, cookie_of, desk, holding
from web.language import message

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
CRISIS = "他说再催就不想活了，想跳楼"
LENT: dict[str, Any] = {
    "product": "jiebei",
    "legal_stage": "none",
    "prior_request": "pending",
    "prior_request_on": AS_OF,
}


@pytest.fixture
def working_desk(database_url: str, redis_url: str, vault: Vault) -> Iterator[Callable[..., CaseOnDesk]]:
    with ExitStack() as stack:

        def work(role: Role = "counsellor", submitter: str | None = None, name: str = "wang") -> CaseOnDesk:
            client = stack.enter_context(desk(database_url, redis_url, vault, role, submitter, name))
            return CaseOnDesk(client, database_url, vault)

        yield work


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker runs here, so nobody waits for one."""
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)


def send(work: CaseOnDesk, address: str, form: str, **fields: str) -> int:
    """Send a form of the conversation; answers the status."""
    given = {name.rstrip("_"): value for name, value in fields.items()}
    return work.client.submit(f"/cases/1/{address}", {"form": form, **given}).status_code


def kinds(work: CaseOnDesk) -> list[str]:
    return [row["kind"] for row in work.many("SELECT to_jsonb(l) FROM ledger l ORDER BY seq")]


def test_a_note_is_written_by_anybody_at_any_time_once_and_reaches_whom_it_names(
    working_desk: Callable[..., CaseOnDesk],
) -> None:
    work = working_desk()
    work.shipped()
    li = account(work.url, "li")
    held_by(work, li)
    before = work.desk()
    assert send(work, "notes", "note", words="@li请回电，她下午在家", once="1") == 303
    assert send(work, "notes", "note", words="@li请回电，她下午在家", once="1") == 303, "the same form again"
    (note,) = work.reviews()
    assert (note["action"], note["detail"]["mentions"], words_of(work, note)) == ("note", [li], "@li请回电，她下午在家")
    assert work.desk() == before, "forms that others have open stay good"
    assert "她下午在家" in work.client.get("/cases/1").raise_for_status().text
    for words, wrong in (("", "note.empty"), ("@lisi 请看", "note.nobody")):
        refused = work.client.submit("/cases/1/notes", {"form": "note", "words": words})
        assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True), wrong
        assert words in refused.text
    with holding(str(work.client.base_url), cookie_of(work.url, li)) as other:
        navigation = other.get("/my-work").text
        assert message("zh", "my_work.waiting", n=1) in navigation
        assert "她下午在家" in navigation
        other.submit("/my-work/seen", {"note": str(note["id"])})
        assert message("zh", "my_work.waiting", n=1) not in other.get("/my-work").text
        assert send(CaseOnDesk(other, work.url, work.vault), "notes", "note", words=f"刚通过电话：{CRISIS}") == 303
    row = work.desk()
    assert (row["danger"], row["urgency"], row["status"]) == ("explicit", "U0", "open")
    assert send(work, "contacts", "contact_log", with_="borrower", channel="phone", result="reached") == 422
    assert send(work, "contacts", "contact_log", with_="family", channel="phone", result="reached") == 303
    assert work.desk()["danger"] == "explicit", "no way around the record of contact"
    assert faults(work.url) == []


def test_contact_and_attempts_are_put_down_with_when_and_with_whom(working_desk: Callable[..., CaseOnDesk]) -> None:
    work = working_desk()
    work.shipped()
    for number, result in enumerate(("no_answer", "wrong_number", "reached", "left_message", "hung_up")):
        fields = {"with_": "borrower", "channel": "phone", "result": result, "once": str(number)}
        assert send(work, "contacts", "contact_log", **fields) == 303
    assert send(work, "contacts", "contact_log", with_="lender", channel="text", result="sent") == 422, "what was sent?"
    assert send(work, "contacts", "contact_log", with_="lender", channel="text", result="sent", words="请回电") == 303
    assert send(work, "contacts", "contact_log", with_="nobody", channel="phone", result="reached") == 422
    late = (NOW + dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    assert send(work, "contacts", "contact_log", with_="other", channel="visit", result="reached", at=late) == 422
    early = (NOW - dt.timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    assert send(work, "contacts", "contact_log", with_="other", channel="visit", result="reached", at=early) == 303
    done = [(each["action"], each["reason"]) for each in work.reviews()]
    assert done == [
        ("contact", each)
        for each in ("no_answer", "wrong_number", "reached", "left_message", "hung_up", "sent", "answered")
    ]
    page = work.client.get("/cases/1/conversation?lang=en").text
    assert "Wrong number" in page and "In person" in page
    assert work.desk()["contacted_at"] is None, "that is about danger"


def test_tasks_have_a_day_and_an_owner_are_ticked_and_opened_again(working_desk: Callable[..., CaseOnDesk]) -> None:
    work = working_desk()
    work.shipped()
    today = AS_OF.isoformat()
    assert send(work, "tasks", "task", words="催银行的书面答复", due_on=today) == 303
    for wrong in ({"words": "", "due_on": today}, {"words": "x", "due_on": ""}, {"words": "x", "due_on": "2026-11-22"}):
        assert send(work, "tasks", "task", **wrong) == 422
    assert send(work, "tasks", "task", words="x", due_on=today, owner="999") == 422
    assert "催银行的书面答复" in work.client.get("/my-work").raise_for_status().text
    assert message("zh", "my_work.waiting", n=1) in work.client.get("/").raise_for_status().text
    for what, left in (("done", 0), ("done", 0), ("reopened", 1)):
        assert send(work, "tasks/1", "settled", what=what) == 303
        assert work.one("SELECT count(*) FROM task WHERE done_at IS NULL") == left
    assert [each["reason"] for each in work.reviews()] == ["made", "done", "reopened"]
    assert kinds(work).count("task") == 3
    assert work.client.submit("/cases/1/tasks/9", {"form": "settled"}).status_code == 404
    assert faults(work.url) == []


def test_a_lenders_answer_moves_the_facts_and_its_instalments_are_followed(
    working_desk: Callable[..., CaseOnDesk],
) -> None:
    work = working_desk()
    work.shipped(**LENT)
    terms = {"amount": "1,200.50", "count": "4", "first_due": "2026-12-31", "in_writing": "no"}

    def answer(answer: str, **fields: str) -> int:
        revision = str(work.desk()["revision"])
        given = {"answer": answer, "received_on": AS_OF.isoformat(), "revision": revision, **fields}
        status = send(work, "lender-answers", "lender", **given)
        work.work_off()
        return status

    def known(name: str) -> Any:
        return facts_told(work.one("SELECT facts FROM case_version ORDER BY number DESC LIMIT 1"), work.url).get(name)

    for wrong in ({"amount": "0"}, {"count": "0"}, {"first_due": ""}, {"in_writing": ""}, {"amount": "viel"}):
        assert answer("accepted", **{**terms, **wrong}) == 422, wrong
    assert answer("accepted", received_on="2026-12-01") == 422
    assert answer("debt_sold") == 422, "to whom?"
    assert work.reviews() == []

    assert answer("refused", words="系统里没有方案") == 303
    assert known("prior_request") == "refused"
    assert answer("eligibility_disputed") == 303, "the facts say so already"
    assert answer("counter_offer", amount="1500", count="12", first_due="2026-12-20", in_writing="no") == 303
    assert known("prior_request") == "countered"
    assert work.one("SELECT count(*) FROM agreement") == 0
    assert answer("accepted", **terms, words="减免违约金") == 303
    assert known("prior_request") == "accepted"
    outcomes = [each["reason"] for each in work.reviews()]
    assert outcomes == ["lender_refused", "eligibility_disputed", "lender_countered", "lender_accepted"]
    assert work.desk()["status"] in ("reviewed", "open")
    days = work.many("SELECT to_jsonb(due_on || ' ' || last_day || ' ' || amount) FROM instalment ORDER BY number")
    assert days[:2] == ["2026-12-31 2026-12-31 120050", "2027-01-31 2027-02-01 120050"]
    assert days[2:] == ["2027-02-28 2027-03-01 120050", "2027-03-31 2027-03-31 120050"]

    def follow(day: str) -> int:
        with working(work.url, work.vault) as at:
            return agreements.follow(at, dt.date.fromisoformat(day))

    assert follow("2026-12-31") == 0
    assert follow("2027-01-01") == 1
    assert (work.desk()["status"], work.desk()["aged"]) == ("open", ["instalment_late"])
    assert follow("2027-01-01") == 0, "once"
    assert message("zh", "bar.aged.instalment_late") in work.client.get("/cases/1").raise_for_status().text
    assert send(work, "agreements/1/instalments/1", "paid", paid_on="2026-11-24") == 422, "not in the future"
    assert send(work, "agreements/1/instalments/1", "paid", paid_on=AS_OF.isoformat()) == 303
    assert work.desk()["aged"] == []
    assert follow("2027-02-02") == 1
    assert follow("2027-03-02") == 1
    assert work.many("SELECT to_jsonb(status) FROM instalment ORDER BY number") == ["kept", "broken", "late", "due"]
    assert work.one("SELECT to_jsonb(status) FROM agreement") == "broken"
    assert "plan_broken" in {detail for _, detail in work.tallies("outcome")}
    assert work.desk()["aged"] == ["instalment_broken", "instalment_late"]
    for number, status in ((2, "broken"), (3, "running")):  # what was missed is paid
        assert send(work, f"agreements/1/instalments/{number}", "paid", paid_on=AS_OF.isoformat()) == 303
        assert work.one("SELECT to_jsonb(status) FROM agreement") == status
    assert send(work, "agreements/1/end", "ended", words="已另行约定") == 303
    assert work.one("SELECT to_jsonb(status) FROM agreement") == "ended"
    assert answer("debt_sold", sold_to="某资产管理公司") == 303
    assert (known("lender_type"), known("prior_request")) == ("assignee", "none")
    assert answer("debt_sold", sold_to=CRISIS) == 303
    assert work.desk()["danger"] == "explicit", "whatever a field is for"
    assert faults(work.url) == []


def test_files_are_told_by_their_content_sealed_inert_and_taken_away(working_desk: Callable[..., CaseOnDesk]) -> None:
    work = working_desk()
    work.shipped()

    def attach(name: str, content: bytes, **fields: str) -> int:
        return send_file(work, name, content, **fields)

    assert attach("失业登记.png", PNG, evidence="hardship_evidence:official", once="1") == 303
    assert attach("失业登记.png", PNG, evidence="hardship_evidence:official", once="1") == 303, "the same form again"
    for name, content, evidence in (
        ("a.png", b"<html><script>alert(1)</script>", ""),
        ("a.pdf", b"", ""),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        ("big.png", PNG + b"0" * 10 * 1024 * 1024, ""),
        ("a.png", PNG, "hardship_evidence:none"),
    ):
        assert attach(name, content, evidence=evidence) == 422, name
    assert work.one("SELECT count(*) FROM attachment") == 1
    assert PNG not in bytes.fromhex(work.one("SELECT to_jsonb(encode(content, 'hex')) FROM attachment"))
    assert "失业登记.png" in work.client.get("/cases/1").raise_for_status().text
    shown = work.client.submit("/cases/1/attachments/1/open")
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert shown.headers["content-disposition"].startswith("inline;")
    assert attach("letter.html", b"%PDF-1.7 ...") == 303
    assert message("zh", "attachment.misnamed", kind="PDF", ending=".pdf") in work.page().text
    saved = work.client.submit("/cases/1/attachments/2/open")
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''letter.html.pdf"
    assert send(work, "attachments/1/take-away", "taken", words="") == 422
    assert send(work, "attachments/1/take-away", "taken", words="传错了") == 303
    assert work.client.submit("/cases/1/attachments/1/open").status_code == 404
    assert work.many("SELECT to_jsonb(content IS NULL AND name IS NULL) FROM attachment ORDER BY id") == [True, False]
    assert kinds(work).count("attachment") == 5, "kept twice, opened twice, taken away"
    assert faults(work.url) == []


def send_file(work: CaseOnDesk, name: str, content: bytes, **fields: str) -> int:
    files = {"file": (name, content, "application/octet-stream")}
    return work.client.submit("/cases/1/attachments", {"form": "attach", **fields}, files=files).status_code


def test_nobody_but_who_works_here_sees_or_sends_any_of_it(working_desk: Callable[..., CaseOnDesk]) -> None:
    work = working_desk("submitter", "us", "shop")
    work.shipped()
    for address in ("notes", "contacts", "tasks", "tasks/1", "lender-answers", "attachments", "attachments/1/open"):
        assert work.client.submit(f"/cases/1/{address}", {"form": "note", "words": "x"}).status_code == 403
    for page in ("/cases/1/conversation", "/my-work"):
        assert work.client.get(page).status_code == 403
    assert work.client.post("/cases/1/notes", data={"form": "note", "words": "x"}).status_code == 403
    assert not re.search(r'id="(conversation|attachments)"', work.client.get("/cases/1").text)
    assert work.reviews() == []
