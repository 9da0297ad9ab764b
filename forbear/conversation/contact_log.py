"""The contact log: every call, message and attempt, whoever made it, kept as contact is that is recorded in danger.

Contact with somebody who may be in danger is recorded where that is asked about (`forbear.case.contact`); here nothing
of a case changes, so that this is no way around it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from forbear.accounts.accounts import ViewerWork
from forbear.case.workflow import RefusedError
from forbear.conversation import saying
from forbear.desk.review import Act
from forbear.locale import said
from models.desk import WorklistItem
from rules.facts.case_facts import FieldError

# `reached` and `no_answer` are those of contact in danger as well.
RESULTS: Final = ("reached", "no_answer", "wrong_number", "hung_up", "left_message", "sent")
CHANNELS: Final = ("phone", "text", "wechat", "mail", "letter", "visit")
WITH: Final = ("borrower", "lender", "family", "court", "other")
EARLIEST: Final = dt.timedelta(days=31)  # that a contact may be put down later


@dataclass(frozen=True)
class LoggedContact:
    """One contact or attempt. `at`: when it was, if not just now; `words`: what was said, or sent."""

    party: str
    channel: str
    result: str
    at: dt.datetime | None = None
    words: str = ""


def log(work: ViewerWork, case_id: int, form: str, contact: LoggedContact) -> None:
    """Put a contact down. Raises RefusedError with a sentence for each bad field."""
    words = saying.short("words", contact.words)
    case = saying.opened(work, case_id, form)
    if case is None:
        return
    if faults := _faults(work, case, contact, words):
        raise RefusedError(*faults)
    at = None if contact.at is None else contact.at.astimezone(dt.UTC).isoformat()
    # To have reached somebody is to have reached the borrower.
    result = "answered" if contact.result == "reached" and contact.party != "borrower" else contact.result
    detail = {"with": contact.party, "channel": contact.channel, "at": at}
    saying.append(work, case, Act("contact", {}, reason=result, detail=detail, words=words or None), form)


def _faults(work: ViewerWork, case: WorklistItem, contact: LoggedContact, words: str) -> list[FieldError]:
    found = [
        FieldError.of(field, said("action.choose", what=said(f"field.{field}")))
        for field, value, allowed in (
            ("with", contact.party, WITH),
            ("channel", contact.channel, CHANNELS),
            ("result", contact.result, RESULTS),
        )
        if value not in allowed
    ]
    if contact.result == "sent" and not words:
        found.append(FieldError.of("words", said("contact.what_was_sent")))
    if contact.at is not None and not work.now - EARLIEST <= contact.at <= work.now:
        found.append(FieldError.of("at", said("contact.when", days=EARLIEST.days)))
    if contact.party == "borrower" and case.danger is not None:
        found.append(FieldError.of("result", said("contact.in_danger")))
    return found
