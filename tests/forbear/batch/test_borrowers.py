"""What a case leaves blank is counted from the submitter's other open cases of its borrower."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from forbear.base.vault import Vault
from forbear.batch import borrowers
from forbear.intake import Accepted
from rules.facts.case_facts import Parser
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import AS_OF, accepted, decided, facts_of, results_of, submitted, working

BORROWER = (
    accepted(1, "C1", borrower_ref="B1", lender="甲银行", monthly_due=100_00),
    accepted(2, "C2", borrower_ref="B1", lender="乙小贷", monthly_due=200_00),
    accepted(3, "C3", borrower_ref="ｂ1", lender="乙小贷", monthly_due=300_00),  # the same in another spelling
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


POLICY = load(DEFAULT_PACK)
BALANCES = (15_000, 8_765.43, 30_000, 4_321, 1_200.01)


def overindebted(number: int, **cells: object) -> Accepted:
    """One of a borrower's debts, by the policy that ships: 1,200 a month are left for all of them."""
    row = {
        "case_ref": f"D{number}",
        "borrower_ref": "B",
        "product": "consumer_finance",
        "days_overdue": 70,
        "hardship": "overindebted",
        "hardship_duration": "medium",
        "hardship_evidence": "third_party",
        "income_evidence": "third_party",
        "monthly_due": 1100,
        "income_monthly": 6000,
        "essential_outgoings": 3236.84,
        "priority_payments": 1500,
        "age": 35,
        "legal_stage": "none",
        "lender": f"机构{number}",
        **cells,
    }
    facts, errors = Parser(POLICY.vocabulary).parse(row)
    assert errors == []
    return Accepted(number, f"D{number}", "B", facts, {}, {})


def offers_of(url: str, vault: Vault, debts: list[Accepted], **terms: object) -> dict[str, str]:
    """What each debt of the borrower is offered in the first month."""
    done = decided(url, debts, vault, by=POLICY, **terms)
    found: dict[str, str] = {}
    for result in results_of(url, done.batch_id):
        assert result["engines_agree"]
        for plan in result["plan_options"]:
            if plan["kind"] == "shared_instalments":
                found[result["case_ref"]] = plan["monthly"]
    return found


def test_the_offers_to_five_creditors_add_up_to_what_can_be_paid(database_url: str, vault: Vault) -> None:
    debts = [overindebted(number, balance=balance) for number, balance in enumerate(BALANCES, 1)]
    offers = offers_of(database_url, vault, debts, chunk_size=2)
    assert set(offers) == {f"D{number}" for number in range(1, 6)}
    assert sum(map(Decimal, offers.values())) == Decimal("1200.00")
    whole = sum(BALANCES)
    for number, balance in enumerate(BALANCES, 1):
        assert abs(float(offers[f"D{number}"]) - 1200 * balance / whole) < 0.01


def test_a_debt_beside_others_takes_no_more_than_its_share_in_any_plan(database_url: str, vault: Vault) -> None:
    debts = [overindebted(n, balance=balance, annual_rate_percent=12) for n, balance in enumerate(BALANCES, 1)]
    done = decided(database_url, debts, vault, by=POLICY)
    for result in results_of(database_url, done.batch_id):
        (share,) = {plan["monthly"] for plan in result["plan_options"] if plan["kind"] == "shared_instalments"}
        kinds = {plan["kind"] for plan in result["plan_options"]}
        assert "instalments_with_interest" in kinds
        assert all(Decimal(plan["monthly"]) <= Decimal(share) for plan in result["plan_options"])


@pytest.mark.parametrize(
    "beside",
    [
        {"product": "mortgage"},  # the home is paid before the rest is shared
        {"not_my_loan": "是"},
        {"legal_stage": "settled"},
    ],
)
def test_what_is_paid_first_or_not_owed_takes_no_share(
    database_url: str, vault: Vault, beside: dict[str, object]
) -> None:
    debts = [
        *(overindebted(number, balance=10_000, creditors_overdue=3) for number in (1, 2)),
        overindebted(3, balance=900_000, **beside),
    ]
    assert offers_of(database_url, vault, debts) == {"D1": "600.00", "D2": "600.00"}


def test_with_an_unknown_balance_the_capacity_is_shared_by_what_is_due(database_url: str, vault: Vault) -> None:
    debts = [
        overindebted(1, balance=10_000, monthly_due=300),
        overindebted(2, balance=None, monthly_due=300),
        overindebted(3, balance=10_000, monthly_due=600),
    ]
    assert offers_of(database_url, vault, debts) == {"D1": "300.00", "D3": "600.00"}
    assert "debts_total" not in facts_of(database_url, "D1")


def test_a_debt_alone_has_nobody_to_share_with(database_url: str, vault: Vault) -> None:
    offers_of(database_url, vault, [overindebted(1, balance=10_000)])
    assert "debts_total" not in facts_of(database_url, "D1")


def test_a_policy_that_does_not_know_the_sums_is_not_told_them(database_url: str, vault: Vault) -> None:
    decided(database_url, BORROWER, vault)
    assert "debts_total" not in facts_of(database_url, "C1")


