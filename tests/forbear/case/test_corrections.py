"""Answers and corrections make a new version that is decided anew; everything else of the case stays as it was."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forbear.base.vault import Vault, private_of
from forbear.case.corrections import _changed, asked_of, cell
from forbear.ops.embedded import Urls
from rules.facts.case_facts import Facts, Parser, reader
from rules.facts.cells import Value
from rules.facts.numbers import MAX_YUAN
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.case_on_desk import CaseOnDesk
from tests.support.desk.cases import NOW, accepted, facts_told, pack, submitted
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk, served
from tests.support.desk.page import read_page
from tests.support.desk.processes import DEADLINE, Site, until
from web import auth

PRIVATE = {"name": "王小明", "phone": "13800138000", "notes": "住在幸福路"}
INCOME = {"asked": "income_monthly", "fact.income_monthly": "5000"}
# Everything the tiny pack asks before it recommends instalments.
ALL: dict[str, Any] = {
    "asked": ["income_monthly", "essential_outgoings", "priority_payments", "monthly_due", "annual_rate_percent"],
    "fact.income_monthly": "5000",
    "fact.essential_outgoings": "3,000元",
    "fact.priority_payments": "500",
    "fact.monthly_due": "2500",
    "fact.annual_rate_percent": "18",
}


@pytest.fixture
def work(database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseOnDesk]:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)
    monkeypatch.setattr("forbear.base.packs.shipped", pack)  # new facts are decided by the tiny pack
    with desk(database_url, redis_url, vault) as client:
        yield CaseOnDesk(client, database_url, vault)


def test_an_answer_makes_a_version_and_the_page_shows_what_changed(work: CaseOnDesk) -> None:
    work.decide()
    assert work.act("answer", {**ALL, "form": "questions"}) == 303
    assert work.is_outdated()
    assert "收到了更新的资料" in work.client.get("/cases/1?done=questions").text
    work.work_off()
    assert not work.is_outdated()
    html = work.client.get("/cases/1?done=questions").text
    assert '<details class="card since" id="since" open>' in html
    page = read_page(html)
    assert page.one("h1").text == "个性化分期"
    assert page.texts("#since .turns dd")[:2] == ["人工研判 → 变为 个性化分期", "U4 较缓 → 变为 U3 一般"]
    changed = page.texts("#since tbody tr")
    assert any(row.startswith("月收入") and "¥5,000.00" in row for row in changed)
    assert any(row.startswith("还款能力") for row in changed)


def test_what_is_private_stays_as_it_was_and_the_content_is_told_by_the_same_mac(
    work: CaseOnDesk, vault: Vault
) -> None:
    work.decide(accepted(1, "A", private=PRIVATE, extra={"备用": "x"}))
    work.act("answer", INCOME)
    sealed = work.many("SELECT to_jsonb(private) FROM case_version ORDER BY id")
    versions = work.many("SELECT id FROM case_version ORDER BY id")
    private = [bytes.fromhex(each.removeprefix("\\x")) for each in sealed]
    opened = [private_of(vault, version, each) for version, each in zip(versions, private, strict=True)]
    assert opened == [{"facts": PRIVATE, "extra": {"备用": "x"}}] * 2
    # The same row from a spreadsheet is the same content: nothing new.
    done = submitted(work.url, [accepted(1, "A", private=PRIVATE, extra={}, income_monthly=500000)], vault)
    assert (done.accepted, done.unchanged) == (0, 1)


def test_a_version_belongs_to_the_submitter_of_the_case_and_is_urgent_and_of_today(work: CaseOnDesk) -> None:
    work.decide(submitter="them")
    work.act("answer", INCOME)
    latest = work.one("SELECT to_jsonb(b) FROM batch b WHERE status = 'running'")
    assert (latest["submitter"], latest["as_of"], latest["rows_read"]) == ("them", "2026-11-23", 1)
    assert work.many("SELECT queue FROM chunk WHERE status = 'pending'") == ["urgent"]


def test_blank_means_not_known_and_other_facts_stay(work: CaseOnDesk) -> None:
    work.decide(accepted(1, "A", income_monthly=500000, debt_disputed=True))
    assert work.act("answer", {"asked": "income_monthly", "fact.income_monthly": ""}) == 303
    facts = work.submitted(2)
    assert "income_monthly" not in facts and facts["debt_disputed"] is True and facts["days_overdue"] == 100


def test_a_list_tells_none_of_these_from_not_known(work: CaseOnDesk) -> None:
    work.decide()
    asked = {"asked": "collection_violations"}
    assert work.act("answer", {**asked, "fact.collection_violations": "[]"}) == 303
    work.work_off()
    assert work.submitted(2)["collection_violations"] == []
    assert work.act("answer", {**asked, "fact.collection_violations": ["hours", "visit"]}) == 303
    work.work_off()
    assert work.submitted(3)["collection_violations"] == ["hours", "visit"]
    assert work.act("answer", asked) == 303
    assert "collection_violations" not in work.submitted(4)


@pytest.mark.parametrize(
    ("field", "cell_text"),
    [("income_monthly", "很多"), ("served_on", "2026-02-30"), ("product", "飞机"), ("days_overdue", "")],
)
def test_a_bad_answer_is_told_at_its_field_and_kept(work: CaseOnDesk, field: str, cell_text: str) -> None:
    work.decide()
    fields = {"revision": "1", "form": "facts", "asked": field, f"fact.{field}": cell_text}
    answer = work.client.submit("/cases/1/answer", fields)
    assert answer.status_code == 422
    assert f'id="facts-{field}-error"' in answer.text
    assert work.reviews() == [] and work.one("SELECT count(*) FROM case_version") == 1


def test_what_has_happened_cannot_lie_ahead(
    database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)
    with desk(database_url, redis_url, vault) as client:
        work = CaseOnDesk(client, database_url, vault)
        work.shipped()
        asked = {"asked": "served_on", "revision": "1", "form": "facts"}
        refused = client.submit("/cases/1/answer", {**asked, "fact.served_on": "2026-11-24"})
        assert refused.status_code == 422
        assert "晚于评估日期2026-11-23" in refused.text.split('id="facts-served_on-error">')[1].split("</p>")[0]
        assert work.act("answer", {"asked": "served_on", "fact.served_on": "2026-11-23"}) == 303


def test_changing_nothing_is_refused(work: CaseOnDesk) -> None:
    work.decide(accepted(1, "A", income_monthly=500000))
    assert work.act("answer", INCOME) == 422
    assert work.one("SELECT count(*) FROM case_version") == 1


@pytest.mark.parametrize("name", ["case_ref", "name", "phone", "notes", "capacity", "note_flags", "nonsense"])
def test_what_nobody_may_fill_in_is_passed_over(work: CaseOnDesk, name: str) -> None:
    work.decide(accepted(1, "A", private=PRIVATE))
    assert work.act("answer", {"asked": name, f"fact.{name}": "B"}) == 422


def test_what_was_asked_for_because_it_was_in_doubt_may_be_confirmed_and_is_in_doubt_no_more() -> None:
    policy = load(DEFAULT_PACK)
    before: Facts = {
        "case_ref": "K-1",
        "product": "credit_card",
        "hardship": "none_stated",
        "days_overdue": 45,
        "in_doubt": ("income_very_high", "no_request_with_its_day"),
    }
    facts, changed = _changed(policy, before, "K-1", {"income_monthly": "96000"}, dt.date(2026, 11, 23))
    assert facts["income_monthly"] == 9_600_000
    assert facts["in_doubt"] == ("no_request_with_its_day",)
    assert changed == ("income_monthly",)
    both, _ = _changed(policy, facts, "K-1", {"prior_request": "refused"}, dt.date(2026, 11, 23))
    assert "in_doubt" not in both


def test_facts_that_came_in_meanwhile_are_not_overwritten(work: CaseOnDesk, vault: Vault) -> None:
    work.decide()
    submitted(work.url, [accepted(1, "A", income_monthly=100)], vault)
    assert work.act("answer", INCOME) == 409
    assert work.one("SELECT count(*) FROM case_version") == 2


def test_an_answer_ends_the_waiting(work: CaseOnDesk) -> None:
    work.decide()
    work.act("ask", {"questions": "income_monthly"})
    work.act("answer", INCOME)
    assert (work.desk()["status"], work.desk()["follow_up_at"]) == ("open", None)


def test_days_overdue_have_gone_on_since_the_version_was_handed_in(
    database_url: str, redis_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)
    monkeypatch.setattr("forbear.base.packs.shipped", pack)
    who = account(database_url)
    later = NOW + dt.timedelta(days=10)
    with served(database_url, redis_url, vault, later) as address:
        cookies = {auth.COOKIE: cookie_of(database_url, who, later)}
        with Desk(base_url=address, trust_env=False, timeout=DEADLINE, cookies=cookies) as client:
            work = CaseOnDesk(client, database_url, vault)
            work.decide(accepted(1, "A", days_overdue=100), accepted(2, "B", days_overdue=0))
            for case_id in (1, 2):
                assert work.act("answer", INCOME, case_id) == 303
    stored = work.many("SELECT facts FROM case_version WHERE number = 2 ORDER BY case_id")
    assert [facts_told(facts, database_url)["days_overdue"] for facts in stored] == [110, 0]


def test_the_difference_of_any_two_decisions_has_an_address(work: CaseOnDesk) -> None:
    work.decide()
    work.act("answer", ALL)
    work.work_off()
    address = "/cases/1/compare?from=1&to=2"
    told = read_page(work.client.get(address).text)
    assert "两次判断的差异" in told.text
    rules, questions, *_ = told.select("ul.moved")
    assert any("个性化分期" in text for text in rules.texts(".came"))
    assert questions.texts(".went") != []
    assert work.client.get("/cases/1/compare?from=1&to=3").status_code == 404
    back = read_page(work.client.get("/cases/1/compare?from=2&to=1").text)
    there, here = (page.texts(".turns dd")[0].split(" → 变为 ") for page in (told, back))
    assert len(there) == 2 and here == there[::-1]


_SHIPPED = load(DEFAULT_PACK)
_FACTS = {name: _SHIPPED.vocabulary.facts[name] for name in asked_of(_SHIPPED)}
_PARSER = Parser(_SHIPPED.vocabulary, rule_test=True)  # which doubts nothing
_VALUES: dict[str, st.SearchStrategy[Value]] = {
    "money": st.integers(0, MAX_YUAN * 100),
    "rate": st.integers(0, 9_999_900),
    "bool": st.booleans(),
    "date": st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)),
}


@settings(deadline=None)
@given(st.data())
def test_a_form_holds_a_value_as_its_reader_reads_it_back(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(name for name, fact in _FACTS.items() if fact.type != "text")))
    fact = _FACTS[name]
    choices = sorted(fact.values)
    value: Value = data.draw(
        st.sampled_from(choices)
        if fact.type == "enum"
        else st.sets(st.sampled_from(choices)).map(lambda found: tuple(sorted(found)))
        if fact.type == "list"
        else st.integers(fact.minimum or 0, fact.maximum or 1000)
        if fact.type == "int"
        else _VALUES[fact.type]
    )
    assert reader(fact)(cell(fact, value)) == value
    assert _PARSER.parse({name: cell(fact, value)})[0] == {name: value}


def test_a_real_worker_decides_an_answer_while_the_counsellor_waits(
    servers: Urls, database_url: str, redis_url: str, vault: Vault, tmp_path: Path
) -> None:
    site = Site(Urls(database=database_url, redis=redis_url), tmp_path)
    with site.worker(), desk(database_url, redis_url, vault) as client:
        work = CaseOnDesk(client, database_url, vault)
        work.decide()
        assert work.act("answer", ALL) == 303
        until(lambda: not work.is_outdated(), "a worker to decide the answer")
        assert len(work.page().select(".history tbody tr")) == 2
