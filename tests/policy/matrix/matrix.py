"""The decision matrix of the policy review as plain Python: the second opinion on the pack, sharing no code with it.

It is meant for cases in which everything is known, apart from how long a hardship lasts, when income comes back, and
the days of things that did not happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tests.policy.matrix import matrix_terms as t
from tests.policy.matrix.matrix_terms import Facts, able, at, lasting, noted, overdue

STRATEGIES = {
    "S01": "crisis_support",
    "S02": "safety_police",
    "S03": "lawsuit_response",
    "S04": "payment_order_response",
    "S05": "enforcement_settlement",
    "S06": "fraud_dispute",
    "S07": "limitation_review",
    "S08": "capacity_estate_review",
    "S09": "illegal_loan_report",
    "S10": "collection_misconduct",
    "S11": "scam_stop",
    "S12": "mortgage_relief",
    "S13": "mortgage_sale",
    "S14": "self_cure",
    "S15": "early_contact",
    "S16": "short_deferral",
    "S17": "instalment_restructure",
    "S18": "card_personalised_instalment",
    "S19": "fee_interest_waiver",
    "S20": "lump_sum_settlement",
    "S21": "multi_debt_plan",
    "S22": "standstill_request",
    "S23": "student_loan_relief",
    "S24": "credit_correction",
    "S25": "complaint_escalation",
    "S26": "mediation",
    "S27": "insolvency_referral",
    "S28": "collect_evidence",
    "S29": "counsellor_review",
}
ENFORCED = ("enforcement", "restricted", "dishonest_listed")
OUT_OF_COURT = ("none", "lawyer_letter", "pre_suit_mediation")
CLOCKED = (*ENFORCED, "payment_order", "complaint_served", "hearing", "judgment", "small_claims_judgment")
# What pays, plans or asks for time, and so admits the debt: never where the debt itself is in doubt.
ADMITS = "S12 S13 S14 S15 S16 S17 S18 S19 S20 S21 S22 S23 S26"


@dataclass(frozen=True)
class Row:
    """A line of the matrix: where `when` holds, `primary` is recommended, and `adds` come after it."""

    priority: int
    name: str
    when: Callable[[Facts], bool]
    primary: str = ""
    urgency: str = ""
    adds: str = ""
    blocks: str = ""
    exclusive: bool = False


class Decision(NamedTuple):
    """What the matrix says of one case."""

    strategy: str
    urgency: str
    secondary: tuple[str, ...]
    blocked: frozenset[str]
    rows: tuple[str, ...]


def decide(f: Facts) -> Decision:
    """Take the rows that hold in order of priority, then let exclusive rows and blocks have their effect."""
    held = [row for row in MATRIX if row.when(f)]
    names = tuple(row.name for row in held)
    blocked = frozenset(_ids(" ".join(row.blocks for row in held)))
    if held and held[0].exclusive:
        return Decision(_ids(held[0].primary)[0], held[0].urgency, (), blocked, names)
    wanted = [name for row in held for name in _ids(row.primary) if name not in blocked]
    strategy = wanted[0] if wanted else "counsellor_review"
    urgencies = [row.urgency for row in held if row.urgency]
    named = dict.fromkeys(name for row in held for name in (*_ids(row.primary), *_ids(row.adds)))
    secondary = tuple(name for name in named if name != strategy and name not in blocked)
    return Decision(strategy, min(urgencies if wanted else [*urgencies, "U4"]), secondary, blocked, names)


def _ids(codes: str) -> list[str]:
    return [STRATEGIES[code] for code in codes.split()]


def _mortgage(f: Facts) -> bool:
    return bool(f["product"] == "mortgage")


def _enforced(f: Facts) -> bool:
    return at(f, *ENFORCED)


def _days_left(f: Facts, stage: str, least: int = -999, most: int = 999) -> bool:
    return at(f, stage) and least <= f["days_left"] <= most


def _objected(f: Facts) -> bool:
    return _days_left(f, "payment_order", 0) and bool(f["debt_disputed"])


def _papers_noted(f: Facts) -> bool:
    early = noted(f, "legal_papers") and at(f, "none", "lawyer_letter")
    return early or (noted(f, "suit_papers") and at(f, "none", "lawyer_letter", "pre_suit_mediation"))


def _in_doubt(f: Facts) -> bool:
    return t.underage(f) or f["legally_incapable"] or f["borrower_deceased"]


def _licensed(f: Facts) -> bool:
    return f["product"] not in ("private", "illegal")


def _private(f: Facts) -> bool:
    return bool(f["product"] == "private")


def _mortgage_lost(f: Facts) -> bool:
    return t.mortgage_at_risk(f) and not able(f) and lasting(f, "permanent")


def _too_long(f: Facts) -> bool:
    """Of a card that is due in whole, or of which not even the month's part can be paid."""
    short = overdue(f, 91) or (overdue(f) and not t.covers(f))
    return f["product"] == "credit_card" and able(f) and short and t.issuer(f) and t.months_to_clear(f) > 60


