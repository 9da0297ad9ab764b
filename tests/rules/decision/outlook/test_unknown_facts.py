"""What nobody said is unknown, and never taken for nothing: no days overdue is not the same as none."""

from __future__ import annotations

import pytest

from rules.formulas.derivation import derive
from tests.support.packs.default_pack import AS_OF, outcome, pack, parsed

OWED = {
    "product": "huabei",
    "monthly_due": "1000",
    "principal": "10000",
    "interest_fees": "50",
    "balance": "10050",
    "interest_paid_until": "2026-11-20",
}
# What follows from a fact that is 0 and must not follow where it is not known.
FOLLOWS = {
    "days_overdue": {"overdue_bucket", "arrears"},
    "interest_fees": {"excess_charges"},
}


def derived(**facts: str) -> dict[str, object]:
    known = dict(parsed(**facts))
    found = derive(pack(), known, AS_OF).facts
    return {name: value for name, value in found.items() if name not in known}


def test_of_a_case_of_which_nothing_is_known_nothing_is_derived() -> None:
    assert derived() == {}


@pytest.mark.parametrize("fact", FOLLOWS)
def test_what_follows_from_nothing_does_not_follow_from_what_is_unknown(fact: str) -> None:
    given = {**OWED, "days_overdue": "0"}
    assert derived(**{**given, fact: "0"}).keys() >= FOLLOWS[fact]
    assert derived(**{name: value for name, value in given.items() if name != fact}).keys() & FOLLOWS[fact] == set()


def test_unknown_days_overdue_are_no_sign_that_nothing_is_overdue() -> None:
    case = {"product": "huabei", "hardship": "unemployment"}
    none, unknown = outcome(**case, days_overdue=0), outcome(**case)
    assert (none.strategy, none.urgency) == ("early_contact", "U5")
    assert (unknown.strategy, unknown.urgency, unknown.certain) == ("counsellor_review", "U4", False)
    assert "days_overdue" in unknown.questions
    assert "urgency-not-overdue" in none.rules_fired
    assert "urgency-not-overdue" not in unknown.rules_fired
