"""The queue's page and its forms: filters and counts, taking and assigning, saved filters; who may not, may not."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg
import pytest

from forbear.accounts import accounts
from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from forbear.desk import saved_filters
from models.desk import STATUSES
from tests.support.desk.cases import NOW, accepted, decided, many
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk
from tests.support.desk.page import Element, read_page
from web import auth


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault) as opened:
        yield opened


def as_somebody(client: Desk, url: str, name: str, role: Role, submitter: str | None = None) -> int:
    """Go on as a new account; answers its id."""
    made = account(url, name, role, submitter)
    client.cookies = httpx.Cookies({auth.COOKIE: cookie_of(url, made)})
    return made


def ask(client: httpx.Client, **terms: object) -> Element:
    return read_page(client.get(f"/?{urlencode(terms)}").raise_for_status().text)


def refs(client: httpx.Client, **terms: object) -> list[str]:
    return ask(client, **terms).texts(".in-case a")


def total(client: httpx.Client, **terms: object) -> str:
    return ask(client, **terms).one(".total").text


def change(url: str, assignment: str, *values: object) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE desk_case SET {assignment}".encode(), values)  # noqa: S608 - ours


def reviews(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return list(connection.execute("SELECT case_id, account_id, action FROM review ORDER BY id"))


def test_the_list_shows_what_waits_and_any_status_the_rest(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault)
    change(database_url, "status = 'closed' WHERE case_ref = 'C1'")
    change(database_url, "status = 'escalated' WHERE case_ref = 'C2'")
    assert refs(client) == ["C2", "C3"]
    assert refs(client, status="closed") == ["C1"]
    assert refs(client, status="all") == ["C1", "C2", "C3"]
    counts = {option.attributes["value"]: option.text for option in ask(client).select("#status option")}
    assert [re.findall(r"\d+", counts[status]) for status in STATUSES] == [
        ["1"] if status in ("open", "escalated", "closed") else ["0"] for status in STATUSES
    ]


def test_a_search_finds_closed_cases_too(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    change(database_url, "status = 'closed'")
    assert refs(client, ref="c1") == ["C1"]
    assert refs(client, ref="c1", status="todo") == []


def test_each_filter_that_is_on_is_named_and_can_be_taken_off(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    page = client.get("/?urgency=U4&product=credit_card&assignee=me&uncertain=1&age=3").text
    chips = dict(re.findall(r'<li><a href="([^"]*)">([^<]*)<span', page))
    assert chips == {
        "/?assignee=me&amp;product=credit_card&amp;age=3&amp;uncertain=1": "紧急程度：较缓",
        "/?urgency=U4&amp;assignee=me&amp;age=3&amp;uncertain=1": "产品：信用卡",
        "/?urgency=U4&amp;product=credit_card&amp;age=3&amp;uncertain=1": "经办人：我",
        "/?urgency=U4&amp;assignee=me&amp;product=credit_card&amp;uncertain=1": "收到已有：至少 3 天",
        "/?urgency=U4&amp;assignee=me&amp;product=credit_card&amp;age=3": "结论未定",
    }


def test_time_left_and_time_past_are_told_in_words(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault)
    hour = dt.timedelta(hours=1)
    for case_id, due in {1: NOW - 3 * hour, 2: NOW + 5 * hour, 3: NOW + 72 * hour}.items():
        change(database_url, "due_at = %s, respond_by = %s WHERE case_id = %s", due, due, case_id)
    page = client.get("/").text
    told = re.findall(r'<span class="when (late)?">([^<]*)</span>', page)
    assert told == [("late", "已超时 3 小时"), ("", "还剩 5 小时"), ("", "还剩 3 天")]
    assert refs(client, due="overdue") == ["C1"]
    assert refs(client, due="today") == ["C1", "C2"]
    assert "3 h late" in client.get("/?lang=en").text


def test_a_legal_deadline_is_told_apart_from_a_response_time(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    due = dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC)
    change(database_url, "deadline = '2026-11-24', due_at = %s", due)
    page = client.get("/").text
    assert "法定期限" in page
    assert "还剩 1 天" in page
    assert "小时" not in page.split("<tbody")[1].split("in-age")[0]


def test_what_a_person_chose_is_shown_as_the_strategy(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    change(database_url, "chosen_strategy = 'card_plan'")
    row = client.get("/").text.split("<tbody")[1]
    assert "个性化分期" in row
    assert "改选" in row


def test_taking_the_next_case_opens_it_as_mine(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(2), vault)
    assert client.submit("/queue/take", {"terms": ""}).headers["location"] == "/cases/1"
    assert client.submit("/queue/take", {"terms": ""}).headers["location"] == "/cases/2"
    assert refs(client, assignee="me") == ["C1", "C2"]
    assert "我手上有 2 件" in client.get("/").text
    nothing = client.submit("/queue/take", {"terms": "urgency=U4"}).headers["location"]
    assert nothing == "/?urgency=U4&none=1"
    assert "眼下没有可以领取的案件" in client.get(nothing).text


def test_taking_keeps_to_the_filter_on_the_screen(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B", product="mortgage")], vault)
    assert client.submit("/queue/take", {"terms": "product=mortgage"}).headers["location"] == "/cases/2"


def test_ticked_cases_are_taken_and_what_changed_is_told(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(3), vault)
    change(database_url, "revision = 5 WHERE case_ref = 'C2'")
    form = {"terms": "urgency=U4", "assignee": "me", "case": ["1:1", "2:1", "3:1"]}
    address = client.submit("/queue/assign", form).headers["location"]  # a field may repeat
    assert address == "/?urgency=U4&done=2&stale=1"
    page = client.get(address).text
    assert "已分派 2 件。" in page
    assert "有 1 件在此期间有变动" in page
    assert refs(client, assignee="nobody") == ["C2"]


def test_a_supervisor_assigns_and_releases_for_others(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    li = account(database_url, "li")
    counsellor = {"assignee": str(li), "case": "1:1"}
    assert client.submit("/queue/assign", counsellor).status_code == 403
    as_somebody(client, database_url, "boss", "supervisor")
    assert client.submit("/queue/assign", counsellor).status_code == 303
    assert refs(client, assignee=li) == ["C1"]
    assert client.submit("/cases/1/release", {"revision": "2"}).headers["location"] == "/cases/1"
    assert [action for *_, action in reviews(database_url)] == ["assign", "release"]


def test_a_case_is_taken_from_its_page_and_a_refusal_says_why(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(2), vault)
    assert client.submit("/cases/1/take", {"revision": "1"}).headers["location"] == "/cases/1"
    assert client.submit("/cases/2/take", {"revision": "9"}).headers["location"] == "/cases/2?told=stale"
    as_somebody(client, database_url, "li", "counsellor")
    assert client.submit("/cases/1/release", {"revision": "2"}).headers["location"] == "/cases/1?told=held"


FORMS = {
    "/queue/take": {"terms": ""},
    "/queue/assign": {"assignee": "me", "case": "1:1"},
    "/cases/1/take": {"revision": "1"},
    "/cases/1/release": {"revision": "1"},
}


@pytest.mark.parametrize("address", FORMS)
def test_a_submitter_takes_and_assigns_nothing(address: str, database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    with desk(database_url, redis_url, vault, "submitter", "us") as client:
        assert client.submit(address, FORMS[address]).status_code == 403
        page = client.get("/").text
    assert reviews(database_url) == []
    assert "领取下一件" not in page
    assert 'type="checkbox" form="assign"' not in page


@pytest.mark.parametrize("address", [*FORMS, "/queue/filters", "/queue/filters/1/delete"])
def test_a_form_of_another_site_is_refused(address: str, client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    fields = FORMS.get(address, {"name": "x", "terms": ""})
    assert client.post(address, data=fields).status_code == 403
    assert client.post(address, data={**fields, "csrf": accounts.csrf_token("another")}).status_code == 403
    assert reviews(database_url) == []


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/queue/assign", {"assignee": "me", "case": "1"}),
        ("/queue/assign", {"assignee": "wang", "case": "1:1"}),
        ("/queue/assign", {"case": "1:1"}),
        ("/queue/assign", {"assignee": "me", "case": ["1:1"] * 201}),
        ("/queue/take", {"terms": "urgency=U9"}),
        ("/queue/filters", {"name": " "}),
        ("/queue/filters", {"name": "x" * 65}),
        ("/queue/filters", {"name": "x", "terms": "age=no"}),
        ("/cases/1/take", {"revision": "x"}),
    ],
)
def test_a_form_that_makes_no_sense_gets_one_sentence(
    address: str, fields: dict[str, str], client: Desk, database_url: str, vault: Vault
) -> None:
    decided(database_url, many(1), vault)
    assert client.submit(address, fields).status_code == 400
    assert reviews(database_url) == []


def test_two_hundred_are_assigned_at_once(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(200), vault)
    form = {"assignee": "me", "case": [f"{n}:1" for n in range(1, 201)]}
    assert "done=200" in client.submit("/queue/assign", form).headers["location"]  # repeats


def test_a_filter_is_kept_opened_replaced_and_deleted(client: Desk, database_url: str) -> None:
    client.submit("/queue/filters", {"name": " 房贷 ", "terms": "product=mortgage&lang=en&strategy="})
    assert '<a class="kept" href="/?product=mortgage"' in client.get("/?urgency=U0").text
    client.submit("/queue/filters", {"name": "房贷", "terms": "urgency=U1"})
    page = client.get("/?urgency=U0").text
    assert page.count('class="kept"') == 1
    [number] = re.findall(r'action="/queue/filters/(\d+)/delete"', page)
    as_somebody(client, database_url, "li", "counsellor")
    client.submit(f"/queue/filters/{number}/delete", {"terms": ""})
    assert 'class="kept"' not in client.get("/?urgency=U0").text
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name, query FROM saved_filter").fetchall() == [("房贷", "urgency=U1")]


def test_a_shared_filter_is_there_for_colleagues_and_a_supervisor_may_take_it_away(
    client: Desk, database_url: str
) -> None:
    client.submit("/queue/filters", {"name": "Ours", "terms": "assignee=me&urgency=U1", "shared": "true"})
    client.submit("/queue/filters", {"name": "Mine", "terms": "urgency=U2"})
    [number] = re.findall(r'action="/queue/filters/(\d+)/delete"', client.get("/?urgency=U1").text)[1:]
    colleagues: tuple[tuple[str, Role, list[str], int], ...] = (
        ("li", "counsellor", ["Ours wang"], 0),
        ("bank", "submitter", [], 0),
        ("zhang", "supervisor", ["Ours wang"], 1),
    )
    for name, role, seen, may in colleagues:
        as_somebody(client, database_url, name, role, "us" if role == "submitter" else None)
        page = read_page(client.get("/?urgency=U0").text)
        assert page.texts("a.kept") == seen
        assert len(page.select(".saved button.forget")) == may
        if not may:
            client.submit(f"/queue/filters/{number}/delete", {"terms": ""})
    client.submit(f"/queue/filters/{number}/delete", {"terms": ""})
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT name, shared FROM saved_filter").fetchall() == [("Mine", False)]


def test_ones_own_filter_is_deleted(client: Desk, database_url: str) -> None:
    client.submit("/queue/filters", {"name": "A", "terms": "urgency=U1"})
    [number] = re.findall(r'action="/queue/filters/(\d+)/delete"', client.get("/?urgency=U0").text)
    assert client.submit(f"/queue/filters/{number}/delete", {"terms": "age=3"}).headers["location"] == "/?age=3"
    assert 'class="kept"' not in client.get("/?urgency=U0").text


def test_filters_have_room_for_so_many(client: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_filters, "MOST", 2)
    for name in ("A", "B"):
        client.submit("/queue/filters", {"name": name, "terms": "urgency=U1"})
    full = client.submit("/queue/filters", {"name": "C", "terms": "urgency=U1"}).headers["location"]
    assert "常用筛选已存满" in client.get(full).text
    assert client.submit("/queue/filters", {"name": "B", "terms": "age=7"}).headers["location"] == "/?age=7"


def test_a_submitter_sees_and_counts_their_own(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, many(2, "ours"), vault)
    decided(database_url, many(3, "theirs"), vault, submitter="them")
    with desk(database_url, redis_url, vault, "submitter", "us") as client:
        assert refs(client) == ["ours1", "ours2"]
        assert [re.findall(r"\d+", total(client, **terms)) for terms in ({}, {"ref": "s"}, {"ref": "theirs"})] == [
            ["2"],
            ["2"],
            ["0"],
        ]
        urgencies = ask(client, product="credit_card").texts(".urgencies b")
        assert urgencies[0] == "2" and sum(map(int, urgencies[1:])) == 2


def test_a_short_list_is_sorted_by_a_column_with_crises_first_and_a_long_one_is_not(
    client: Desk, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    crisis = accepted(4, "DANGER", {"notes": "我不想活了"}, days_overdue=0)
    decided(database_url, [*many(3), crisis], vault)
    assert refs(client, sort="overdue") == ["DANGER", "C3", "C2", "C1"]
    page = ask(client, sort="overdue", status="all")
    assert page.values("[aria-sort]", "aria-sort") == ["descending"]
    assert page.values("[aria-sort] a", "href") == ["/?status=all"], "a second click sorts no more"
    assert "sort" not in page.one(".on").text
    assert refs(client, sort="case", after="3") == ["C3"], "by reference, after three rows"
    for place in ("U0_1_1", "-1", "1001", "٣"):
        assert client.get("/", params={"sort": "case", "after": place}).status_code == 400, place
    monkeypatch.setattr("forbear.desk.counting.BOUND", 3)
    assert refs(client, sort="overdue", uncertain=1) == refs(client, uncertain=1)


def test_columns_and_density_are_remembered_by_the_browser(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, many(1), vault)
    assert len(ask(client).select(".queue tbody td")) == 9
    client.submit("/queue/columns", {"column": "overdue", "dense": "true", "terms": "status=all"})
    page = ask(client)
    assert len(page.select(".queue tbody td")) == 6
    assert page.select("table.dense") and not page.select(".in-assignee")
    assert page.values(".look input[checked]", "value") == ["overdue", "true"]


def test_the_ticked_cases_are_put_aside_or_escalated_together(client: Desk, database_url: str, vault: Vault) -> None:
    crisis = accepted(4, "DANGER", {"notes": "我不想活了"})
    decided(database_url, [*many(3), crisis], vault)
    ticked: dict[str, Any] = {"case": ["1:1", "2:7", "4:1"], "snooze_until": "2026-12-01", "snooze_reason": "papers"}
    told = client.submit("/queue/snooze", ticked, follow_redirects=True).text
    assert "已处理 1 件。" in told and "有 2 件没有改动" in told, "one is stale, in a crisis nothing is put aside"
    words = "这几件案情复杂，请督导看一看"
    fields: dict[str, Any] = {"case": ["1:2", "3:1"], "escalate_reason": "complex", "escalate_words": words}
    assert client.submit("/queue/escalate", fields).headers["location"] == "/?acted=2"
    assert [row[0::2] for row in reviews(database_url)] == [(1, "snooze"), (1, "escalate"), (3, "escalate")]
    fields |= {"case": ["2:1"], "escalate_words": ""}
    nothing = client.submit("/queue/escalate", fields)
    assert nothing.headers["location"] == "/?acted=0&refused=1"
    assert client.submit("/queue/escalate", {"case": "x"}).status_code == 400


def test_from_a_case_the_next_of_the_same_queue_is_taken_and_the_way_back_leads_there(
    client: Desk, database_url: str, vault: Vault
) -> None:
    decided(database_url, [*many(2), accepted(3, "DANGER", {"notes": "我不想活了"})], vault)
    ask(client, urgency="U4", sort="case")
    way = read_page(client.get("/cases/1").text).one(".way")
    assert way.values(".back a", "href") == ["/?urgency=U4&sort=case"]
    assert "U4，还有 2 件待领取" in way.text
    (terms,) = way.values("input[name=terms]", "value")
    taken = [client.submit("/queue/take", {"terms": terms}).headers["location"] for _ in range(2)]
    assert taken == ["/cases/1", "/cases/2"]
    assert "没有待领取的案件" in read_page(client.get("/cases/1").text).one(".way").text
    client.cookies.set("queue", "urgency=U9")
    assert client.get("/cases/1").status_code == 200
