"""The terms in which the decision matrix speaks: what capacity, overdue or barred mean for a dict of facts.

Facts are named as in a submitted case; money is fen, rates are basis points. A fact that is absent from the dict is
unknown. Nothing here is taken from the rules: the few figures it needs it states itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, TypeAlias

from tests.policy.law.statute import not_on_a_day_off, period_of_years

Facts: TypeAlias = Mapping[str, Any]
AS_OF = dt.date(2026, 11, 23)
# The one-year LPR in basis points by the first day it holds. Four times it is the cap of private contracts since then.
LPR = (
    (dt.date(2020, 8, 20), 385),
    (dt.date(2021, 12, 20), 380),
    (dt.date(2022, 1, 20), 370),
    (dt.date(2022, 8, 22), 365),
    (dt.date(2023, 6, 20), 355),
    (dt.date(2023, 8, 21), 345),
    (dt.date(2024, 7, 22), 335),
    (dt.date(2024, 10, 21), 310),
    (dt.date(2025, 5, 20), 300),
)


# What is paid in parts over years: its limitation runs from the last part, or from the day all was called in.
IN_PARTS = ("mortgage", "car_loan", "business_personal", "student_state", "bank_consumer", "card_instalment")


def surplus(f: Facts) -> int:
    """What is left a month, or lacking; an instalment that is in the budget already is taken once."""
    own = f["monthly_due"] if f["own_instalment_in_budget"] else 0
    return int(f["income_monthly"] - f["essential_outgoings"] - max(0, f["priority_payments"] - own))


def capacity(f: Facts) -> int:
    """What is left a month, less a buffer of 5 %."""
    return max(0, surplus(f)) * 95 // 100


def able(f: Facts) -> bool:
    return capacity(f) > 0


def covers(f: Facts) -> bool:
    return capacity(f) >= int(f["monthly_due"])


def covers_all(f: Facts) -> bool:
    """Something is left, and enough for this debt and all others."""
    return able(f) and capacity(f) >= int(f["monthly_due"] + f["other_debt_payments"])


def decided(f: Facts) -> bool:
    """The sum is fixed: by a judgment, a settlement, or a payment order that nobody can object to any more."""
    after = ("judgment", "small_claims_judgment", "enforcement", "restricted", "dishonest_listed", "settled")
    return f["legal_stage"] in after or (f["legal_stage"] == "payment_order" and f["days_left"] < 0)


def points(f: Facts) -> int:
    """How pressing a debt is: time and harm added up."""
    harm = 0 if covers_all(f) else 1 + (f["creditors_overdue"] >= 2)
    return (
        (2 if f["days_overdue"] > 30 else 0)
        + harm
        + (surplus(f) < 0)
        + turned_down(f)
        + (f["product"] in ("mortgage", "car_loan"))
        + (f["legal_stage"] in ("lawyer_letter", "pre_suit_mediation"))
    )


def distressed(f: Facts) -> bool:
    """All that is due a month is more than 60 % of the income; without an income there is no ratio."""
    due = f["monthly_due"] + f["other_debt_payments"]
    return bool(f["income_monthly"] > 0 and due * 100 > f["income_monthly"] * 60)


def share(f: Facts) -> int:
    """Of what is left a month, this debt's part by what is due on it and on the others."""
    due, other = int(f["monthly_due"]), int(f["other_debt_payments"])
    return capacity(f) * due // (due + other) if other else capacity(f)


