"""A new case by hand: what the form asks for and in which order, what it refuses, and that nothing is overwritten."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from forbear.base.vault import Vault
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import facts_told
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk, holding
from tests.support.desk.page import Element, read_page
from tests.web.api.test_cases import worker

TYPED = {
    "case_ref": "AJ-1",
    "product": "credit_card",
    "days_overdue": "45 天",
    "hardship": "unemployment",
    "balance": "3.5万",
}
FACTS = load(DEFAULT_PACK).vocabulary.facts


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no worker runs, nobody waits for one."""
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 0)


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault) as opened:
        yield opened


def _send(client: Desk, submitter: str = "us", **typed: str) -> httpx.Response:
    facts = TYPED | typed
    fields = {f"fact.{name}": value for name, value in facts.items()}
    return client.submit("/cases/new", {"submitter": submitter, "asked": [*FACTS], **fields})


def _cases(url: str) -> list[tuple[object, ...]]:
    query = (
        'SELECT c.submitter, c.case_ref, v.facts FROM case_version v JOIN "case" c ON c.id = v.case_id ORDER BY v.id'
    )
    with psycopg.connect(url) as connection:
        rows = connection.execute(query).fetchall()
    return [(submitter, ref, facts_told(facts, url)) for submitter, ref, facts in rows]


def _form(client: Desk) -> Element:
    return read_page(client.get("/cases/new").raise_for_status().text).one("form.new-case")


def test_it_asks_for_danger_first_then_what_must_be_given_and_for_every_fact_once(client: Desk) -> None:
    asked = _form(client).values("input[name=asked]", "value")
    assert asked[:4] == ["self_harm_signal", "violence", "dependant_at_risk", "notes"]
    assert asked[4:9] == ["case_ref", "product", "days_overdue", "due_date", "hardship"]
    assert asked[9] == "legal_stage"
    assert sorted(asked) == sorted(name for name, fact in FACTS.items() if not fact.derived and not fact.given)
    folded = _form(client).select("details input[name=asked]")
    assert len(folded) > len(asked) / 2, "few questions first"
    assert _form(client).select("details[open]") == []


def test_a_case_is_read_as_a_row_of_a_file_decided_and_opened(
    client: Desk, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 60)
    with worker(database_url, vault):
        answer = _send(client)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "¥35,000.00" in page and "正在分诊" not in page
    ((submitter, ref, facts),) = _cases(database_url)
    assert (submitter, ref) == ("us", "AJ-1")
    assert facts == TYPED | {"days_overdue": 45, "balance": 3500000}
    with psycopg.connect(database_url) as connection:
        kinds = connection.execute("SELECT kind, actor FROM ledger ORDER BY seq").fetchall()
    assert any(kind == "batch" and actor.startswith("account:") for kind, actor in kinds)
    assert "手工录入" in client.get("/batches").text


def test_danger_in_its_words_leads_to_the_crisis_card(
    client: Desk, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pages.case.patience._PATIENCE", 60)
    with worker(database_url, vault):
        answer = _send(client, notes="再催我就不活了，想自杀")
    page = read_page(client.get(answer.headers["location"]).text)
    assert page.select("#crisis")


def test_without_a_worker_the_pending_page_says_so_and_offers_to_look_again(client: Desk) -> None:
    answer = _send(client)
    waiting = read_page(client.get(answer.headers["location"]).text)
    assert "正在分诊" in waiting.text
    assert waiting.values("a.button", "href") == [answer.headers["location"]]


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_is_kept(client: Desk, database_url: str) -> None:
    answer = _send(
        client, " ", days_overdue="很多", hardship="", served_on="2099-01-01", notes="家里没钱", name="测试甲"
    )
    assert answer.status_code == 422
    form = read_page(answer.text).one("form.new-case")
    wrong = {each.attributes["id"] for each in form.select("[aria-invalid=true]")}
    assert wrong == {"new-submitter", "new-days_overdue", "new-hardship", "new-served_on"}
    for field in wrong:
        assert form.select(f"#{field}-error"), field
    links = read_page(answer.text).values("#refused a", "href")
    assert sorted(links) == sorted(f"#{field}" for field in wrong)
    assert form.one("#new-days_overdue").attributes["value"] == "很多"
    assert form.one("#new-notes").text == "家里没钱"
    opened = [each.attributes["value"] for each in form.select("details[open] input[name=asked]")]
    assert {"served_on", "name"} <= set(opened) and "contract_date" in opened, "balance was typed too"
    assert "scam_agent" not in opened
    assert _cases(database_url) == []


def test_the_same_form_twice_is_one_case_and_another_under_its_reference_is_refused(
    client: Desk, database_url: str
) -> None:
    first, again = _send(client), _send(client)
    assert first.headers["location"] == again.headers["location"]
    other = _send(client, days_overdue="46")
    assert other.status_code == 422
    page = read_page(other.text)
    assert page.values("#refused a", "href") == ["#new-case_ref", first.headers["location"]]
    assert [ref for _, ref, _ in _cases(database_url)] == ["AJ-1"]
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM batch").fetchone() == (1,)
    assert _send(client, "them").status_code == 303, "another submitter's references are its own"


def test_it_is_for_counsellors_and_above(client: Desk, database_url: str) -> None:
    assert "/cases/new" in read_page(client.get("/").text).values("nav a", "href")
    secret = cookie_of(database_url, account(database_url, "anxin", "submitter", "us"))
    with holding(str(client.base_url), secret) as submitter:
        assert "/cases/new" not in read_page(submitter.get("/").text).values("nav a", "href")
        assert submitter.get("/cases/new").status_code == 403
        assert _send(submitter).status_code == 403
    assert _cases(database_url) == []
