"""The law once more: a second reading of the statutes, article by article, that knows nothing of the pack.

Written from the articles alone, in plain arithmetic on fen and days. Where it and the pack differ one of them misreads.
"""

import datetime as dt
from fractions import Fraction

YUAN = 100  # fen

# --- Measures on the Payment of Litigation Costs (State Council order 481) ------------------------------------------


def acceptance_fee(claim: int) -> Fraction:
    """Article 13 (1): the fee of a property case, by slices added up. Fen for a claim in fen."""
    fee = Fraction(50 * YUAN)  # not above 10,000 yuan: 50 yuan each
    for above, up_to, per_mille in (
        (10_000, 100_000, 25),
        (100_000, 200_000, 20),
        (200_000, 500_000, 15),
        (500_000, 1_000_000, 10),
        (1_000_000, 2_000_000, 9),
        (2_000_000, 5_000_000, 8),
        (5_000_000, 10_000_000, 7),
        (10_000_000, 20_000_000, 6),
    ):
        fee += Fraction(max(0, min(claim, up_to * YUAN) - above * YUAN) * per_mille, 1000)
    return fee + Fraction(max(0, claim - 20_000_000 * YUAN) * 5, 1000)


def fee_of(procedure: str, claim: int) -> Fraction:
    """Articles 14 (3), 15 and 16: a third for a payment order; half if mediated, withdrawn or heard summarily."""
    whole = acceptance_fee(claim)
    return whole if procedure == "ordinary" else whole / (3 if procedure == "payment-order" else 2)


def enforcement_fee(sum_: int) -> Fraction:
    """Article 14 (1): 50 yuan up to 10,000; then 1.5, 1, 0.5 and 0.1 per cent by slices."""
    fee = Fraction(50 * YUAN)
    fee += Fraction(max(0, min(sum_, 500_000 * YUAN) - 10_000 * YUAN) * 15, 1000)
    fee += Fraction(max(0, min(sum_, 5_000_000 * YUAN) - 500_000 * YUAN) * 10, 1000)
    fee += Fraction(max(0, min(sum_, 10_000_000 * YUAN) - 5_000_000 * YUAN) * 5, 1000)
    return fee + Fraction(max(0, sum_ - 10_000_000 * YUAN), 1000)


def preservation_fee(sum_: int) -> Fraction:
    """Article 14 (2): 30 yuan up to 1,000; then 1 and 0.5 per cent by slices, 5,000 yuan at the most."""
    fee = Fraction(30 * YUAN)
    fee += Fraction(max(0, min(sum_, 100_000 * YUAN) - 1_000 * YUAN), 100)
    fee += Fraction(max(0, sum_ - 100_000 * YUAN) * 5, 1000)
    return min(fee, Fraction(5_000 * YUAN))


# --- Days: Civil Procedure Law, article 85; Civil Code, articles 200 to 203 -----------------------------------------

# What the General Office of the State Council announced for 2025 and 2026: days off, and weekend days that are worked.
_OFF = {
    dt.date(year, month, day)
    for year, month, days in (
        (2025, 1, (1, 28, 29, 30, 31)),
        (2025, 2, (1, 2, 3, 4)),
        (2025, 4, (4, 5, 6)),
        (2025, 5, (1, 2, 3, 4, 5, 31)),
        (2025, 6, (1, 2)),
        (2025, 10, (1, 2, 3, 4, 5, 6, 7, 8)),
        (2026, 1, (1, 2, 3)),
        (2026, 2, (15, 16, 17, 18, 19, 20, 21, 22, 23)),
        (2026, 4, (4, 5, 6)),
        (2026, 5, (1, 2, 3, 4, 5)),
        (2026, 6, (19, 20, 21)),
        (2026, 9, (25, 26, 27)),
        (2026, 10, (1, 2, 3, 4, 5, 6, 7)),
    )
    for day in days
}
_WORKED = {
    dt.date(*day)
    for day in (
        (2025, 1, 26),
        (2025, 2, 8),
        (2025, 4, 27),
        (2025, 9, 28),
        (2025, 10, 11),
        (2026, 1, 4),
        (2026, 2, 14),
        (2026, 2, 28),
        (2026, 5, 9),
        (2026, 9, 20),
        (2026, 10, 10),
    )
}
CALENDAR_YEARS = (2025, 2026)


def _day_off(day: dt.date) -> bool:
    return day in _OFF or (day.isoweekday() > 5 and day not in _WORKED)


def not_on_a_day_off(last: dt.date) -> dt.date:
    """Civil Procedure Law 85 (3), Civil Code 203: a last day that is a day off gives way to the day after it."""
    while _day_off(last):
        last += dt.timedelta(days=1)
    return last


def period_of_days(served: dt.date, days: int) -> dt.date:
    """Civil Procedure Law 85 (2): the day on which it begins does not count."""
    return not_on_a_day_off(served + dt.timedelta(days=days))


def period_of_years(begins: dt.date, years: int) -> dt.date:
    """Civil Code 202: the day of the year that corresponds, or the last of its month where there is none."""
    try:
        return begins.replace(year=begins.year + years)
    except ValueError:
        return dt.date(begins.year + years, 2, 28)


# --- Limitation: Civil Code, articles 188, 189 and 195 --------------------------------------------------------------


def limitation_ends(
    first_unpaid: dt.date, last_instalment: dt.date | None, called_in: dt.date | None, interrupted: dt.date | None
) -> dt.date:
    """The last day of the limitation period.

    188: three years from when the creditor knows. 189: of one debt in instalments from when the last of them is due,
    which is the day it was called in where that came first. Not before anything was unpaid. 195: from an interruption
    it runs anew. The day itself does not count, so that the corresponding day is the last (201, 202).
    """
    due = last_instalment if last_instalment is not None else first_unpaid
    if called_in is not None and called_in < due:
        due = called_in
    begins = max(due, first_unpaid)
    if interrupted is not None and interrupted > begins:
        begins = interrupted
    return period_of_years(begins, 3)


# --- Charges: Several Opinions on Financial Trials (Fa Fa [2017] 22), article 2 -------------------------------------


def above_24_percent(claimed: int, principal: int, days: int) -> Fraction:
    """What the total of the charges claimed has above 24 per cent a year on the principal owed. Fen."""
    return max(Fraction(0), Fraction(claimed) - Fraction(principal * days * 24, 100 * 365))


def lawful_charges(owed_days: int) -> int:
    """The most that 24 per cent a year comes to on what was owed, added up over its days. Fen, rounded down."""
    return owed_days * 24 // (100 * 365)


# --- What must be left: Civil Procedure Law 254, Rules on Seizure (2020) article 3 ----------------------------------


def living_costs(local_minimum: int, persons: int) -> int:
    """The necessary living costs of the debtor and the dependants a month, by the local minimum for each. Fen."""
    return local_minimum * persons
