"""Derived facts as Python functions, as they were before formulas: a second reading, written apart from the first.

They say less than formulas do: a value or nothing, and of what is not known only what a hand wrote for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from rules.facts.cells import Value
from rules.facts.legal_days import deadline
from rules.finance.charges import over_cap, private_cap
from rules.finance.pro_rata import offer
from rules.pack.files.schema import FactType
from rules.pack.pack import Pack
from rules.pack.parameters import canonical, value_on


@dataclass(frozen=True, slots=True)
class Moment:
    """The day a case is looked at, and the policy numbers of that day."""

    pack: Pack
    as_of: dt.date
    parameters: Mapping[str, int]

    def on(self, parameter: str, day: dt.date) -> int | None:
        """A figure as it was on another day, the day of the contract for one."""
        return _figure(self.pack, parameter, day)

    def ago(self, days: int) -> dt.date:
        """The day so many days before."""
        return dt.date.fromordinal(max(1, self.as_of.toordinal() - days))


@lru_cache(maxsize=10_000)
def _figure(pack: Pack, parameter: str, day: dt.date) -> int | None:
    entry = pack.parameters[parameter]
    value = value_on(entry, day)
    return None if value is None else canonical(value.value, entry.unit)


Facts: TypeAlias = Mapping[str, Value]
Compute: TypeAlias = Callable[[Facts, Moment], Value | None]


@dataclass(frozen=True, slots=True)
class Formula:
    """How one derived fact is computed.

    A formula must be stable: what it says of some facts, it says whatever else becomes known. That is what makes
    a decision that does not depend on an unknown rule certain.
    """

    type: FactType
    inputs: tuple[str, ...]  # all it reads
    compute: Compute  # gives None for unknown
    needs: tuple[str, ...] = ()  # parameters; without one in force the fact is unknown
    uses: tuple[str, ...] = ()  # parameters it can do without
    dated: tuple[tuple[str, str], ...] = ()  # parameters it reads on the day that another fact gives

    @property
    def parameters(self) -> tuple[str, ...]:
        """Every policy number it looks at, on whatever day."""
        return (*self.needs, *self.uses, *(parameter for parameter, _ in self.dated))


def number(facts: Facts, name: str) -> int | None:
    """A fact that is a number."""
    value = facts.get(name)
    return value if isinstance(value, int) else None


def day(facts: Facts, name: str) -> dt.date | None:
    """A fact that is a date."""
    value = facts.get(name)
    return value if isinstance(value, dt.date) else None


# The last day overdue of each bucket; the codes of the credit report change on the same days.
_BUCKETS: Final = ((0, "B0"), (3, "B1"), (30, "B2"), (60, "B3"), (90, "B4"), (180, "B5"), (360, "B6"), (1095, "B7"))
# Which parameter holds the days of the clock that a paper of this stage starts.
_STAGE_DAYS: Final[Mapping[str, str]] = {
    "payment_order": "payment_order_days",
    "complaint_served": "answer_days",
    "judgment": "appeal_days",
}
_STRENGTH: Final = {"none": 0, "self_declared": 1, "third_party": 2, "official": 3}
_THIRD_PARTY: Final = 2
_CITIES: Final = (
    (("深圳", "shenzhen"), "shenzhen_insurance_years"),
    (("厦门", "xiamen"), "xiamen_residence_years"),
)


def years_after(start: dt.date, years: int) -> dt.date:
    """The same day so many years on; 29 February ends on the 28th (Civil Code, article 202)."""
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def months_begun(start: dt.date, end: dt.date) -> int:
    """Months from one day to a later one, a begun month counted whole."""
    return (end.year - start.year) * 12 + end.month - start.month + (end.day > start.day)


def _overdue_bucket(facts: Facts, at: Moment) -> str | None:
    days = number(facts, "days_overdue")
    if days is None:
        return None
    return next((bucket for last, bucket in _BUCKETS if days <= last), "B8")


def _days_until_due(facts: Facts, at: Moment) -> int | None:
    due = day(facts, "due_date")
    return None if due is None else (due - at.as_of).days


def _days_left(facts: Facts, at: Moment) -> int | None:
    days = at.parameters.get(_STAGE_DAYS.get(str(facts.get("legal_stage")), ""))
    served = day(facts, "served_on")
    return None if days is None or served is None else (deadline(served, days).date - at.as_of).days


def _clock_critical(facts: Facts, at: Moment) -> bool | None:
    left = number(facts, "days_left")
    return None if left is None else 0 <= left <= at.parameters["critical_days"]


def _limitation_expired(facts: Facts, at: Moment) -> bool | None:
    """Counted from the day the debt fell due or, where that is later, from the last interruption.

    A debt younger than the period needs no interruption to be known, and neither does a recent
    interruption need the due date.
    """
    overdue, interruption = number(facts, "days_overdue"), day(facts, "last_interruption")
    starts = [start for start in (None if overdue is None else at.ago(overdue), interruption) if start is not None]
    if any(at.as_of <= years_after(start, at.parameters["limitation_years"]) for start in starts):
        return False
    return True if len(starts) == 2 else None


def _limitation_ends(facts: Facts, at: Moment) -> dt.date | None:
    """Only where both days are known: the one that is missing could be the later one."""
    overdue, interruption = number(facts, "days_overdue"), day(facts, "last_interruption")
    if overdue is None or interruption is None:
        return None
    return years_after(max(at.ago(overdue), interruption), at.parameters["limitation_years"])


def _limitation_days_left(facts: Facts, at: Moment) -> int | None:
    ends = _limitation_ends(facts, at)
    return None if ends is None else (ends - at.as_of).days


def _evidence(facts: Facts) -> tuple[int | None, int | None]:
    hardship, income = (_STRENGTH.get(str(facts.get(name))) for name in ("hardship_evidence", "income_evidence"))
    return hardship, income


def _evidence_level(facts: Facts, at: Moment) -> str | None:
    """Unknown as long as a blank could still raise it. See evidence_sufficient for what rules mostly ask."""
    hardship, income = _evidence(facts)
    if hardship is None or income is None:
        return None
    if min(hardship, income) >= _THIRD_PARTY:
        return "ready" if "essential_outgoings" in facts else None
    best = max(hardship, income)
    return "partial" if best >= _THIRD_PARTY else "weak" if best else "none"


def _evidence_sufficient(facts: Facts, at: Moment) -> bool | None:
    pieces = _evidence(facts)
    if any(piece is not None and piece >= _THIRD_PARTY for piece in pieces):
        return True
    return None if None in pieces else False


def _private_cap(facts: Facts, at: Moment) -> int | None:
    """Only for contracts made since the cap follows the LPR; for older ones see private_contract_old."""
    contract = day(facts, "contract_date")
    if contract is None:
        return None
    return private_cap(at.on("lpr_1y", contract), at.on("private_cap_multiple", contract))


def _rate_above_private_cap(facts: Facts, at: Moment) -> bool | None:
    rate, cap = number(facts, "annual_rate_percent"), _private_cap(facts, at)
    return None if rate is None or cap is None else rate > cap


def _private_contract_old(facts: Facts, at: Moment) -> bool | None:
    contract = day(facts, "contract_date")
    return None if contract is None else at.on("private_cap_multiple", contract) is None


def _repaid_in_repair_window(facts: Facts, at: Moment) -> bool | None:
    """The window is open on the days on which the limit of the one-off repair is above 0."""
    repaid = day(facts, "repaid_on")
    return None if repaid is None else bool(at.on("one_off_repair_limit", repaid))


def _record_until(facts: Facts, at: Moment) -> dt.date | None:
    repaid = day(facts, "repaid_on")
    return None if repaid is None else years_after(repaid, at.parameters["credit_bad_record_years"])


def _prior_request_days(facts: Facts, at: Moment) -> int | None:
    asked = day(facts, "prior_request_on")
    return None if asked is None else max(0, (at.as_of - asked).days)


def _refused_or_unanswered(facts: Facts, at: Moment) -> bool | None:
    request = facts.get("prior_request")
    if request != "pending":
        return None if request is None else request == "refused"
    waited = _prior_request_days(facts, at)
    return None if waited is None else waited >= at.parameters["lender_complaint_days"]


def _resume_date_in_future(facts: Facts, at: Moment) -> bool | None:
    resume = day(facts, "resume_date")
    return None if resume is None else resume > at.as_of


def _months_until_resume(facts: Facts, at: Moment) -> int | None:
    """Months begun until income is expected, 0 once the day has come."""
    resume = day(facts, "resume_date")
    return None if resume is None else max(0, months_begun(at.as_of, resume))


def _insolvency_city(facts: Facts, at: Moment) -> bool | None:
    years, city = number(facts, "social_insurance_years_local"), facts.get("city")
    rules = [(names, at.parameters[needed]) for names, needed in _CITIES if needed in at.parameters]
    if isinstance(city, str):
        place = city.casefold()
        needed = [needed for names, needed in rules if any(name in place for name in names)]
        if not needed:
            return False
        return None if years is None else years >= needed[0]
    return False if years is not None and all(years < needed for _, needed in rules) else None


def _minor(facts: Facts, at: Moment) -> bool | None:
    age = number(facts, "age")
    return None if age is None else age < at.parameters["adult_age"]


def _minor_at_contract(facts: Facts, at: Moment) -> bool | None:
    """Unknown where the birthday decides: the age is given in whole years."""
    age, contract = number(facts, "age"), day(facts, "contract_date")
    if age is None or contract is None or contract > at.as_of:
        return None
    years = at.as_of.year - contract.year
    anniversary = years_after(contract, years)
    if anniversary > at.as_of:
        years, anniversary = years - 1, years_after(contract, years - 1)
    oldest = age - years
    youngest = oldest if anniversary == at.as_of else oldest - 1
    if oldest < at.parameters["adult_age"]:
        return True
    return False if youngest >= at.parameters["adult_age"] else None


STANDING: Final = {
    "overdue_bucket": Formula("enum", ("days_overdue",), _overdue_bucket),
    "days_until_due": Formula("int", ("due_date",), _days_until_due),
    "days_left": Formula("int", ("legal_stage", "served_on"), _days_left, uses=tuple(_STAGE_DAYS.values())),
    "clock_critical": Formula("bool", ("days_left",), _clock_critical, ("critical_days",)),
    "limitation_expired": Formula(
        "bool", ("days_overdue", "last_interruption"), _limitation_expired, ("limitation_years",)
    ),
    "limitation_ends": Formula("date", ("days_overdue", "last_interruption"), _limitation_ends, ("limitation_years",)),
    "limitation_days_left": Formula(
        "int", ("days_overdue", "last_interruption"), _limitation_days_left, ("limitation_years",)
    ),
    "evidence_level": Formula("enum", ("hardship_evidence", "income_evidence", "essential_outgoings"), _evidence_level),
    "evidence_sufficient": Formula("bool", ("hardship_evidence", "income_evidence"), _evidence_sufficient),
    "private_cap": Formula(
        "rate",
        ("contract_date",),
        _private_cap,
        dated=(("lpr_1y", "contract_date"), ("private_cap_multiple", "contract_date")),
    ),
    "rate_above_private_cap": Formula(
        "bool",
        ("annual_rate_percent", "contract_date"),
        _rate_above_private_cap,
        dated=(("lpr_1y", "contract_date"), ("private_cap_multiple", "contract_date")),
    ),
    "private_contract_old": Formula(
        "bool", ("contract_date",), _private_contract_old, dated=(("private_cap_multiple", "contract_date"),)
    ),
    "repaid_in_repair_window": Formula(
        "bool", ("repaid_on",), _repaid_in_repair_window, dated=(("one_off_repair_limit", "repaid_on"),)
    ),
    "record_until": Formula("date", ("repaid_on",), _record_until, ("credit_bad_record_years",)),
    "prior_request_days": Formula("int", ("prior_request_on",), _prior_request_days),
    "refused_or_unanswered": Formula(
        "bool", ("prior_request", "prior_request_on"), _refused_or_unanswered, ("lender_complaint_days",)
    ),
    "resume_date_in_future": Formula("bool", ("resume_date",), _resume_date_in_future),
    "months_until_resume": Formula("int", ("resume_date",), _months_until_resume),
    "insolvency_city": Formula(
        "bool",
        ("city", "social_insurance_years_local"),
        _insolvency_city,
        uses=("shenzhen_insurance_years", "xiamen_residence_years"),
    ),
    "minor": Formula("bool", ("age",), _minor, ("adult_age",)),
    "minor_at_contract": Formula("bool", ("age", "contract_date"), _minor_at_contract, ("adult_age",)),
}


_WHOLE: Final = 10_000  # basis points
_BUDGET: Final = ("income_monthly", "essential_outgoings", "priority_payments")
_SHARE: Final = ("capacity", "balance", "monthly_due", "other_debt_payments", "debts_before", "debts_total")
_MOST: Final = 10**18  # the engines hold 64-bit integers


def _left(facts: Facts, income_share: int, share: int) -> int | None:
    """What part of the income a month can go into debts, in fen, never below 0."""
    income = number(facts, "income_monthly")
    if income is None:
        return None
    outgoings = [number(facts, name) for name in _BUDGET[1:]]
    surplus = income * income_share // _WHOLE - sum(amount or 0 for amount in outgoings)
    if surplus <= 0:
        return 0  # whatever is not known yet only makes it less
    return None if None in outgoings else surplus * share // _WHOLE


def _capacity(facts: Facts, at: Moment) -> int | None:
    return _left(facts, _WHOLE, _WHOLE - at.parameters["savings_buffer"])


def _capacity_stressed(facts: Facts, at: Moment) -> int | None:
    return _left(facts, _WHOLE - at.parameters["income_stress"], _WHOLE - at.parameters["savings_buffer"])


def _outgoings_implausible(facts: Facts, at: Moment) -> bool | None:
    """Whatever the household is, what one person does not live on is too little."""
    spent, size = number(facts, "essential_outgoings"), number(facts, "household_size")
    if spent is None:
        return None
    line = at.parameters["living_cost_check"]
    if spent < line:
        return True
    return None if size is None else spent < line * size


def _no_income(facts: Facts, at: Moment) -> bool | None:
    income = number(facts, "income_monthly")
    return None if income is None else income == 0


def _debt_service_ratio(facts: Facts, at: Moment) -> int | None:
    """Rounded up, so that a ratio above a limit is above it after rounding too."""
    due, other, income = (number(facts, name) for name in ("monthly_due", "other_debt_payments", "income_monthly"))
    if due is None or other is None or not income:
        return None
    return -(-(due + other) * _WHOLE // income)


def _dues_together(facts: Facts, at: Moment) -> int | None:
    due, other = number(facts, "monthly_due"), number(facts, "other_debt_payments")
    return None if due is None or other is None else due + other


def means(facts: Facts, capacity: str = "capacity", *, shared: bool = False) -> int | None:
    """What can go into this debt a month, in fen: the capacity, or its share where there are other debts to pay."""
    return _share(facts, capacity) if shared or has_others(facts) else number(facts, capacity)


def payable(facts: Facts, *, shared: bool = False) -> int | None:
    """What may be offered on this debt a month: its means, or, while living costs look too low, those under stress."""
    whole, stressed = (means(facts, name, shared=shared) for name in ("capacity", "capacity_stressed"))
    return stressed if facts.get("outgoings_implausible") is True else whole


def has_others(facts: Facts) -> bool:
    """Whether other debts are known that the capacity has to pay too."""
    balance, total = number(facts, "balance"), number(facts, "debts_total")
    return bool(number(facts, "other_debt_payments")) or (balance or 0) < (total or 0)


def _share(facts: Facts, capacity: str) -> int | None:
    """This debt's part of a capacity: by the balances of all the borrower's debts, else by what is due in a month."""
    whole = number(facts, capacity)
    if whole is None:
        return None
    before, balance, total = (number(facts, name) for name in ("debts_before", "balance", "debts_total"))
    if before is not None and balance is not None and total is not None:
        return min(whole, offer(whole, before, balance, total))
    due, other = number(facts, "monthly_due"), number(facts, "other_debt_payments")
    if due is None or other is None or due + other == 0:
        return None
    return whole * due // (due + other)


def _debt_capacity(facts: Facts, at: Moment) -> int | None:
    """Unknown as long as nobody has said what the other debts take. A home is paid before the others share."""
    whole, total = number(facts, "capacity"), number(facts, "debts_total")
    if not whole or total == 0:
        return whole
    if total is not None:
        return None if number(facts, "balance") is None else _share(facts, "capacity")
    return None if number(facts, "other_debt_payments") is None else means(facts)


def _months_to_clear(facts: Facts, at: Moment) -> int | None:
    balance, part = number(facts, "balance"), _debt_capacity(facts, at)
    return None if balance is None or not part else -(-balance // part)


def _lump_sum_share(facts: Facts, at: Moment) -> int | None:
    """Rounded down: a share is reached only when all of it is there."""
    lump, balance = number(facts, "lump_sum_available"), number(facts, "balance")
    if lump is None or not balance:
        return None
    return lump * _WHOLE // balance


def _arrears(facts: Facts, at: Moment) -> int | None:
    """An estimate: one instalment for each period begun since the oldest unpaid one was due."""
    days = number(facts, "days_overdue")
    if days is None or days <= 0:
        return days and 0
    due = number(facts, "monthly_due")
    periods = -(-days // max(1, at.parameters["instalment_period_days"]))
    return None if due is None else min(due * periods, _MOST)


def _over_cap_amount(facts: Facts, at: Moment) -> int | None:
    """What the charges exceed the court's ceiling by."""
    return _over(facts, at, at.parameters["financial_loan_judicial_cap"])


