"""How a figure came about, in the words a counsellor would use, in both languages."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from forbear import intake
from forbear.intake import Accepted
from rules.facts.case_facts import Parser
from rules.formulas.derivation import derive
from rules.locale import Language
from rules.pack.formulas import Expression
from rules.text.phrases import fill
from rules.text.workings.formula_outline import Step, steps
from rules.text.workings.formula_text import all_workings, workings
from tests.rules.formulas.test_columns import SAMPLES
from tests.support.packs.derivation import PACK, TODAY

READ = Parser(PACK.vocabulary, rule_test=True)
LANGUAGES: tuple[Language, ...] = ("zh", "en")
# What would give away the machine: the names of nodes, placeholders, what Python prints.
MACHINE = re.compile(
    "|".join((r"[{}\[\]]", "True", "False", *(rf"\b{each.__name__}\(" for each in get_args(Expression))))
)
RICH = {"product": "huabei", "income_monthly": 5000, "essential_outgoings": 3200, "priority_payments": 800}
POOR = {
    "product": "huabei",
    "income_monthly": 3100,
    "essential_outgoings": 2500,
    "priority_payments": 500,
    "balance": 50000,
}


def _reckoning(name: str, language: Language, given: dict[str, Any]) -> str:
    facts, wrong = READ.parse(given)
    assert wrong == []
    told = workings(PACK, name, derive(PACK, facts, TODAY).facts, TODAY, language)
    assert told is not None
    return told.reckoning


@pytest.mark.parametrize(
    ("name", "given", "zh", "en"),
    [
        (
            "capacity",
            RICH,
            "¥1,000.00 的 95% = ¥950.00",
            "95% of ¥1,000.00 = ¥950.00",
        ),
        (
            "surplus",
            RICH,
            "¥5,000.00 − ¥3,200.00 − ¥800.00 = ¥1,000.00",
            "¥5,000.00 − ¥3,200.00 − ¥800.00 = ¥1,000.00",
        ),
        (
            "surplus",
            {**RICH, "product": "mortgage", "own_instalment_in_budget": True, "monthly_due": 500},
            "¥5,000.00 − ¥3,200.00 − (¥800.00 − ¥500.00) = ¥1,500.00",
            "¥5,000.00 − ¥3,200.00 − (¥800.00 − ¥500.00) = ¥1,500.00",
        ),
        (
            "capacity",
            {**RICH, "income_monthly": 3900},
            "-¥100.00，不足¥0.00，按¥0.00 的 95% = ¥0.00",
            "95% of -¥100.00, which is below ¥0.00 and counts as ¥0.00 = ¥0.00",
        ),
        (
            "months_to_clear",
            POOR,
            "¥50,000.00 ÷ 每月可用于本笔的金额（不超过¥95.00） = 至少527个月",
            "¥50,000.00 ÷ Monthly capacity for this debt (no more than ¥95.00) = at least 527 months",
        ),
        (
            "months_to_clear",
            {**POOR, "income_monthly": 3000},
            "¥50,000.00 ÷ ¥0.00 = 没有尽头",
            "¥50,000.00 ÷ ¥0.00 = without end",
        ),
        (
            "months_to_clear",
            {**POOR, "other_debt_payments": 0},
            "¥50,000.00 ÷ ¥95.00，向上取整 = 527个月",
            "¥50,000.00 ÷ ¥95.00, rounded up = 527 months",
        ),
        (
            "debt_capacity",
            {**POOR, "monthly_due": 900},
            "取决于其他债务月供 = 不超过¥95.00",
            "depends on Payments on other debts = no more than ¥95.00",
        ),
        (
            "debt_capacity",
            {**RICH, "balance": 30000, "debts_before": 10000, "debts_total": 60000},
            "¥950.00 按余额分摊，本笔 ¥30,000.00，全部 ¥60,000.00 = ¥475.00",
            "¥950.00 shared by balances, ¥30,000.00 of ¥60,000.00 = ¥475.00",
        ),
        (
            "limitation_ends",
            {"product": "huabei", "days_overdue": 40, "last_interruption": "2026-11-01"},
            "2026-11-23之前40天 与 2026-11-01中较晚的一天之后3年，遇休息日顺延到下一个工作日 = 2029-11-01",
            (
                "3 years after the later of 40 days before 2026-11-23 and 2026-11-01,"
                " or the next working day after a day off = 2029-11-01"
            ),
        ),
        (
            "days_left",
            {"legal_stage": "judgment", "served_on": "2026-11-16"},
            "从2026-11-23到自2026-11-16次日起15天的法定期限最后一天的天数 = 8天",
            (
                "days from 2026-11-23 to the last day of the legal period of 15 days from the day after 2026-11-16"
                " = 8 days"
            ),
        ),
        ("minor", {"age": 17}, "17年 小于 18年：是", "17 years is less than 18 years: yes"),
        ("overdue_bucket", {"days_overdue": 40}, "40天：逾期31–60天", "40 days: 31–60 days"),
        (
            "evidence_sufficient",
            {"hardship_evidence": "official", "income_evidence": "none"},
            "困难证明强度（官方），或 收入证明强度（无）：是",
            "Evidence of the hardship (Official) or Evidence of income (None): yes",
        ),
    ],
)
def test_a_figure_is_told_with_the_numbers_of_its_case(name: str, given: dict[str, Any], zh: str, en: str) -> None:
    assert (_reckoning(name, "zh", given), _reckoning(name, "en", given)) == (zh, en)


def test_it_says_what_it_was_taken_from() -> None:
    facts = derive(PACK, READ.parse(RICH)[0], TODAY).facts
    told = workings(PACK, "capacity", facts, TODAY, "en")
    assert told is not None
    assert told.lines("en")[1] == (
        "From: Monthly surplus (below 0: a deficit) ¥1,000.00; Share of the surplus kept back for emergencies 5%"
    )


def test_a_value_that_its_formula_does_not_give_is_not_accounted_for() -> None:
    assert workings(PACK, "capacity", READ.parse({**RICH, "capacity": 1})[0], TODAY, "zh") is None
    assert workings(PACK, "note_flags", {}, TODAY, "zh") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_every_sample_is_told_in_plain_words(language: Language) -> None:
    told = 0
    for row in list(intake.rows(SAMPLES, PACK.vocabulary))[::10]:
        if not isinstance(row, Accepted):
            continue
        derived = derive(PACK, {**row.facts, "note_flags": ()}, TODAY)
        for name, each in all_workings(PACK, derived.facts, TODAY, language).items():
            told += 1
            assert name in derived.facts or name in derived.bounds
            for line in each.lines(language):
                assert line
                assert not MACHINE.search(line), line
    assert told > 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_formula_is_told_in_general(language: Language) -> None:
    def texts(found: tuple[Step, ...]) -> Iterator[str]:
        for each in found:
            yield each.text
            yield from texts(each.below)

    for name in PACK.formulas:
        lines = list(texts(steps(PACK, name, TODAY, language)))
        assert lines, name
        for line in lines:
            assert line
            assert not MACHINE.search(line), (name, line)


def test_a_reason_tells_how_far_a_figure_is_known() -> None:
    facts = derive(PACK, READ.parse(POOR)[0], TODAY).facts
    text = "{debt_capacity} / {months_to_clear} / {lump_sum_share}"
    assert fill(PACK, text, facts, TODAY, "en") == "no more than ¥95.00 / at least 527 / unknown"
    assert fill(PACK, text, facts, TODAY, "zh") == "不超过¥95.00 / 至少527 / 未知"
