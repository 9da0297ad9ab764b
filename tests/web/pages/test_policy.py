"""The handbook on the desk: found by words, whole in both languages, each rule with how it fared."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest

from forbear.base.vault import Vault
from forbear.desk import worklist as record
from models.database.session import session
from rules.handbook.contents import book
from rules.handbook.search import entries, search
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import NOW, accepted, decided, engine_of
from tests.support.desk.desk_clients import Desk, desk
from tests.support.desk.page import read_page


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[Desk]:
    with desk(database_url, redis_url, vault, "submitter", "us") as opened:
        yield opened


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_anchor_of_the_handbook_opens(client: Desk, lang: str) -> None:
    pack = load(DEFAULT_PACK)
    known = entries(book(pack, NOW.date(), "zh" if lang == "zh" else "en"))
    assert len(known) > 500
    chapters = {section.anchor for section, _ in known.values()}
    rules = [rule.rule.id for rule in pack.rules]
    for anchor in [*chapters, *rules[:10], "parameters.lpr_1y", "strategies.mediation"]:
        page = client.get(f"/policy/{anchor}?lang={lang}")
        assert page.status_code == 200, anchor
        for link in set(page.text.split('href="/policy/')[1:]):
            assert re.split('["?#]', link)[0] in known


def test_a_point_leads_to_its_chapter(client: Desk) -> None:
    known = entries(book(load(DEFAULT_PACK), NOW.date(), "zh"))
    anchor, section = next((a, s) for a, (s, entry) in known.items() if entry is None and a != s.anchor)
    answer = client.get(f"/policy/{anchor}")
    assert answer.headers["location"] == f"/policy/{section.anchor}#{anchor}"


def test_what_is_no_anchor_is_not_found(client: Desk) -> None:
    assert client.get("/policy/nothing").status_code == 404


@pytest.mark.parametrize(
    ("query", "anchor"), [("支付令", "payment-order"), ("LPR", "lpr_1y"), ("card-too-long", "card-too-long")]
)
def test_a_search_finds_by_words_and_ids(client: Desk, query: str, anchor: str) -> None:
    page = read_page(client.get("/policy", params={"q": query}).text)
    assert any(anchor in address for address in page.values(".hits a", "href"))


def test_all_words_must_be_there_and_names_come_first() -> None:
    handbook = book(load(DEFAULT_PACK), NOW.date(), "zh")
    assert search(handbook, "支付令 绝不会有的词", 50) == ()
    assert search(handbook, "   ", 50) == ()
    titles = ["调解" in f"{hit.anchor}{hit.title}" for hit in search(handbook, "调解", 50)]
    assert titles == sorted(titles, reverse=True) and titles[0]


def test_a_search_shows_what_it_found_as_text(client: Desk) -> None:
    page = client.get("/policy", params={"q": "<script>"}).text
    assert "<script>" not in page and "没有找到" in page


def test_a_rule_tells_how_often_it_fired_and_was_overridden(client: Desk, database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault, by=load(DEFAULT_PACK))
    with engine_of(database_url) as engine, session(engine) as opened:
        tally = {("accepted", "unknown-duration", ""): 3, ("overridden", "unknown-duration", "facts_wrong"): 1}
        record.note(opened, "us", tally, NOW.date())
        record.note(opened, "us", {("fired", "unknown-duration", ""): 7}, NOW.date() - dt.timedelta(days=91))
    fared = read_page(client.get("/policy/unknown-duration").text).one(".fared").text
    assert "2 次" in fared and "被改判 1 次（25%）" in fared