def _excess_charges(facts: Facts, at: Moment) -> int | None:
    """What the charges exceed the ceiling of the product by. Private contracts older than their cap are not judged."""
    product, contract = facts.get("product"), day(facts, "contract_date")
    if product is None or product == "illegal":  # what is owed there has to be worked out anew
        return None
    if product != "private":
        return _over_cap_amount(facts, at)
    if contract is None:
        return None
    cap = private_cap(at.on("lpr_1y", contract), at.on("private_cap_multiple", contract))
    return None if cap is None else _over(facts, at, cap)


def _over(facts: Facts, at: Moment, cap: int) -> int | None:
    """What the charges exceed a ceiling by: so many basis points a year on the principal for the days overdue."""
    fees = number(facts, "interest_fees")
    if fees is None or fees <= 0:
        return fees and 0
    principal, days = number(facts, "principal"), number(facts, "days_overdue")
    if principal is None or days is None:
        return None
    return over_cap(principal, days, fees, cap, at.parameters["interest_year_days"]).excess


AFFORDABILITY: Final = {
    "outgoings_implausible": Formula(
        "bool", ("essential_outgoings", "household_size"), _outgoings_implausible, ("living_cost_check",)
    ),
    "no_income": Formula("bool", ("income_monthly",), _no_income),
    "capacity": Formula("money", _BUDGET, _capacity, ("savings_buffer",)),
    "capacity_stressed": Formula("money", _BUDGET, _capacity_stressed, ("savings_buffer", "income_stress")),
    "debt_service_ratio": Formula(
        "rate", ("monthly_due", "other_debt_payments", "income_monthly"), _debt_service_ratio
    ),
    "dues_together": Formula("money", ("monthly_due", "other_debt_payments"), _dues_together),
    "debt_capacity": Formula("money", _SHARE, _debt_capacity),
    "months_to_clear": Formula("int", _SHARE, _months_to_clear),
    "lump_sum_share": Formula("rate", ("lump_sum_available", "balance"), _lump_sum_share),
    "arrears": Formula("money", ("monthly_due", "days_overdue"), _arrears, ("instalment_period_days",)),
    "over_cap_amount": Formula(
        "money",
        ("principal", "interest_fees", "days_overdue"),
        _over_cap_amount,
        ("financial_loan_judicial_cap", "interest_year_days"),
    ),
    "excess_charges": Formula(
        "money",
        ("product", "principal", "interest_fees", "days_overdue", "contract_date"),
        _excess_charges,
        ("financial_loan_judicial_cap", "interest_year_days"),
        dated=(("lpr_1y", "contract_date"), ("private_cap_multiple", "contract_date")),
    ),
}


# In this order: one that reads another derived fact comes after it.
FORMULAS: Final[Mapping[str, Formula]] = {**STANDING, **AFFORDABILITY}


def derive(pack: Pack, facts: Facts, as_of: dt.date, parameters: Mapping[str, int]) -> dict[str, Value]:
    """The facts and all that follows from them. A derived fact that is given already is kept as it is."""
    moment = Moment(pack, as_of, parameters)
    known = dict(facts)
    if "days_overdue" not in known and "days_overdue" in pack.vocabulary.facts:
        due = day(known, "due_date")
        if due is not None:
            known["days_overdue"] = max(0, (as_of - due).days)
    for name, formula in FORMULAS.items():
        if name in known or name not in pack.vocabulary.facts:
            continue
        if formula.needs and any(need not in parameters for need in formula.needs):
            continue
        value = formula.compute(known, moment)
        if value is not None:
            known[name] = value
    return known
