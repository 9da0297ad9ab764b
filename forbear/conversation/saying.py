"""Saying something on a case: appended once, whoever holds the case, and looked through for danger."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from forbear.accounts.accounts import ViewerWork
from forbear.case.action_fields import WORDS_MOST
from forbear.case.workflow import RefusedError
from forbear.desk import review
from forbear.desk.review import Act
from forbear.locale import said
from models.desk import WorklistItem
from models.review import Review
from rules.facts.case_facts import FieldError


def opened(work: ViewerWork, case_id: int, form: str) -> WorklistItem | None:
    """The case, locked; None where this very form was done before. Raises NoCaseError."""
    case = review.take_case(work.session, work.viewer, case_id, None)
    return None if review.done_already(work.session, work.viewer, case_id, form) else case


def append(work: ViewerWork, case: WorklistItem, act: Act, form: str = "") -> Review:
    """Append it; the case stays as it is, unless what was written speaks of danger.

    `form`: a keyed hash of what was sent, so that it is done once.
    """
    detail = {name: value for name, value in {**(act.detail or {}), "form": form}.items() if value not in (None, "")}
    return review.perform(work, case, replace(act, detail=detail, quiet=True))


def zone_of(work: ViewerWork) -> ZoneInfo:
    """Where the cases are worked."""
    return ZoneInfo(work.pack.manifest.timezone)


def today(work: ViewerWork) -> dt.date:
    """The date there."""
    return work.now.astimezone(zone_of(work)).date()


def worded(field: str, words: str, missing: str) -> str:
    """What somebody wrote, tidied. Raises RefusedError with the sentence `missing` if it is nothing, or too long."""
    tidy = words.replace("\r\n", "\n").strip()
    if not tidy:
        raise RefusedError(FieldError.of(field, said(missing)))
    return short(field, tidy)


def short(field: str, words: str) -> str:
    """What somebody may have written, tidied. Raises RefusedError if it is too long."""
    tidy = words.replace("\r\n", "\n").strip()
    if len(tidy) > WORDS_MOST:
        raise RefusedError(FieldError.of(field, said("action.too_long", most=WORDS_MOST)))
    return tidy
