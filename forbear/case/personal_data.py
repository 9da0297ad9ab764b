"""The personal fields of a case: masked on every page, shown whole to one person for a reason that is recorded."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.errors import ForbearError
from forbear.base.masks import mask
from forbear.base.vault import Vault, private_of
from forbear.desk.review import Act, may_act, perform, take_case
from models.case import CaseVersion

REASONS: Final = ("contact", "identity", "document", "safety", "own_data", "other")
LEAST_WORDS = 5  # characters that say why, beside the reason
MOST_WORDS = 500
_LATEST: Final = (
    select(CaseVersion.id, CaseVersion.private)
    .where(CaseVersion.case_id == bindparam("case"))
    .order_by(col(CaseVersion.number).desc())
    .limit(1)
)
_LONGEST = 15  # digits of a phone number, with its country and a plus sign


@dataclass(frozen=True)
class Personal:
    """What is sealed of a case: facts by name, and columns that no fact has the name of."""

    facts: dict[str, str]
    extra: dict[str, str]

    def masked(self) -> dict[str, str | None]:
        """The facts as every page may show them; None for what is hidden whole."""
        return {name: mask(name, value) for name, value in self.facts.items()}


def of_case(session: Session, vault: Vault, case_id: int) -> Personal:
    """What is sealed of the latest version of a case."""
    version, private = session.exec(_LATEST, params={"case": case_id}).first() or (0, None)
    opened = private_of(vault, version, private)
    return Personal({name: str(value) for name, value in opened["facts"].items() if value}, dict(opened["extra"]))


def reveal(work: ViewerWork, case_id: int, reason: str, words: str) -> Personal:
    """What is sealed of a case, whole; that it was looked at, by whom and why is appended.

    Raises NoCaseError for a case that is not this viewer's, ForbearError where the reason is none or too short.
    """
    case = take_case(work.session, work.viewer, case_id, None)
    if not is_reason(reason, words):
        raise ForbearError(f"Choose a reason and say in at least {LEAST_WORDS} characters what the data is needed for.")
    review = perform(work, case, Act("reveal", {}, reason=reason, words=words.strip(), quiet=True))
    work.note("reveal", f"case:{case_id}", {"reason": reason, "review": review.id})
    return of_case(work.session, work.vault, case_id)


def for_a_call(work: ViewerWork, case_id: int, words: str) -> Personal:
    """What is sealed of a case in danger, for whoever calls; a free case is theirs with it.

    Raises NoCaseError, and ForbearError where the case is somebody else's.
    """
    case = take_case(work.session, work.viewer, case_id, None)
    if not may_act(work.viewer, case):
        raise ForbearError("Somebody else has this case: ask them, or a supervisor.")
    if case.assignee_id is None and (case.status != "escalated" or work.viewer.may_act_as("supervisor")):
        perform(
            work,
            case,
            Act("assign", {"assignee_id": work.viewer.account_id}, detail={"assignee": work.viewer.account_id}),
        )
    return reveal(work, case_id, "safety", words)


def numbers(phone: str) -> tuple[tuple[str, str], ...]:
    """The numbers of a phone field, each as it stands there and as it is dialled."""
    parts = [part.strip() for part in re.split(r"[/,;、|\n]", unicodedata.normalize("NFKC", phone))]
    # Blanks stand within a number as well as between two: what is too long for one is two.
    parts = [one for part in parts for one in (part.split() if len(_dialled(part)) > _LONGEST else [part])]
    return tuple((part, number) for part in parts if (number := _dialled(part)))


def _dialled(text: str) -> str:
    return re.sub(r"[^\d+]", "", text)


def is_reason(reason: str, words: str) -> bool:
    """Whether this is enough to be shown personal data for."""
    return reason in REASONS and LEAST_WORDS <= len(words.strip()) <= MOST_WORDS
