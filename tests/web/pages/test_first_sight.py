"""What stands open on a case page: the client's lines, three tasks of the counsellor, the budget; the rest folds."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from forbear.base.vault import Vault
from rules.decision.evaluate import Evaluation
from rules.text.client_plan import MOST
from tests.rules.text.test_negotiation_pack import CALM
from tests.support.desk.cases import accepted, decided
from tests.support.desk.desk_clients import desk
from tests.support.desk.page import Element, read_page
from tests.support.packs.negotiation_packs import case, pack, swept

BUSIEST = 6  # of the sweep, by items and by tasks
BUDGET = 5 * MOST  # today, this week, not to do and days of the client; the counsellor's tasks


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with desk(database_url, redis_url, vault) as opened:
        yield opened


def items(each: Evaluation) -> int:
    return len((*each.outcome.steps, *each.outcome.warnings, *each.outcome.rights))


def tasks(each: Evaluation) -> int:
    return sum(pack().steps[name].audience == "counsellor" for name in each.outcome.steps)


def given(each: Evaluation) -> dict[str, Any]:
    """The facts of a case as they were submitted."""
    facts = pack().vocabulary.facts
    asked = {name for name, fact in facts.items() if not fact.derived and not fact.private and name != "case_ref"}
    return {name: value for name, value in each.facts.items() if name in asked}


def page(client: httpx.Client, number: int) -> Element:
    return read_page(client.get(f"/cases/{number}").raise_for_status().text)


def test_a_decisions_items_keep_to_their_budget(client: httpx.Client, database_url: str, vault: Vault) -> None:
    outcomes = [each for each, _ in swept(800, 10)]
    chosen = [*sorted(outcomes, key=items)[-BUSIEST:], *sorted(outcomes, key=tasks)[-BUSIEST:]]
    rows = [accepted(n, f"R-{n}", **given(each)) for n, each in enumerate(chosen, 1)]
    decided(database_url, rows, vault, by=pack())
    folded = 0
    for number in range(1, len(rows) + 1):
        found = page(client, number)
        tasks_shown, lines = found.select("section.tasks li"), found.select(".client li")
        assert len(tasks_shown) <= MOST, number
        assert len(tasks_shown) + len(lines) <= BUDGET, number
        for kind in ("rights", "warnings", "steps", "more_tasks"):
            assert len(found.select(f".card.{kind} li")) == len(found.select(f"details.{kind} li")), (number, kind)
        folded += bool(found.select("details.more_tasks li"))
    assert folded


def test_the_budget_shows_what_counts_once_and_what_is_lacking(
    client: httpx.Client, database_url: str, vault: Vault
) -> None:
    home = {**CALM, "product": "mortgage", "days_overdue": 40, "monthly_due": 5200, "own_instalment_in_budget": True}
    lacking = {**home, "income_monthly": 10000, "essential_outgoings": 9600, "priority_payments": 6000}
    known: dict[str, Any] = {
        name: value for name, value in case(**lacking).items() if name not in ("case_ref", "note_flags")
    }
    decided(database_url, [accepted(1, "A", **known)], vault, by=pack())
    text = page(client, 1).one("section.budget").text
    assert "加回，不重复减" in text and "+¥5,200" in text
    assert "每月缺口" in text and "−¥400" in text
    english = read_page(client.get("/cases/1", params={"lang": "en"}).text).one("section.budget").text
    assert "Lacking each month" in english and "added back" in english
