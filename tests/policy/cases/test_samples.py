"""The sample cases: made the same every time, and a tour of everything the pack can say."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from forbear.intake import Accepted, Rejected, rows
from rules.decision.evaluate import Evaluation, Evaluator
from rules.facts.red_flags import scan
from rules.loading.loader import DEFAULT_PACK, Pack, load

SAMPLES = Path(__file__).parents[3] / "samples"
AS_OF = dt.date(2026, 11, 23)


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


@cache
def read() -> Sequence[Accepted | Rejected]:
    return list(rows(SAMPLES / "cases.csv", pack().vocabulary))


@cache
def evaluated() -> Sequence[Evaluation]:
    cases = [
        {**row.facts, "note_flags": scan(pack(), str(row.private.get("notes", "")))}
        for row in read()
        if isinstance(row, Accepted)
    ]
    return Evaluator(pack(), AS_OF).evaluate(cases)


def test_the_maker_writes_the_same_bytes_again(tmp_path: Path) -> None:
    maker = tmp_path / "make_cases.py"
    maker.write_bytes((SAMPLES / "make_cases.py").read_bytes())
    subprocess.run([sys.executable, maker], check=True)
    assert (tmp_path / "cases.csv").read_bytes() == (SAMPLES / "cases.csv").read_bytes()


def test_there_are_at_least_three_hundred_good_cases_and_a_few_bad_rows() -> None:
    rejected = [row for row in read() if isinstance(row, Rejected)]
    assert len(read()) - len(rejected) >= 300
    assert {row.field for row in rejected} == {
        *("product", "due_date", "balance", "hardship", "days_overdue", "monthly_due", "case_ref"),
    }


@pytest.mark.parametrize("fact", ["product", "hardship", "legal_stage", "overdue_bucket"])
def test_every_value_occurs(fact: str) -> None:
    assert set(pack().vocabulary.facts[fact].values) <= {each.facts.get(fact) for each in evaluated()}


def test_every_strategy_that_a_rule_recommends_occurs() -> None:
    recommended = {effect.recommend for rule in pack().rules for effect in rule.rule.then if effect.recommend}
    asked_first = {"safety_question"}  # by what is written alone: tests/rules/decision/test_danger.py
    assert recommended - asked_first <= {each.outcome.strategy for each in evaluated()}


def test_the_engines_agree_on_every_case_and_most_are_certain() -> None:
    assert all(each.outcome.engines_agree for each in evaluated())
    assert sum(each.outcome.certain for each in evaluated()) > 0.8 * len(evaluated())


def test_nobody_in_the_samples_could_be_real() -> None:
    for row in read():
        if isinstance(row, Accepted):
            assert str(row.private.get("name", "测试")).startswith("测试")
            assert str(row.private.get("phone", "1380000")).startswith("1380000")
            assert str(row.private.get("id_number", "000000")).startswith("000000")
