"""Consent: what the borrower agreed to, and until when the case is kept. Unknown is not no, and is said so."""

import datetime as dt
from typing import Final, Literal

from forbear.accounts.accounts import ViewerWork
from forbear.base.errors import ForbearError
from forbear.desk.review import Act, perform, take_case
from models.case import Case

# Each is asked for by itself: whoever agrees to triage need not agree that the lender hears of it.
SCOPES: Final = ("triage", "contact_lender", "share_mediation", "share_referral", "keep_statistics")
WAYS: Final = ("written", "spoken", "online", "withdrawn")  # how it was given, or that it was taken back
FARTHEST = dt.timedelta(days=3653)  # ten years
ConsentStatus = Literal["given", "not_given", "unknown"]


def status(case: Case, scope: str) -> ConsentStatus:
    """Whether a borrower agreed to something, did not, or nobody wrote it down."""
    if case.consent is None:
        return "unknown"
    return "given" if scope in case.consent else "not_given"


def record(
    work: ViewerWork,
    case_id: int,
    revision: int,
    scopes: list[str] | None,
    way: str | None,
    retain_until: dt.date | None,
) -> None:
    """Note what a borrower agrees to now (None: not known) and a date to keep the case until (None: the usual time).

    Raises StaleError, NoCaseError, and ForbearError for what cannot be.
    """
    desk_case = take_case(work.session, work.viewer, case_id, revision)
    fault = fault_of(scopes, way, retain_until, work.now.date())
    if fault is not None:
        raise ForbearError(f"This consent cannot be recorded: {fault}.")
    case = work.session.get_one(Case, case_id)
    date = None if retain_until is None else retain_until.isoformat()
    detail = {"scopes": scopes, "way": way, "retain_until": date}
    case.consent = None if scopes is None else [scope for scope in SCOPES if scope in scopes]
    case.retain_until = retain_until
    work.session.add(case)
    perform(work, desk_case, Act("consent", {}, detail=detail))
    work.note("consent", f"case:{case_id}", detail)


def fault_of(
    scopes: list[str] | None, way: str | None, retain_until: dt.date | None, today: dt.date
) -> Literal["scope", "way", "date"] | None:
    """Which part of a form cannot be: an unknown scope, no word how consent was given, a date past or too far."""
    if scopes is not None and not set(scopes) <= set(SCOPES):
        return "scope"
    if (scopes is None) != (way is None) or way not in (None, *WAYS):
        return "way"
    if retain_until is not None and not today <= retain_until <= today + FARTHEST:
        return "date"
    return None