def _cure(f: Facts) -> bool:
    return overdue(f, 1, 90) and t.covers_all(f)


def _only_a_mark(f: Facts) -> bool:
    return bool(f["hardship"] == "forgot_or_technical" and f["credit_record_wrong"])


def _too_much_for_an_income(f: Facts) -> bool:
    several = f["creditors_overdue"] >= 2 and t.bankruptcy_court(f)
    return bool(several and able(f) and not lasting(f, "temporary") and t.months_to_clear(f) > 60)


def _forgotten(f: Facts) -> bool:
    """An oversight of the first month; living is covered, and there is money for what was missed."""
    missed = f["hardship"] == "forgot_or_technical" and overdue(f, 1, 30)
    return missed and t.surplus(f) > 0 and int(f["lump_sum_available"]) >= t.arrears(f)


def _near_and_too_much(f: Facts) -> bool:
    return not overdue(f) and t.days_until_due(f) <= 30 and f["monthly_due"] > f["income_monthly"]


def _on_allowance(f: Facts) -> bool:
    """In military service, and with no more than an allowance."""
    return overdue(f) and f["hardship"] == "military" and f["income_monthly"] <= 200_000


def _in_arrears(f: Facts) -> bool:
    """Overdue, and not by an oversight in the first month of somebody who has the money."""
    return overdue(f) and not (overdue(f, 1, 30) and f["hardship"] == "forgot_or_technical" and t.covers_all(f))


def _silence(f: Facts) -> bool:
    """The notes speak of a silence that the age of the debt allows."""
    single = f["product"] not in t.IN_PARTS and not t.barred(f)
    return noted(f, "long_silence") and overdue(f, 913) and single and not t.decided(f)


def _mortgage_before(f: Facts) -> bool:
    """A home loan that is not in enforcement."""
    return _mortgage(f) and not _enforced(f)


def _early_without(f: Facts) -> bool:
    return not overdue(f) and f["hardship"] != "none_stated" and not able(f)


def _due_soon(f: Facts) -> bool:
    return not overdue(f) and f["hardship"] != "none_stated" and t.days_until_due(f) <= 7


def _temporary(f: Facts) -> bool:
    return overdue(f, 1, 90) and lasting(f, "temporary") and t.evidenced(f)


def _too_far_off(f: Facts) -> bool:
    """Income comes back later than any lender defers."""
    return overdue(f) and lasting(f, "temporary") and t.resumes_late(f)


def _restructure(f: Facts) -> bool:
    late = overdue(f, 91) and not lasting(f, "unknown")
    return able(f) and (late or (overdue(f) and lasting(f, "medium", "permanent")))


def _no_capacity(f: Facts) -> bool:
    return overdue(f) and not able(f)


def _standstill(f: Facts) -> bool:
    no_date = lasting(f, "temporary") and not t.resumes(f)
    return _no_capacity(f) and (lasting(f, "medium") or no_date)


def _student_microloan(f: Facts) -> bool:
    return f["hardship"] == "student" and "microloan" in (f["product"], f["lender_type"])


def _card_option(f: Facts) -> bool:
    short = able(f) and not t.covers(f) and f["willing_to_pay"] and t.issuer(f)
    return f["product"] == "card_instalment" and overdue(f) and short


def _several(f: Facts) -> bool:
    """More than one creditor, this debt overdue, and something to share among them."""
    many = f["creditors_overdue"] >= 3 or (f["creditors_overdue"] >= 2 and t.distressed(f))
    return many and overdue(f) and able(f)


def _turned_down(f: Facts) -> bool:
    return t.turned_down(f) and not t.decided(f)


def _serious(f: Facts) -> bool:
    """Misconduct that reaches others or threatens."""
    return bool({"third_party", "identity", "prohibited_means", "visit"} & set(f["collection_violations"]))


