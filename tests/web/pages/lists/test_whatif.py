"""The what-if page: what flips and why, over how many cases; nothing is written, and one question at a time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace

import pytest

from forbear.accounts.accounts import Role
from forbear.base.vault import Vault
from forbear.ops import whatif
from rules.decision.whatif.moved import movable
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import NOW, accepted, decided, pack
from tests.support.desk.desk_clients import Desk, desk
from tests.support.desk.page import read_page
from web.pages.whatif import _slider

PACK = load(DEFAULT_PACK)
DAY = NOW.date()


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    whatif._kept.clear()
    yield
    whatif._kept.clear()


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault, "supervisor") as opened:
        yield opened


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_desk_without_cases_and_without_a_question_says_what_to_do(client: Desk, lang: str) -> None:
    page = read_page(client.get(f"/what-if?lang={lang}").raise_for_status().text)
    assert len(page.select("#parameter option")) > 10
    assert not page.select("#policy"), "there is no other policy yet"
    asked = read_page(client.get(f"/what-if?parameter=multi_creditors&value=9&lang={lang}").raise_for_status().text)
    assert asked.select("#result a[href=/batches]")


def test_what_flips_is_shown_with_its_rules_and_nothing_is_written(
    client: Desk, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [accepted(n, f"C{n}", creditors_overdue=n, days_overdue=40) for n in range(1, 9)]
    decided(database_url, rows, vault, by=PACK)
    decided(database_url, [accepted(1, "TINY")], vault, by=pack())
    answer = client.get("/what-if?parameter=multi_creditors&value=5&lang=en").raise_for_status()
    page = read_page(answer.text)
    told = page.one("#result .said").text
    assert told.startswith("9 cases: ")
    flips = page.select(".flips li")
    assert flips and flips[0].one("a.ref").attributes["href"].startswith("/cases/")
    moved = page.select(".matrix .moved a")
    assert sum(int(each.text.split()[0]) for each in moved) <= len(flips)
    assert len(moved) == len(page.select(".moves a"))
    assert any(each.startswith("/policy/") for each in page.values(".why a", "href"))
    one = read_page(client.get(moved[0].attributes["href"].split("#")[0] + "&lang=en").raise_for_status().text)
    assert 0 < len(one.select(".flips li")) <= len(flips)
    assert "Over all 9 decided cases" in page.text
    # What the policy in force says is kept; another question of the same cases reads none of them.
    monkeypatch.setattr("forbear.ops.portfolio.read", lambda *_: pytest.fail("read again"))
    for value, words in (("many", "That is no number"), ("2.5", "cannot have this value"), ("2", "9 cases")):
        assert words in client.get(f"/what-if?parameter=multi_creditors&value={value}&lang=en").text
    # The other policy of the record.
    _, other = page.values("#policy option", "value")
    both = read_page(client.get(f"/what-if?policy={other}&lang=en").raise_for_status().text)
    assert both.select(".flips li") and "no such rule" in both.text
    monkeypatch.setattr(whatif, "_PATIENCE", 0.01)
    with whatif._turn:
        busy = client.get("/what-if?parameter=multi_creditors&value=3&lang=en")
    assert (busy.status_code, "Ask again in a moment" in busy.text) == (503, True)
    for wrong in ("parameter=nothing", f"policy={'0' * 64}", "page=0"):
        assert client.get(f"/what-if?{wrong}").status_code in (400, 404)


def test_no_more_cases_are_looked_at_than_are_allowed_and_the_page_says_so(
    client: Desk, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(database_url, [accepted(n, f"C{n}", creditors_overdue=n) for n in range(1, 6)], vault, by=PACK)
    monkeypatch.setattr(whatif, "settings", lambda: SimpleNamespace(what_if_cases=2))
    page = client.get("/what-if?parameter=multi_creditors&value=9&lang=en").raise_for_status().text
    assert "Over the 2 of 5 cases that were decided last" in page


@pytest.mark.parametrize("role", ["counsellor", "submitter"])
def test_it_is_for_supervisors(database_url: str, redis_url: str, vault: Vault, role: Role) -> None:
    submitter = "us" if role == "submitter" else None
    with desk(database_url, redis_url, vault, role, submitter) as opened:
        assert opened.get("/what-if").status_code == 403
        assert "/what-if" not in opened.get("/policy").text


def test_a_slider_reaches_the_value_in_force() -> None:
    for figure in movable(PACK, DAY).values():
        slider = _slider(figure, None)
        assert slider.least <= figure.value <= slider.most
        assert (figure.value - slider.least) % slider.step == 0
        assert 10 <= (slider.most - slider.least) / slider.step <= 100_000
    wide = _slider(movable(PACK, DAY)["answer_days"], Decimal(500))
    assert wide.most == 500


def test_a_turn_ends_whatever_happens_in_it() -> None:
    with pytest.raises(RuntimeError), whatif._Turn():
        raise RuntimeError
    with whatif._Turn():
        assert whatif._turn.locked()
    assert not whatif._turn.locked()
