"""What a case leaves blank is counted from the submitter's other open cases of its borrower."""

import datetime as dt

import pytest

from forbear.privacy import Vault
from tests.cases import AS_OF, accepted, decided, facts_of

BORROWER = (
    accepted(1, "C1", borrower_ref="B1", lender="甲银行", monthly_due=100_00),
    accepted(2, "C2", borrower_ref="B1", lender="乙小贷", monthly_due=200_00),
    accepted(3, "C3", borrower_ref="B1", lender="乙小贷", monthly_due=300_00),
    accepted(4, "C4", borrower_ref="B1", lender="丙消金", monthly_due=400_00, days_overdue=0),
    accepted(5, "C5", borrower_ref="B2", lender="丁银行", monthly_due=500_00),
)


def test_what_a_borrower_owes_elsewhere_is_counted_from_the_other_cases(database_url: str, vault: Vault) -> None:
    decided(database_url, BORROWER, vault)
    facts = facts_of(database_url, "C1")
    assert facts["creditors_overdue"] == 2  # 甲 and 乙; 丙 is not overdue
    assert facts["other_debt_payments"] == 900_00


def test_what_was_given_is_not_counted(database_url: str, vault: Vault) -> None:
    given = accepted(6, "C6", borrower_ref="B1", creditors_overdue=7, other_debt_payments=1)
    decided(database_url, [*BORROWER, given], vault)
    facts = facts_of(database_url, "C6")
    assert (facts["creditors_overdue"], facts["other_debt_payments"]) == (7, 1)


def test_a_borrower_with_one_case_stays_unknown(database_url: str, vault: Vault) -> None:
    decided(database_url, BORROWER, vault)
    assert {"creditors_overdue", "other_debt_payments"}.isdisjoint(facts_of(database_url, "C5"))


def test_a_sum_with_an_unknown_part_stays_unknown(database_url: str, vault: Vault) -> None:
    decided(database_url, [*BORROWER, accepted(6, "C6", borrower_ref="B1")], vault)
    facts = facts_of(database_url, "C1")
    assert facts["creditors_overdue"] == 3  # without a lender's name a case counts as a creditor of its own
    assert "other_debt_payments" not in facts


@pytest.mark.parametrize(
    ("changes", "creditors"),
    [
        ({"legal_stage": "settled"}, 1),
        ({"legal_stage": "none"}, 2),
        ({"days_overdue": None, "due_date": AS_OF}, 1),
        ({"days_overdue": None, "due_date": AS_OF - dt.timedelta(1)}, 2),
    ],
)
def test_only_open_and_overdue_cases_count(
    database_url: str, vault: Vault, changes: dict[str, object], creditors: int
) -> None:
    first = accepted(1, "C1", borrower_ref="B1", lender="甲", monthly_due=1)
    second = accepted(2, "C2", None, None, **{"borrower_ref": "B1", "lender": "乙", **changes})
    third = accepted(3, "C3", borrower_ref="B1", lender="甲", monthly_due=1)
    decided(database_url, [first, second, third], vault)
    assert facts_of(database_url, "C1")["creditors_overdue"] == creditors


def test_a_borrower_of_another_submitter_does_not_count(database_url: str, vault: Vault) -> None:
    decided(database_url, BORROWER, vault, submitter="them")
    decided(database_url, [BORROWER[0]], vault)
    assert "creditors_overdue" not in facts_of(database_url, "C1")


def test_the_newest_version_of_another_case_counts(database_url: str, vault: Vault) -> None:
    decided(database_url, BORROWER, vault)
    decided(database_url, [accepted(1, "C2", borrower_ref="B1", lender="乙小贷", monthly_due=201_00)], vault)
    decided(database_url, [accepted(1, "C1", borrower_ref="B1", lender="甲银行", monthly_due=101_00)], vault)
    assert facts_of(database_url, "C1")["other_debt_payments"] == 901_00