MATRIX = (
    Row(1000, "crisis", lambda f: f["self_harm_signal"] or noted(f, "self_harm"), "S01", "U0", exclusive=True),
    Row(990, "violence", lambda f: f["violence"] or noted(f, "violence"), "S02", "U1", adds="S10"),
    Row(985, "violence at home", lambda f: noted(f, "domestic_violence"), "S02", "U1"),
    Row(970, "enforcement", _enforced, "S05", "U1"),
    Row(969, "enforcement of a home", lambda f: _enforced(f) and _mortgage(f), adds="S13 S12"),
    Row(960, "payment order", lambda f: _days_left(f, "payment_order", 0), "S04", "U2"),
    Row(960, "payment order, three days", lambda f: _days_left(f, "payment_order", 0, 3), "S04", "U1"),
    Row(958, "payment order, objected to", _objected, blocks="S14 S16 S17 S18 S20 S21 S22"),
    Row(955, "payment order, late", lambda f: _days_left(f, "payment_order", most=-1), "S05", "U1"),
    Row(952, "judgment", lambda f: _days_left(f, "judgment", 0), "S03", "U2"),
    Row(952, "judgment, three days", lambda f: _days_left(f, "judgment", 0, 3), "S03", "U1"),
    Row(952, "judgment in force", lambda f: _days_left(f, "judgment", most=-1), "S05", "U2"),
    Row(952, "small claims", lambda f: at(f, "small_claims_judgment"), "S05", "U2"),
    Row(950, "lawsuit", lambda f: at(f, "complaint_served", "hearing"), "S03", "U2"),
    Row(950, "lawsuit, three days", lambda f: _days_left(f, "complaint_served", 0, 3), "S03", "U1"),
    Row(945, "papers in the notes", _papers_noted, urgency="U2", adds="S03"),
    Row(940, "identity", lambda f: f["not_my_loan"] or noted(f, "identity_theft"), "S06", "U2", blocks=ADMITS),
    Row(930, "minor, incapable, dead", _in_doubt, "S08", "U2", blocks=ADMITS),
    Row(920, "silence in the notes", _silence, "S07", "U3"),
    Row(920, "limitation", lambda f: t.barred(f) and not t.decided(f), "S07", "U3", blocks=ADMITS),
    Row(917, "limitation ends soon", lambda f: t.ends_soon(f) and at(f, *OUT_OF_COURT), "S07", "U3"),
    Row(910, "scam", lambda f: f["scam_agent"] or noted(f, "scam_agent"), "S11", "U2"),
    Row(900, "illegal loan", lambda f: f["product"] == "illegal", "S09", "U2", blocks="S14 S15 S16 S17 S20 S22"),
    Row(
        900,
        "private, above the cap",
        lambda f: _private(f) and t.above_private_cap(f) and not t.decided(f),
        "S09",
        "U2",
    ),
    Row(899, "private, old caps", lambda f: _private(f) and t.under_old_caps(f) and not t.decided(f), adds="S29"),
    Row(895, "disputed", lambda f: bool(f["debt_disputed"]), "S29", blocks=ADMITS),
    Row(890, "not willing", lambda f: not f["willing_to_pay"], "S29"),
    Row(880, "collection", lambda f: len(f["collection_violations"]) > 0, adds="S10"),
    Row(880, "serious misconduct", _serious, urgency="U3"),
    Row(877, "police", lambda f: noted(f, "police_contact"), urgency="U2"),
    Row(870, "pre-suit mediation", lambda f: at(f, "pre_suit_mediation"), "S26", "U3"),
    Row(865, "lawyer's letter", lambda f: at(f, "lawyer_letter"), urgency="U3"),
    Row(861, "mortgage at risk, no way to pay for good", _mortgage_lost, "S13", "U2"),
    Row(860, "mortgage at risk", lambda f: t.mortgage_at_risk(f) and not _enforced(f), "S12", "U2"),
    Row(850, "mortgage", lambda f: _mortgage_before(f) and (overdue(f) or f["hardship"] != "none_stated"), "S12", "U3"),
    Row(850, "mortgage, sixty days", lambda f: _mortgage_before(f) and overdue(f, 60), "S12", "U2"),
    Row(
        840, "mortgage planned", lambda f: f["wants_mortgage_within_12m"] and overdue(f) and t.can_clear(f), "S14", "U3"
    ),
    Row(800, "state student loan", lambda f: f["product"] == "student_state", "S23"),
    Row(780, "bankruptcy", lambda f: not able(f) and lasting(f, "permanent") and t.bankruptcy_court(f), "S27"),
    Row(760, "several creditors", _several, "S21"),
    Row(756, "refused by a person", lambda f: _private(f) and _turned_down(f) and able(f), "S26"),
    Row(755, "refused", lambda f: _licensed(f) and _turned_down(f) and able(f), "S25"),
    Row(
        754, "asked a month ago", lambda f: _licensed(f) and t.asked_days_ago(f) >= 30 and not t.decided(f), adds="S26"
    ),
    Row(753, "bankruptcy with an income", _too_much_for_an_income, adds="S27"),
    Row(745, "card, too long", _too_long, "S29", adds="S19 S18"),
    Row(740, "card", lambda f: t.card_ripe(f) and t.evidenced(f), "S18"),
    Row(739, "card instalment", _card_option, adds="S18"),
    Row(735, "card, early", lambda f: t.card_short(f) and t.card_early(f), "S16", adds="S18"),
    Row(730, "card, no evidence", lambda f: t.card_ripe(f) and not t.evidenced(f), "S28", adds="S18"),
    Row(720, "lump sum", lambda f: overdue(f, 91) and t.lump_sum(f), "S20"),
    Row(701, "service on an allowance", _on_allowance, "S16", blocks="S14"),
    Row(700, "cure", _cure, "S14"),
    Row(700, "cure, forgotten, and there is money for it", _forgotten, "S14"),
    Row(690, "early", lambda f: not overdue(f) and f["hardship"] != "none_stated" and not _only_a_mark(f), "S15"),
    Row(689, "early, within a week", _due_soon, urgency="U4"),
    Row(688, "early, no capacity", _early_without, urgency="U4"),
    Row(680, "temporary", lambda f: _temporary(f) and t.resumes(f) and not t.resumes_late(f), "S16"),
    Row(679, "temporary, too long", lambda f: _too_far_off(f) and able(f), "S17"),
    Row(679, "temporary, too long, nothing to pay with", lambda f: _too_far_off(f) and not able(f), "S22"),
    Row(675, "temporary, some capacity", lambda f: _temporary(f) and not t.resumes(f) and able(f), "S17"),
    Row(670, "restructure", _restructure, "S17"),
    Row(660, "no capacity", _standstill, "S22"),
    Row(650, "no capacity for good", lambda f: _no_capacity(f) and lasting(f, "permanent"), "S29", adds="S27"),
    Row(645, "late", lambda f: _no_capacity(f) and overdue(f, 91) and lasting(f, "temporary"), "S22"),
    Row(644, "refused, no capacity", lambda f: _licensed(f) and _turned_down(f) and not able(f), adds="S25"),
    Row(640, "overcharge", t.overcharged, adds="S19"),
    Row(640, "overcharge of a private loan", t.overcharged_privately, adds="S19"),
    Row(600, "credit record", lambda f: f["credit_record_wrong"], "S24", "U4"),
    Row(561, "gambling", lambda f: f["hardship"] == "addiction" or noted(f, "gambling"), blocks="S20"),
    Row(556, "a settlement that is not kept", lambda f: at(f, "settled") and overdue(f), urgency="U3"),
    Row(553, "student with a microloan", _student_microloan, adds="S25"),
    Row(552, "microloan above the ceiling", t.microloan_too_dear, adds="S25"),
    Row(550, "detention", lambda f: f["hardship"] == "detention", adds="S29"),
    Row(548, "near and beyond the means", _near_and_too_much, urgency="U3"),
    Row(110, "duration unknown", lambda f: _in_arrears(f) and lasting(f, "unknown"), "S28", "U4"),
    Row(100, "no evidence", lambda f: _in_arrears(f) and not t.evidenced(f) and not at(f, *CLOCKED), "S28", "U4"),
    Row(90, "information", lambda f: not overdue(f) and f["hardship"] == "none_stated", "S15", "U5"),
    Row(10, "collection alone", lambda f: len(f["collection_violations"]) > 0, "S10"),
    # The urgency that time and harm give, whatever else there is.
    Row(5, "time and harm, heavy", lambda f: overdue(f) and t.points(f) >= 6, urgency="U2"),
    Row(4, "time and harm", lambda f: overdue(f) and t.points(f) >= 3, urgency="U3"),
    Row(3, "second month", lambda f: overdue(f, 31), urgency="U4"),
    Row(2, "first month", lambda f: overdue(f, 1, 30), urgency="U4"),
    Row(1, "not overdue", lambda f: not overdue(f), urgency="U5"),
)