def months_to_clear(f: Facts) -> int:
    """0 where no part of what is left falls to this debt: no number of months clears it."""
    return -(-int(f["balance"]) // share(f)) if share(f) else 0


def evidenced(f: Facts) -> bool:
    """At least one paper that somebody else made."""
    return bool({"third_party", "official"} & {f["hardship_evidence"], f["income_evidence"]})


def overdue(f: Facts, least: int = 1, most: int = 10**9) -> bool:
    return least <= int(f["days_overdue"]) <= most


def days_until_due(f: Facts) -> int:
    """Many where nobody knows the day."""
    return int((f["due_date"] - AS_OF).days) if "due_date" in f else 999


def lasting(f: Facts, *durations: str) -> bool:
    """Whether the hardship is of one of these durations; "unknown" is one of them."""
    return f.get("hardship_duration", "unknown") in durations


def resumes(f: Facts) -> bool:
    """Whether the day on which income is expected again is known and yet to come."""
    return bool(f.get("resume_date", AS_OF) > AS_OF)


def resumes_late(f: Facts) -> bool:
    """Income comes back after more than the six months that a short deferral lasts."""
    return bool(f.get("resume_date", AS_OF) > AS_OF.replace(year=AS_OF.year + 1, month=5))


def three_years_on(day: dt.date) -> dt.date:
    """The last day of three years from a day, which is a working day."""
    return not_on_a_day_off(period_of_years(day, 3))


def limitation_ends(f: Facts) -> dt.date:
    """Three years from when the last part fell due or all was called in, and from the last interruption."""
    due = AS_OF - dt.timedelta(days=f["days_overdue"])
    last = min(f["accelerated_on"], f["last_due_date"]) if f["accelerated"] else f["last_due_date"]
    return three_years_on(max(due, f["last_interruption"], last))


def barred(f: Facts) -> bool:
    return limitation_ends(f) < AS_OF


def ends_soon(f: Facts) -> bool:
    """It is not over yet, but will be within ninety days."""
    return 0 <= (limitation_ends(f) - AS_OF).days <= 90


def above_private_cap(f: Facts) -> bool:
    levels = [rate for day, rate in LPR if day <= f["contract_date"]]
    return bool(levels) and int(f["annual_rate_percent"]) > 4 * levels[-1]


def under_old_caps(f: Facts) -> bool:
    """Made before the cap of four times the LPR: older rules hold, which a counsellor works out."""
    return bool(f["contract_date"] < LPR[0][0])


def overcharged(f: Facts) -> bool:
    """Charges of a financial loan above 24 % a year of the principal since interest was paid; no court fixed them."""
    ceiling = int(f["principal"] * 24 * unpaid_days(f) / 36_500 + 0.5)
    return f["product"] not in ("private", "illegal") and int(f["interest_fees"]) > ceiling and not decided(f)


def unpaid_days(f: Facts) -> int:
    return int((AS_OF - f["interest_paid_until"]).days)


def overcharged_privately(f: Facts) -> bool:
    """Charges of a private loan above four times the LPR of its day on the principal since interest was paid."""
    levels = [rate for day, rate in LPR if day <= f["contract_date"]]
    if f["product"] != "private" or not levels or decided(f):
        return False
    ceiling = int(f["principal"] * 4 * levels[-1] * unpaid_days(f) / 3_650_000 + 0.5)
    return int(f["interest_fees"]) > ceiling


def microloan_too_dear(f: Facts) -> bool:
    """Above the 24 % all-in ceiling for microloans made since it came."""
    new = f["contract_date"] >= dt.date(2026, 1, 1)
    return bool(f["product"] == "microloan" and new and f["annual_rate_percent"] > 2_400)


def underage(f: Facts) -> bool:
    """Under 18 now, or certainly so when the contract was made."""
    years = (AS_OF - f["contract_date"]).days // 366
    return bool(f["age"] - max(0, years) < 18)


def turned_down(f: Facts) -> bool:
    waiting = f["prior_request"] == "pending" and asked_days_ago(f) >= 15
    return f["prior_request"] == "refused" or waiting


def asked_days_ago(f: Facts) -> int:
    """-1 where nobody has asked."""
    return -1 if f["prior_request"] == "none" else int((AS_OF - f["prior_request_on"]).days)


def bankruptcy_court(f: Facts) -> bool:
    needed = {"深圳": 3, "厦门": 5}.get(f["city"])
    return needed is not None and int(f["social_insurance_years_local"]) >= needed


def spare(f: Facts) -> int:
    """Own money beyond three months of needs and what has to be kept; none while something is lacking each month."""
    needs = 3 * (f["essential_outgoings"] + f["priority_payments"])
    return 0 if surplus(f) < 0 else max(0, int(f["lump_sum_available"] - needs - f["savings_needed"]))


def lump_sum(f: Facts) -> bool:
    """Spare money of at least half of what is owed, for the one creditor there is."""
    owed = min(f["balance"], f["principal"])
    return bool(owed > 0 and spare(f) * 2 >= owed and able(f) and f["creditors_overdue"] < 2)


def can_clear(f: Facts) -> bool:
    """The arrears, an instalment every 30 days, can be paid from what is left a month or from spare money."""
    return covers_all(f) or (able(f) and spare(f) > 0 and spare(f) >= arrears(f))


def arrears(f: Facts) -> int:
    return int(f["monthly_due"] * -(-f["days_overdue"] // 30))


def issuer(f: Facts) -> bool:
    """The bank that issued the card claims the debt, before any judgment."""
    return f["lender_type"] in ("bank", "private_bank") and not decided(f)


def card_short(f: Facts) -> bool:
    return f["product"] == "credit_card" and able(f) and not covers(f) and issuer(f) and overdue(f)


def card_ripe(f: Facts) -> bool:
    return card_short(f) and bool(f["willing_to_pay"]) and (overdue(f, 61) or lasting(f, "medium", "permanent"))


def card_early(f: Facts) -> bool:
    return overdue(f, 1, 60) and lasting(f, "temporary", "unknown")


def noted(f: Facts, flag: str) -> bool:
    return flag in f["note_flags"]


def at(f: Facts, *stages: str) -> bool:
    return f["legal_stage"] in stages


def mortgage_at_risk(f: Facts) -> bool:
    return f["product"] == "mortgage" and (overdue(f, 91) or bool(f["accelerated"]))
