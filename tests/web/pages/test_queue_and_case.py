"""The pages tell what the record holds: the queue in its order, a case with its reasons, and nothing personal."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from forbear.base.vault import Vault
from forbear.batch.recorded_decision import latest_decision
from forbear.desk.worklist import QueueFields, place
from forbear.intake import Accepted
from models.database.session import Waits, session
from models.operation.heartbeat import Heartbeat
from rules.loading.loader import DEFAULT_PACK, load
from rules.text.decision_view import DecisionView
from tests.support.desk.cases import AS_OF, NOW, VAULT, accepted, decided, engine_of, many, pack, submitted, working
from tests.support.desk.desk_clients import account, cookie_of, desk
from tests.support.desk.page import Element, read_page
from tests.support.desk.processes import DEADLINE
from tests.support.desk.serving import serving
from tests.support.old.old_decisions import without_bodies
from web import auth
from web.app import create_app
from web.deps import SessionDep, now

PLAN: dict[str, Any] = {
    "income_monthly": 500000,
    "essential_outgoings": 300000,
    "priority_payments": 50000,
    "monthly_due": 250000,
    "annual_rate_percent": 1800,
}


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with desk(database_url, redis_url, vault) as opened:
        yield opened


def decide(url: str, vault: Vault, *rows: Accepted, **terms: object) -> None:
    """Submit the rows as one batch and do what a worker does."""
    decided(url, rows, vault, **terms)


def in_crisis(row: int, case_ref: str) -> Accepted:
    return accepted(row, case_ref, private={"notes": "我不想活了"})


def with_plan(row: int, case_ref: str, served_on: dt.date | None = None, **facts: Any) -> Accepted:
    return accepted(row, case_ref, served_on=served_on, **PLAN, **facts)


def refs(client: httpx.Client, address: str = "/") -> list[str]:
    return queue(client, address).texts(".in-case a")


def queue(client: httpx.Client, address: str = "/") -> Element:
    return read_page(client.get(address).raise_for_status().text)


def following(page: Element) -> str | None:
    """Where the next page of the queue starts."""
    return next(iter(page.values("a[rel=next]", "href")), None)


def case_page(client: httpx.Client, ref: str, lang: str = "zh") -> str:
    address = client.get("/cases", params={"ref": ref}).headers["location"]
    return client.get(address, params={"lang": lang}).text


def decision(url: str, ref: str) -> DecisionView:
    """The current decision in words."""
    with engine_of(url) as engine, session(engine) as opened:
        found = latest_decision(opened, "us", ref, VAULT)
    assert found is not None
    return found.view()


def test_the_most_urgent_come_first_then_the_nearest_deadline_then_who_came_first(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(
        database_url,
        vault,
        accepted(1, "low"),
        accepted(2, "low too"),
        with_plan(3, "late", dt.date(2026, 11, 20)),
        with_plan(4, "soon", dt.date(2026, 11, 10)),
        in_crisis(5, "crisis"),
    )
    assert refs(client) == ["crisis", "soon", "late", "low", "low too"]


def test_a_page_of_the_queue_holds_fifty_and_the_next_begins_after_it(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, *many(51))
    first = queue(client)
    second = queue(client, following(first) or "")
    listed = [page.texts(".in-case a") for page in (first, second)]
    assert [*map(len, listed), following(second)] == [50, 1, None]
    assert [*listed[0], *listed[1]] == [f"C{n}" for n in range(1, 52)]


def test_fifty_cases_are_one_page(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, *many(50))
    assert following(queue(client)) is None


def test_pages_neither_skip_nor_repeat_a_case_while_others_arrive(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, *many(60))
    first = queue(client)
    decide(database_url, vault, in_crisis(1, "new"))
    assert refs(client, following(first) or "") == [f"C{n}" for n in range(51, 61)]


def test_filters_narrow_by_urgency_strategy_and_a_part_of_the_reference(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, in_crisis(1, "A-1"), with_plan(2, "A-2"), accepted(3, "B-1"), accepted(4, "a_1%"))
    assert refs(client, "/?urgency=U3") == ["A-2"]
    assert refs(client, "/?strategy=card_plan") == ["A-2"]
    assert refs(client, "/?ref=a-") == ["A-1", "A-2"]
    assert refs(client, "/?ref=_1%25") == ["a_1%"]
    assert refs(client, "/?urgency=U0&strategy=card_plan") == []


def test_counts_are_those_of_the_other_filter(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, in_crisis(1, "A-1"), with_plan(2, "A-2"), accepted(3, "B-1"), accepted(4, "B-2"))
    told = queue(client, "/?urgency=U4")
    assert told.texts(".urgencies b")[1:] == ["1", "0", "0", "1", "2", "0"]
    strategies = {option.attributes["value"]: option.text for option in told.select("#strategy option")}
    assert {name: re.findall(r"\d+", text) for name, text in strategies.items() if name} == {
        "counsellor_review": ["2"],
        "card_plan": ["0"],
        "crisis_support": ["0"],
    }
    assert re.findall(r"\d+", told.one(".total").text) == ["2"]
    assert queue(client, "/?ref=B-").texts(".urgencies b")[1] == "0"


def test_a_case_is_listed_once_by_its_newest_facts(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, accepted(1, "A"))
    decide(database_url, vault, in_crisis(1, "A"))
    told = queue(client)
    assert (told.texts(".in-case a"), told.texts("td.in-urgency b")) == (["A"], ["U0"])
    assert told.select(".mark.new") == []


def test_newer_facts_not_decided_yet_leave_the_case_in_the_queue_and_say_so(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, accepted(1, "A"))
    submitted(database_url, [in_crisis(1, "A")], vault)
    told = queue(client)
    assert (told.texts(".in-case a"), told.texts("td.in-urgency b")) == (["A"], ["U4"])
    assert told.texts(".mark.new") == ["有新资料"]
    assert re.findall(r"\d+", told.one(".banner").text) == ["1"], "one waits"
    assert "收到了更新的资料" in case_page(client, "A")


def test_a_decision_for_an_earlier_day_does_not_replace_the_current_one(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, accepted(1, "A"))
    decide(database_url, vault, accepted(1, "A"), as_of=AS_OF - dt.timedelta(days=9))
    assert "按2026-11-23" in case_page(client, "A").replace(" ", "")
    assert len(refs(client)) == 1


def test_an_empty_record_leads_to_where_files_are_handed_in(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert '<a class="button" href="/batches">' in page.text


def test_filters_that_match_nothing_offer_the_way_back(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, accepted(1, "A"))
    for reference in ("none", "me", "nobody", "mine"):  # a reference may be what the page says by itself elsewhere
        page = client.get(f"/?ref={reference}").text
        assert "没有符合条件的案件" in page
        assert '<a href="/">清除条件</a>' in page


@pytest.mark.parametrize(
    "query",
    [
        "urgency=U9",
        "status=gone",
        "assignee=wang",
        "age=0",
        "ref=%00",
        "batch=1",
        "after=nonsense",
        "after=U3_2026-13-01_1",
        "after=U9_2026-11-01_1",
        "after=U3_2026-11-01_99999999999999999999",
        "ref=" + "x" * 65,
    ],
)
def test_an_address_that_makes_no_sense_gets_one_sentence(client: httpx.Client, query: str) -> None:
    page = client.get(f"/?{query}")
    assert page.status_code == 400
    assert "请回到队列" in page.text


def test_a_case_shows_what_was_decided_and_why(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, with_plan(1, "A", dt.date(2026, 11, 10)))
    page = case_page(client, "A")
    assert page.index("U3") < page.index("<h1>个性化分期</h1>")
    assert "结论" not in page, "what is certain needs no word"
    for shown in (
        "2026-11-25",
        "还剩 2 天",
        "每月可还¥1,425.00，已逾期超过90天",
        "信用卡办法（银监会令2011年第2号） 第 70 条",
        "法规或监管规定 · 来源较弱",
        "来源较弱",
        "先别承诺",
        "证明",
        "还款能力 <b>¥1,425.00</b>",
        "不是法律意见",
    ):
        assert shown in page
    assert "Time to answer" in case_page(client, "A", "en")


RESTRUCTURE: dict[str, Any] = {
    "product": "bank_consumer",
    "days_overdue": 80,
    "hardship": "income_reduction",
    "hardship_duration": "medium",
    "hardship_evidence": "official",
    "income_evidence": "official",
    "balance": 4_000_000,
    "annual_rate_percent": 1200,
    "monthly_due": 250_000,
    "income_monthly": 500_000,
    "essential_outgoings": 200_000,
    "priority_payments": 150_000,
    "creditors_overdue": 1,
    "other_debt_payments": 0,
}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_a_page_says_of_a_strategy_is_filled_in(
    client: httpx.Client, database_url: str, vault: Vault, lang: str
) -> None:
    later = dt.date(2027, 3, 1)
    deferral: dict[str, Any] = {"hardship_duration": "temporary", "resume_date": later, "days_overdue": 20}
    proof: dict[str, Any] = {"hardship_evidence": "official", "income_evidence": "official", "product": "bank_consumer"}
    decide(database_url, vault, with_plan(1, "A", **deferral, **proof), by=load(DEFAULT_PACK))
    assert decision(database_url, "A").strategy == "short_deferral"
    assert "{" not in case_page(client, "A", lang)


def test_plans_are_told_as_requests_with_what_they_cost(client: httpx.Client, database_url: str, vault: Vault) -> None:
    paused = {**RESTRUCTURE, "product": "huabei", "income_monthly": 0, "days_overdue": 20}
    rows = accepted(1, "A", **RESTRUCTURE), accepted(2, "B", **paused)
    decide(database_url, vault, *rows, by=load(DEFAULT_PACK))
    page = " ".join(case_page(client, "A").split())
    options = decision(database_url, "A").plan_options
    assert [option.kind for option in options] == [
        "steady_instalments",
        "instalments",
        "instalments_with_interest",
        "equal_principal",
    ]
    for option in options:
        assert option.text.zh in page
        assert f"¥{float(option.monthly):,.2f}" in page
        assert f"¥{float(option.interest or 0):,.2f}" in page
    assert "收入下降时会超出可还能力" in page
    english = " ".join(case_page(client, "A", "en").split())
    assert options[1].text.en in english
    assert "暂停催收到2027-01-22" in case_page(client, "B")


def test_days_left_are_counted_on_the_calendar_of_the_place(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, with_plan(1, "today", dt.date(2026, 11, 8)), with_plan(2, "past", dt.date(2026, 11, 5)))
    assert "今天到期" in case_page(client, "today")  # NOW is 16:00 in Shanghai
    assert "已过 3 天" in case_page(client, "past")


def test_only_a_clock_whose_start_is_unknown_is_treated_as_due_today(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    sued: dict[str, Any] = {"legal_stage": "complaint_served"}
    rows = accepted(1, "unknown", **sued), accepted(2, "long ago", **sued, served_on=dt.date(2003, 3, 3))
    decide(database_url, vault, *rows, by=load(DEFAULT_PACK))
    unknown, long_ago = case_page(client, "unknown"), case_page(client, "long ago")
    assert "按今天到期处理" in unknown and "起算日不明" in unknown
    assert "放假安排尚未公布或未收录" in long_ago
    assert "按今天到期处理" not in long_ago and "已过 8651 天" in long_ago


def test_an_uncertain_case_says_what_to_ask(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, accepted(1, "A"))
    page = case_page(client, "A")
    assert "结论未定" in page
    assert "收入多少？" in page


def test_engines_that_differ_are_shown_with_what_each_said(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, with_plan(1, "A"))
    without_bodies(database_url)
    differing = {
        "strategy": "counsellor_review",
        "urgency": "U2",
        "certain": False,
        "engines_agree": False,
        "rules_fired": ["disagreement"],
        "disagreement": [{"rule": "card-plan", "engine": "hit", "twin": "unknown"}],
    }
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO decision (case_version_id, pack_sha256, as_of, strategy, urgency, certain, engines_agree, "
            "facts, outcome, chunk_id, created_at) SELECT case_version_id, pack_sha256, as_of + 1, "
            "'counsellor_review', 'U2', false, false, facts, outcome || %s, chunk_id, created_at FROM decision",
            [Jsonb(differing)],
        )
    with working(database_url) as work:
        place(work, pack(), {1: QueueFields(None, "credit_card", 100, "B4")}, AS_OF + dt.timedelta(days=1), {})
    assert "引擎分歧" in client.get("/").text
    page = case_page(client, "A")
    assert "请人工判断" in page
    assert "引擎不一致" in page
    assert '<th scope="row" translate="no">card-plan</th><td>命中</td><td>未知</td>' in page


def test_submitted_and_derived_facts_are_told_apart(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, with_plan(1, "A"))
    facts = case_page(client, "A").split('id="facts-title"')[1]
    submitted_part, derived_part = facts.split("推算的")
    assert "月收入" in submitted_part
    assert "还款能力" in derived_part


def test_a_derived_fact_opens_on_how_it_came_about(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, with_plan(1, "A"))
    for lang, reckoning in (("zh", r"\(¥[\d,.]+ − ¥[\d,.]+ − ¥[\d,.]+\) 的 95% = ¥"), ("en", r"95% of \(¥[\d,.]+ − ¥")):
        derived_part = case_page(client, "A", lang).split('id="facts-title"')[1]
        found = re.search(rf'<details class="account"><summary>¥[\d,.]+</summary>\s*<p>{reckoning}', derived_part)
        assert found, derived_part


def test_earlier_decisions_stay_readable_at_their_own_address(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, accepted(1, "A"))
    decide(database_url, vault, with_plan(1, "A"))
    newer, older = read_page(case_page(client, "A")).select(".history tbody tr")
    assert ("第 2 版" in newer.text, "第 1 版" in older.text) == (True, True)
    page = client.get(older.values("a", "href")[0]).text
    assert "<h1>人工研判</h1>" in page
    assert "这是较早的一次判断" in page
    assert "这是较早的一次判断" not in case_page(client, "A")


def test_a_decision_of_another_case_is_not_found_under_this_one(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, accepted(1, "A"), accepted(2, "B"))
    with psycopg.connect(database_url) as connection:
        a, b = connection.execute("SELECT case_id, decision_id FROM desk_case ORDER BY case_ref").fetchall()
    assert [client.get(f"/cases/{case}/decisions/{made}").status_code for case, made in (a, b)] == [200, 200]
    assert client.get(f"/cases/{a[0]}/decisions/{b[1]}").status_code == 404


def test_a_case_not_decided_yet_says_so(client: httpx.Client, database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "A")], vault)
    page = client.get("/cases", params={"ref": "A"}, follow_redirects=True)
    assert page.status_code == 200
    assert "正在分诊" in page.text
    assert "还在分诊" in client.get("/").text


def test_a_page_answers_programs_with_the_page(client: httpx.Client, database_url: str, vault: Vault) -> None:
    """The API is the one interface for programs: a page is no second one."""
    decide(database_url, vault, with_plan(1, "A"))
    for path in ("/", "/cases/1", "/nothing"):
        answer = client.get(path, headers={"Accept": "application/json"})
        assert answer.headers["content-type"].startswith("text/html")


def test_the_banner_of_newer_facts_is_asked_for_alone(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, accepted(1, "A"), accepted(2, "B"))
    submitted(database_url, [in_crisis(1, "A")], vault)
    address = "/cases/1/outdated"
    assert read_page(case_page(client, "A")).values("[data-poll]", "data-poll") == [address]
    banner = client.get(address)
    assert "收到了更新的资料" in banner.text and "<html" not in banner.text
    assert client.get("/cases/2/outdated").text.strip() == ""
    assert client.get("/cases/3/outdated").status_code == 404


def test_the_other_cases_of_a_borrower_are_shown_beside(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(
        database_url,
        vault,
        accepted(1, "A", borrower_ref="B"),
        with_plan(2, "A2", borrower_ref="B"),
        accepted(3, "other"),
    )
    decide(database_url, vault, accepted(1, "theirs", borrower_ref="B"), submitter="them")
    assert read_page(case_page(client, "A")).texts(".beside a") == ["A2"]
    assert "同一借款人的其他案件" in case_page(client, "A")
    assert "同一借款人的其他案件" not in case_page(client, "other")


def test_a_reference_that_two_submitters_use_leads_to_the_queue(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    decide(database_url, vault, accepted(1, "A"))
    decide(database_url, vault, accepted(1, "A"), submitter="them")
    assert client.get("/cases?ref=A").headers["location"] == "/?ref=A"


def test_a_reference_of_any_characters_is_found_and_shown_as_text(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    ref = "<script>alert(1)</script>/../?#&\"'"
    decide(database_url, vault, accepted(1, ref))
    page = case_page(client, ref)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>" not in page + client.get("/").text


def test_a_case_shows_the_words_that_raised_a_flag_and_nothing_else_of_the_notes(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    notes = {"notes": "住在幸福路，没有 不想活，提过 ab\u200b贷"}
    decide(database_url, vault, accepted(1, "A", private=notes), accepted(2, "B", private={"notes": "住在幸福路"}))
    for lang, negated in (("zh", "可能并非本意，请人工核实"), ("en", "may not be meant this way; a person checks")):
        page = case_page(client, "A", lang)
        assert re.findall("<q>(.*?)</q>", page) == ["不想活", "ab贷"]
        assert page.count(negated) == 1
        assert "幸福路" not in page
    assert [flag.model_dump(mode="json") for flag in decision(database_url, "A").red_flags] == [
        {
            "flag": "self_harm",
            "title": {"zh": "自伤", "en": "Self-harm"},
            "words": ["不想活"],
            "negated": True,
            "text": {
                "zh": "自伤：“不想活”（可能并非本意，请人工核实）",
                "en": 'Self-harm: "不想活" (may not be meant this way; a person checks)',
            },
        },
        {
            "flag": "scam",
            "title": {"zh": "骗局", "en": "Scam"},
            "words": ["ab贷"],
            "negated": False,
            "text": {"zh": "骗局：“ab贷”", "en": 'Scam: "ab贷"'},
        },
    ]
    assert 'id="flags"' not in case_page(client, "B")
    assert decision(database_url, "B").red_flags == ()


def test_words_of_the_notes_are_shown_as_text(client: httpx.Client, database_url: str, vault: Vault) -> None:
    decide(database_url, vault, accepted(1, "A", private={"notes": "不\"'\u202e想|活<b>"}))
    page = case_page(client, "A")
    assert "<q>不&#34;&#39;想|活</q>" in page
    assert "\u202e" not in page


def test_no_page_shows_personal_data(client: httpx.Client, database_url: str, vault: Vault) -> None:
    private = {
        "name": "王小明",
        "phone": "13800138000",
        "notes": "住在幸福路，不想活，电话13900139000",
        "id_number": "11010119900307663X",
    }
    decide(database_url, vault, accepted(1, "A", private=private, extra={"备用": "幸福路"}))
    address = client.get("/cases?ref=A").headers["location"]
    pages = [client.get(path).text for path in ("/", address)]
    planted = re.compile("王小明|13800138000|13900139000|幸福路|11010119900307663X")
    assert [planted.findall(page) for page in pages] == [[], []]


@pytest.mark.parametrize("path", ["/cases/1", "/cases/0", "/cases/x", f"/cases/{2**63}", "/cases/1/decisions/1", "/no"])
def test_what_is_not_there_is_told_in_one_sentence(client: httpx.Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "请回到队列" in page.text


def test_pages_are_only_read(client: httpx.Client) -> None:
    refused = client.post("/")
    assert refused.status_code == 405
    assert "只能查看" in refused.text


def test_the_database_refuses_a_get_that_writes_and_nobody_sees_a_traceback(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    app = create_app(database_url, redis_url, vault)

    @app.get("/write")
    def write(session: SessionDep) -> None:
        session.add(Heartbeat(queue="bulk", consumed_at=NOW))

    with serving(app) as address:
        page = httpx.get(f"{address}/write", trust_env=False, timeout=DEADLINE)
    assert page.status_code == 500
    assert "出了一点问题" in page.text
    assert "Error" not in page.text
    with engine_of(database_url) as engine, session(engine) as opened:
        assert opened.get(Heartbeat, "bulk") is None


def test_a_database_that_does_not_answer_is_told_in_one_sentence(redis_url: str, vault: Vault) -> None:
    with serving(create_app("postgresql://nobody@127.0.0.1:1/nothing", redis_url, vault)) as address:
        page = httpx.get(address, trust_env=False, timeout=DEADLINE)
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "数据库暂时连不上" in page.text


def test_a_page_that_waits_for_what_another_has_says_so_in_the_end(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    app = create_app(database_url, redis_url, vault, waits=Waits(lock=1))
    app.dependency_overrides[now] = lambda: NOW
    with serving(app) as address, psycopg.connect(database_url) as holding:
        cookies = {auth.COOKIE: cookie_of(database_url, account(database_url))}
        holding.execute("LOCK TABLE desk_case IN ACCESS EXCLUSIVE MODE")
        page = httpx.get(address, cookies=cookies, trust_env=False, timeout=DEADLINE)
    assert (page.status_code, page.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize("path", ["/", "/no", "/healthz", "/static/forbear.css"])
def test_every_answer_is_shielded(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == policy.pop("base-uri") == policy.pop("frame-ancestors") == "'none'"
    assert set(policy) == {"script-src", "style-src", "img-src", "connect-src", "form-action"}
    assert set(policy.values()) == {"'self'"}
    assert "strict-transport-security" not in headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"


def test_pages_are_not_kept_by_browsers_and_named_static_files_are(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["cache-control"] == "no-store"
    stylesheet = re.search(r'href="(/static/forbear.css\?v=\w+)"', page.text)
    assert stylesheet is not None
    kept = client.get(stylesheet[1]).headers
    assert "immutable" in kept["cache-control"] and kept["content-encoding"] == "gzip"
    assert "content-encoding" not in page.headers, "secrets lie beside what the address chose"


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1:8600", True),
        ("localhost", True),
        ("[::1]:8600", True),
        ("192.168.1.5:8600", True),
        ("evil.example", False),
        ("localhost.evil.example:8600", False),
        ("desk.example", False),
        ("", False),
    ],
)
def test_only_local_addresses_are_answered(client: httpx.Client, host: str, answered: bool) -> None:
    page = client.get("/", headers={"Host": host})
    assert page.status_code == (200 if answered else 421)
    assert client.get("/healthz", headers={"Host": host}).status_code == 200
