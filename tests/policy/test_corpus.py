"""Danger and other hints are found in sentences as people write them: floors, on sentences for tuning and held out.

`tests/policy/corpus/held_out.txt` was written before any pattern there is; nobody looks at it while patterns are made.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from rules.facts.red_flags import scan
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)
CORPUS = Path(__file__).parent / "corpus"
PARTS = ("tuning", "held_out")
NO_DANGER, CALM = "(nothing)", "(calm)"
GRADES = {name: flag.danger.grade for name, flag in PACK.red_flags.items() if flag.danger}
OTHERS = (
    *(
        "account_frozen",
        "legal_papers",
        "arbitration_papers",
        "notarised_enforcement",
        "auction_notice",
        "repossession",
    ),
    *("scam_offered", "scam_agent", "nominee_loan", "fraud_victim"),
    *("role_guarantor", "role_co_borrower", "role_spouse", "role_heir"),
)


@cache
def sentences(part: str) -> list[tuple[str, str, frozenset[str]]]:
    """Each sentence with its label and the flags that it raises."""
    found, label = [], ""
    for line in (CORPUS / f"{part}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            label = line.removeprefix("## ")
        elif line and not line.startswith("#"):
            found.append((label, line, frozenset(scan(PACK, line))))
    return found


def grades(flags: frozenset[str]) -> set[str]:
    return {GRADES[flag] for flag in flags if flag in GRADES}


def share(part: str, label: str, wanted: set[str] | frozenset[str]) -> float:
    """How many of the sentences of a label, or grade of danger, raise one of the wanted flags."""
    hits = [bool(wanted & flags) for each, _, flags in sentences(part) if label in (each, GRADES.get(each))]
    return sum(hits) / len(hits)


def of_grade(*wanted: str) -> set[str]:
    return {flag for flag, grade in GRADES.items() if grade in wanted}


def test_there_are_enough_sentences_and_a_third_is_held_out() -> None:
    held, tuned = (Counter(label for label, _, _ in sentences(part)) for part in ("held_out", "tuning"))
    assert held.total() + tuned.total() >= 600
    assert held.total() * 4 >= tuned.total()
    assert set(held) == set(tuned) == {*GRADES, NO_DANGER, CALM, *OTHERS}


@pytest.mark.parametrize("part", PARTS)
def test_explicit_danger_is_found(part: str) -> None:
    assert share(part, "explicit", of_grade("explicit")) >= {"tuning": 0.98, "held_out": 0.95}[part]


@pytest.mark.parametrize("part", PARTS)
def test_possible_danger_is_asked_about(part: str) -> None:
    assert share(part, "possible", of_grade("explicit", "possible")) >= 0.90


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("flag", GRADES)
def test_each_kind_of_danger_is_found(part: str, flag: str) -> None:
    wanted = {"explicit"} if GRADES[flag] == "explicit" else {"explicit", "possible"}
    assert share(part, flag, of_grade(*wanted)) >= 0.8


@pytest.mark.parametrize("part", PARTS)
def test_what_only_looks_like_danger_is_no_crisis(part: str) -> None:
    for label, most in ((NO_DANGER, 0.02), (CALM, 0.0)):
        assert share(part, label, of_grade("explicit")) <= most
    assert share(part, NO_DANGER, of_grade("possible")) <= 0.05


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("flag", OTHERS)
def test_other_hints_are_found(part: str, flag: str) -> None:
    assert share(part, flag, {flag}) >= 0.75


@pytest.mark.parametrize("part", PARTS)
def test_other_hints_are_not_found_where_there_are_none(part: str) -> None:
    assert share(part, CALM, frozenset(OTHERS)) <= 0.08