def open_case(
    case_id: int,
    monthly_due: int | None,
    balance: int | None,
    *,
    shares: bool = True,
    home: bool = False,
    overdue_from: dt.date | None = None,
    beside_budget: bool = False,
) -> borrowers.OpenCase:
    return borrowers.OpenCase(
        case_id, f"case {case_id}", False, monthly_due, balance, shares, home, overdue_from, beside_budget
    )


def test_where_a_debt_stands_is_told_by_those_that_came_before_it() -> None:
    cases = [open_case(number, 100, 10**number) for number in (1, 2, 3)]
    for number, before in ((1, 0), (2, 10), (3, 110)):
        facts = {"balance": 10**number}
        borrowers.place(facts, number, cases)
        assert facts == {"balance": 10**number, "debts_before": before, "debts_total": 1110}


def test_the_count_changes_by_time_alone_on_the_first_day_that_another_case_is_overdue() -> None:
    day = dt.timedelta(days=1)
    cases = [open_case(n, 1, 1, overdue_from=from_) for n, from_ in ((1, None), (2, AS_OF + 2 * day), (3, AS_OF + day))]
    assert borrowers.next_change({}, 1, cases) == AS_OF + day
    assert borrowers.next_change({"creditors_overdue": 2}, 1, cases) is None
    assert borrowers.next_change({}, 2, cases[1:2]) is None
    assert borrowers.next_change({}, 1, cases[:1]) is None
    assert borrowers.next_change({}, 9, cases[:1]) is None


def test_what_counts_of_an_open_case_is_read_from_its_newest_facts(database_url: str, vault: Vault) -> None:
    due: dict[str, Any] = {"days_overdue": None, "due_date": AS_OF}
    beside: list[dict[str, Any]] = [
        {"own_instalment_in_budget": False},
        {"own_instalment_in_budget": True},
        {"monthly_due": 101, "priority_payments": 100},
        {"monthly_due": 100, "priority_payments": 100},
        {"monthly_due": 1, "priority_payments": 0},
        {"priority_payments": 0},  # what is due is not known
        {"monthly_due": 5},
    ]
    rows = [accepted(n, f"C{n}", None, None, **due, borrower_ref="B", **each) for n, each in enumerate(beside, 1)]
    late = accepted(8, "C8", None, None, days_overdue=None, due_date=AS_OF - dt.timedelta(days=1), borrower_ref="B")
    gone_on = accepted(9, "C9", None, None, days_overdue=0, due_date=AS_OF, borrower_ref="B")
    submitted(database_url, [*rows, late, gone_on], vault)
    with working(database_url, vault) as work:
        found = borrowers.open_cases(work.session, "us", ["B", "ｂ"], AS_OF, {})
    assert found["B"] == found["ｂ"]
    cases = {each.case_id: each for each in found["B"]}
    assert [cases[n].beside_budget for n in range(1, 8)] == [True, False, True, False, True, False, False]
    tomorrow = AS_OF + dt.timedelta(days=1)
    assert [cases[n].overdue_from for n in range(1, 10)] == [*[tomorrow] * 7, None, None]
    assert [cases[n].overdue for n in (1, 8, 9)] == [False, True, False]
    assert not any(each.home for each in cases.values())


def test_lenders_that_nobody_named_are_as_many_as_their_cases_and_spoiled_days_are_none(
    database_url: str, vault: Vault
) -> None:
    cases = [
        accepted(1, "A", borrower_ref="B", days_overdue=9),
        accepted(2, "B", borrower_ref="B", days_overdue=9),
        accepted(3, "C", borrower_ref="B", days_overdue=9, lender="甲"),
        accepted(4, "D", borrower_ref="B", days_overdue=9, lender="甲"),
        accepted(5, "E", borrower_ref="B", days_overdue="spoiled"),
    ]
    submitted(database_url, cases, vault)
    facts: dict[str, Any] = {}
    with working(database_url, vault) as work:
        found = borrowers.open_cases(work.session, "us", ["B"], AS_OF, {})["B"]
        borrowers.fill(facts, 1, found)
    assert [each.overdue for each in sorted(found, key=lambda each: each.case_id)] == [True] * 4 + [False]
    assert facts["creditors_overdue"] == 3


@pytest.mark.parametrize(("beside", "lacking"), [(False, 0), (True, 520_000)])
def test_a_home_is_paid_before_the_others_share(beside: bool, lacking: int) -> None:
    home = open_case(1, 520_000, 80_000_000, shares=False, home=True, beside_budget=beside)
    unknown = open_case(3, None, None, shares=False, home=True, beside_budget=True)
    loan = open_case(4, 900_000, 1, shares=False)  # not owed, and no home
    facts = {"balance": 4_000_000, "other_debt_payments": 520_000}
    borrowers.place(facts, 2, [home, open_case(2, 200_000, 4_000_000), unknown, loan])
    assert (facts["home_dues"], facts["home_dues_beside"]) == (520_000, lacking)
    assert "debts_total" not in facts  # nothing is left to share with
