"""The household's budget, line by line: what counts once, what is lacking, and where it is told."""

from __future__ import annotations

import pytest

from forbear.case.negotiation import negotiation_files
from rules.text.budget import Budget, budget_of
from tests.rules.text.test_negotiation_pack import CALM
from tests.support.packs.negotiation_packs import case, evaluator, pack, prepared, swept

HOME = {**CALM, "product": "mortgage", "days_overdue": 40, "hardship": "income_reduction", "monthly_due": 5200}


def budget(facts: dict[str, object], given: dict[str, int] | None = None) -> Budget:
    """The budget of a case; `given` are amounts in fen that the system adds."""
    typed = {**case(**facts), **(given or {})}
    found = evaluator().evaluate([typed])[0]
    told = budget_of(pack(), found.outcome, found.facts)
    assert told is not None
    return told


def told(found: Budget) -> list[tuple[str, str, str]]:
    return [(line.kind, line.shown.zh, line.shown.en) for line in found.lines]


def test_an_instalment_in_the_priority_payments_is_added_back() -> None:
    found = budget(
        {
            **HOME,
            "income_monthly": 10000,
            "essential_outgoings": 4000,
            "priority_payments": 6000,
            "own_instalment_in_budget": True,
        }
    )
    assert told(found) == [
        ("income", "10,000元", "¥10,000"),
        ("essential", "−4,000元", "−¥4,000"),
        ("priority", "−6,000元", "−¥6,000"),
        ("own_instalment", "+5,200元", "+¥5,200"),
        ("surplus", "5,200元", "¥5,200"),
        ("buffer", "−260元", "−¥260"),
        ("capacity", "4,940元", "¥4,940"),
    ]


def test_a_home_loan_beside_it_is_taken_off_and_a_deficit_is_called_one() -> None:
    found = budget(
        {**CALM, "income_monthly": 9000, "essential_outgoings": 4000, "priority_payments": 800},
        {"home_dues": 520_000, "home_dues_beside": 520_000},
    )
    assert told(found) == [
        ("income", "9,000元", "¥9,000"),
        ("essential", "−4,000元", "−¥4,000"),
        ("priority", "−800元", "−¥800"),
        ("home_dues", "−5,200元", "−¥5,200"),
        ("deficit", "−1,000元", "−¥1,000"),
        ("capacity", "0元", "¥0"),
    ]
    assert found.lines[4].title.zh == "每月缺口"


@pytest.mark.parametrize("income", [3500, 3499])
def test_nothing_left_is_no_deficit(income: int) -> None:
    found = budget({**CALM, "income_monthly": income})
    assert [line.kind for line in found.lines][3] == ("surplus" if income == 3500 else "deficit")


def test_whether_the_instalment_is_in_it_is_missing_and_so_is_the_surplus() -> None:
    found = budget({**HOME, "income_monthly": 10000, "essential_outgoings": 4000, "priority_payments": 6000})
    assert [line.shown.zh for line in found.lines if line.kind in ("surplus", "deficit")] == ["还不知道"]
    assert "own_instalment_in_budget" in found.missing


def test_the_lines_add_up_wherever_all_is_known() -> None:
    seen = 0
    for evaluation, _ in swept(800, 10):
        found = budget_of(pack(), evaluation.outcome, evaluation.facts)
        if found is None or any(line.amount is None for line in found.lines):
            continue
        seen += 1
        steps = [line for line in found.lines if not line.is_sum]
        total = sum((1 if line.sign == "+" else -1) * (line.amount or 0) for line in steps)
        last = found.lines[-1].amount or 0
        surplus = next(line.amount or 0 for line in found.lines if line.kind in ("surplus", "deficit"))
        assert (found.lines[0].amount or 0) + total == (last if surplus > 0 else surplus)
    assert seen > 50


def test_the_pack_tells_it_in_both_languages_and_a_protocol_does_not() -> None:
    kit = prepared(**{**CALM, "income_monthly": 3000})
    html, text = (make(kit, ("zh", "en")) for make in (negotiation_files.page, negotiation_files.markdown))
    for written in (html, text):
        assert all(word in written for word in ("每月缺口", "−500元", "Lacking each month", "−¥500"))
    assert prepared(**{**CALM, "violence": True}).budget == ()
    assert prepared(**{**CALM, "not_my_loan": True}).budget == ()
    assert all(not found.budget for _, found in swept(800, 10) if found.withheld or found.staff)
