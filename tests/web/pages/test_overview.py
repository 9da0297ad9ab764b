"""The overview counts what happened, in words, tables and charts, for supervisors only."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from itertools import product
from xml.etree import ElementTree

import psycopg
import pytest

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.desk import worklist as record
from forbear.desk.overview import behind
from forbear.desk.review import Act, perform, take_case
from forbear.intake import Accepted, Rejected
from models.database.session import session
from tests.support.desk.cases import NOW, accepted, decided, engine_of, submitted, working_as
from tests.support.desk.desk_clients import Desk, account, desk
from tests.support.desk.page import Element, read_page


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault, "supervisor", name="li") as opened:
        yield opened


def told(client: Desk) -> Element:
    return read_page(client.get("/overview?days=30").raise_for_status().text)


def rows(page: Element, section: str) -> list[list[str]]:
    """The table of a part of the page, without what is only heard of its links."""
    found = _part(page, section)
    for link in found.select("tbody td a"):
        link.children = [each for each in link.children if isinstance(each, str)]
    return [row.texts("th") + row.texts("td") for row in found.select("tbody tr")]


def _listed(client: Desk, address: str) -> list[str]:
    """The cases that a figure leads to."""
    return read_page(client.get(address).raise_for_status().text).texts("table.queue tbody th a")


def _part(page: Element, section: str) -> Element:
    return page.one(f"section[aria-labelledby={section}]")


def tally(url: str, counts: dict[tuple[str, str, str], int], days_ago: int = 0) -> None:
    with engine_of(url) as engine, session(engine) as opened:
        record.note(opened, "us", counts, NOW.date() - dt.timedelta(days=days_ago))


def test_an_empty_record_says_so_on_every_part(client: Desk) -> None:
    page = client.get("/overview").raise_for_status().text
    for sentence in ("目前没有待处理的案件", "还没有登记结果", "没有改判", "还没有人处理案件", "没有失败的案件"):
        assert sentence in page


def test_volumes_are_counted_by_day_of_the_place(client: Desk, database_url: str, vault: Vault) -> None:
    given: list[Accepted | Rejected] = [accepted(1, "A"), Rejected(2, "product", "不认识", "unknown", ("x",))]
    decided(database_url, given, vault)
    late = NOW.replace(hour=17)  # after midnight in Shanghai
    submitted(database_url, [accepted(1, "B")], vault, now=late - dt.timedelta(days=1))
    before = NOW - dt.timedelta(days=30)
    submitted(database_url, [accepted(1, "C")], vault, now=before, as_of=before.date())
    volumes = rows(told(client), "volumes")
    assert len(volumes) == 30
    assert volumes[0] == ["2026-11-23", "2", "0", "1"]
    assert sum(int(accepted) for _, accepted, *_ in volumes) == 2


def test_what_is_late_and_what_is_soon_is_counted_among_cases_that_need_a_person(
    client: Desk, database_url: str, vault: Vault
) -> None:
    decided(database_url, [accepted(n, f"A{n}") for n in range(1, 6)], vault)
    second, day = dt.timedelta(seconds=1), dt.timedelta(days=1)
    due = {"A1": NOW - second, "A2": NOW, "A3": NOW + day, "A4": NOW - second}
    with psycopg.connect(database_url) as connection:
        for ref, at in due.items():
            connection.execute("UPDATE desk_case SET due_at = %s WHERE case_ref = %s", [at, ref])
        connection.execute("UPDATE desk_case SET status = 'closed' WHERE case_ref = 'A4'")
    found = told(client)
    assert found.texts(".figures b")[4:7] == ["4", "1", "1"], "after the crises: open, late, due within a day"
    assert [cases for _, cases in rows(found, "urgency")] == ["0", "0", "0", "0", "4", "0"]
    assert rows(found, "strategies") == [["人工研判", "4"]]


def test_overrides_are_told_by_rule_and_by_counsellor(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault)
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT id FROM account").fetchone()
    assert row is not None
    who = Viewer(row[0], "li", "supervisor", None)
    for case_id, action in ((1, "accept"), (2, "override")):
        with working_as(who, database_url, vault) as work:
            perform(work, take_case(work.session, who, case_id, 1), Act(action, {"status": "reviewed"}))
    tally(database_url, {("overridden", "card-plan", "facts_wrong"): 1, ("accepted", "card-plan", ""): 3})
    tally(database_url, {("overridden", "card-plan", "facts_wrong"): 5}, days_ago=30)
    found = told(client)
    assert rows(found, "counsellors") == [["li", "2", "1", "1", "50%"]]
    assert [(name, *overridden) for name, _, *overridden in rows(found, "rules")] == [("card-plan", "1", "25%")]


def test_outcomes_are_told_by_strategy(client: Desk, database_url: str) -> None:
    counts = Counter({("outcome", "mediation", "contacted"): 2, ("outcome", "mediation", "lender_accepted"): 1})
    tally(database_url, counts)
    ((_, *found),) = rows(told(client), "outcomes")
    assert found == ["2", "1", "0", "0", "0", "0"], "contacted, then what the lender said"


def test_a_failed_chunk_is_listed_with_its_batch(client: Desk, database_url: str, vault: Vault) -> None:
    batch = submitted(database_url, [accepted(1, "A")], vault).batch_id
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE chunk SET status = 'failed', error = 'the worker died', done_at = now()")
    (failed,) = told(client).select(".failed li")
    assert failed.values("a", "href") == [f"/batches/{batch}"]
    assert "1 个案件" in failed.text and failed.one("code").text == "the worker died"


@pytest.mark.parametrize(("seconds", "bad"), [(300, False), (301, True)])
def test_work_that_is_not_done_tells_how_long_it_is_claimed(
    client: Desk, database_url: str, vault: Vault, seconds: int, bad: bool
) -> None:
    submitted(database_url, [accepted(1, "A")], vault)
    assert "评估中最久的" not in told(client).text
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE chunk SET claimed_at = %s", [NOW - dt.timedelta(seconds=seconds)])
    (found,) = [item for item in told(client).select(".figures li") if str(seconds) in item.text]
    assert (found.attributes["class"] == "bad", "请让人重启" in found.text) == (bad, bad)


def test_a_chart_is_a_picture_in_the_pages_language(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    tally(database_url, {("outcome", "mediation", "contacted"): 2})
    expected = {
        "volumes": ("接收", "Accepted"),
        "responses": ("按时", "In time"),
        "urgency": ("危机", "Crisis"),
        "strategies": ("人工研判", "Counsellor"),
        "outcomes": ("已联系", "contacted"),
    }
    for chart, words in expected.items():
        for lang, width in product(("zh", "en"), (300, 720)):
            answer = client.get(f"/overview/{chart}.svg?lang={lang}&width={width}").raise_for_status()
            assert answer.headers["content-type"] == "image/svg+xml"
            text = "".join(ElementTree.fromstring(answer.text).itertext())  # noqa: S314 - our own chart
            assert words[lang == "en"] in text


def test_an_address_that_makes_no_sense_is_refused(client: Desk) -> None:
    for address in (
        "?days=8",
        "/nothing.svg",
        "/volumes.svg?width=5",
        "/volumes.svg?from=2026-13-01&to=2026-11-01",
        "/cases",
        "/cases?figure=nothing",
        "/cases?figure=actions&from=2026-11-02",
    ):
        assert client.get(f"/overview{address}").status_code in (400, 404), address


def test_counsellors_and_submitters_have_no_overview(database_url: str, redis_url: str, vault: Vault) -> None:
    with desk(database_url, redis_url, vault, "counsellor") as client:
        for address in ("/overview", "/overview/volumes.svg", "/overview/cases?figure=received"):
            assert client.get(address).status_code == 403
        assert "/overview" not in client.get("/policy").text


def test_periods_are_compared_and_figures_lead_to_their_cases(client: Desk, database_url: str, vault: Vault) -> None:
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    decided(database_url, [accepted(n, f"A{n}") for n in range(1, 5)], vault)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET respond_by = %s, due_at = %s", [NOW + hour, NOW + hour])
        connection.execute("UPDATE desk_case SET danger = 'possible' WHERE case_ref = 'A4'")
    who = Viewer(1, "li", "supervisor", None)
    contact, accept = Act("contact", {}, reason="reached"), Act("accept", {"status": "reviewed"})
    moments = ((1, contact, NOW), (2, contact, NOW + 3 * hour), (3, contact, NOW + 7 * hour))
    for case, act, at in (*moments, (1, accept, NOW + hour), (2, accept, NOW + hour + dt.timedelta(seconds=1))):
        with working_as(who, database_url, now=at) as work:
            perform(work, take_case(work.session, who, case, None), act)
    with working_as(who, database_url) as work:
        take_case(work.session, who, 3, None).assignee_id = 1
    tally(database_url, {("response", "late", "U4"): 3}, days_ago=10)
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO agreement (case_id, account_id, made_at, agreed_on, in_writing, status) "
            "VALUES (1, 1, now(), '2026-11-01', true, 'running')"
        )
        for number, (days, status) in enumerate(((0, "kept"), (1, "broken"), (6, "kept"), (7, "late"), (9, "due")), 1):
            on = NOW.date() - days * day
            connection.execute("INSERT INTO instalment VALUES (1, %s, %s, %s, 100, %s)", [number, on, on, status])
    account(database_url, "zhang")  # has nothing to do: who could be given something is seen too
    page = read_page(client.get("/overview?days=7").raise_for_status().text)
    listed_by = {link.text: _listed(client, link.attributes["href"]) for link in page.select(".compared a")}
    table = {row[0]: row[1:] for row in rows(page, "flow")}
    assert table["收到案件"] == ["4", "0", "+4"]
    assert table["首次联系的案件"] == ["3", "0", "+3"]
    assert table["半数首次联系用时不超过"] == ["3 小时", "–", "–"]
    assert table["按时响应"] == ["50% 按时 1 · 超时 1", "0% 按时 0 · 超时 3", "+50 个百分点"]
    assert table["约定分期按时付款"] == ["66% 按时 2 · 超时 1", "0% 按时 0 · 超时 1", "+66 个百分点"]
    assert table["引擎不一致"] == ["0", "0", "相同"]
    assert rows(page, "load") == [["li", "1", "0", "0", "–"], ["zhang", "0", "0", "0", "–"]]
    for address in page.values(".figures a", "href"):
        assert client.get(address).status_code == 200
    within = f"{NOW.date() - 6 * day} – {NOW.date()}"
    earlier = f"{NOW.date() - 13 * day} – {NOW.date() - 7 * day}"
    assert listed_by == {
        f"4 收到案件 {within}": ["A4", "A3", "A2", "A1"],
        f"5 操作 {within}": ["A3", "A2", "A2", "A1", "A1"],
        f"3 首次联系的案件 {within}": ["A3", "A2", "A1"],
        f"1 按时响应 {within}": ["A1"],
        f"1 超时 按时响应 {within}": ["A2"],
        f"3 超时 按时响应 {earlier}": [],  # counted before each case was noted
        f"2 约定分期按时付款 {within}": ["A1", "A1"],
        f"1 超时 约定分期按时付款 {within}": ["A1"],
        f"1 超时 约定分期按时付款 {earlier}": ["A1"],
        "1 与机构的约定（现在）：履行中": ["A1"],
    }
    listed = read_page(client.get("/?crisis=possible&status=all").text)
    assert listed.texts("table.queue th a[translate=no]") == ["A4"]
    assert len(read_page(client.get("/?due=soon").text).texts("table.queue th a[translate=no]")) == 2


def test_chosen_days_are_kept_and_days_that_make_no_period_are_told_in_one_sentence(
    client: Desk, database_url: str
) -> None:
    tally(database_url, {("outcome", "mediation", "contacted"): 2}, days_ago=100)
    counted = {("overridden", "card-plan", "facts_wrong"): 1, ("accepted", "card-plan", ""): 3}
    tally(database_url, counted, days_ago=100)
    tally(database_url, counted)
    then = (NOW.date() - dt.timedelta(days=100)).isoformat()
    address = f"/overview?from={then}&to={then}&against_from=2026-01-01&against_to=2026-02-01"
    page = read_page(client.get(address).raise_for_status().text)
    assert page.values(".choose-days input", "value") == [then, then, "2026-01-01", "2026-02-01"]
    assert page.texts("table[aria-labelledby=flow] thead time") == [then, f"– {then}", "2026-01-01", "– 2026-02-01"]
    assert [row[1:] for row in rows(page, "rules")] == [["0", "1", "25%"]]
    (outcome,) = [link for link in page.values("table[aria-labelledby=outcomes] a", "href") if "contacted" in link]
    assert _listed(client, outcome) == []  # counted here without any review
    assert client.get("/overview/volumes.svg?from=2026-01-01&to=2026-11-01").status_code == 200
    for figure in behind.FIGURES:
        assert client.get(f"/overview/cases?figure={figure}&who=1&days=7").status_code == 200
    today = NOW.date().isoformat()
    for query, field, sentence in (
        ("from=2026-02-30&to=2026-03-01", "from", "没有这一天"),
        ("from=2026-11-01", "to", "开始和结束"),
        ("from=2026-11-02&to=2026-11-01", "from", "请对调"),
        ("from=2026-11-02&to=2099-11-01", "to", f"今天（{today}）以后"),
        ("from=2020-11-02&to=2026-11-01", "from", "最多 366 天"),
        (f"from={today}&to={today}&against_to=soon", "against_from", "开始和结束"),
    ):
        answer = client.get(f"/overview?{query}")
        page = read_page(answer.text)
        assert (answer.status_code, page.values("[aria-invalid=true]", "name")) == (400, [field])
        (told_,) = page.texts("[role=alert]")
        assert sentence in told_ and told_.count("。") == 1
        assert "2026" in "".join(page.values(".choose-days input", "value")), "what was typed is kept"
