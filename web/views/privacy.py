"""The personal data of a case as its page shows it: masked, with consent and how long the case is kept."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from forbear.accounts.accounts import ViewerWork
from forbear.base import packs
from forbear.base.settings import settings
from forbear.case import consent, personal_data
from forbear.case.personal_data import Personal
from forbear.ops import retention
from models.case import Case
from models.desk import WorklistItem
from rules.pack.files.schema import Text


@dataclass(frozen=True)
class Card:
    """What the page of a case says about its personal data."""

    case_id: int
    case_ref: str
    revision: int
    masked: tuple[tuple[Text, str | None], ...]  # None: nothing of it may be seen
    person: Mapping[str, str | None]  # the same by fact
    columns: int  # that no fact has the name of, all hidden
    agreed: list[str] | None  # None: not known
    contact_lender: consent.ConsentStatus
    kept_until: dt.date
    own_date: dt.date | None  # a date of the case's own
    may_change: bool
    reasons: tuple[str, ...] = personal_data.REASONS
    scopes: tuple[str, ...] = consent.SCOPES
    ways: tuple[str, ...] = consent.WAYS


def card(work: ViewerWork, case_id: int) -> Card | None:
    """The personal data of a decided case as its page shows it; None where there is no such case for this viewer."""
    session, viewer = work.session, work.viewer
    case, desk_case = session.get(Case, case_id), session.get(WorklistItem, case_id)
    if case is None or desk_case is None or viewer.submitter not in (None, case.submitter):
        return None
    sealed = personal_data.of_case(session, work.vault, case_id)
    names = titles(session, desk_case, sealed)
    return Card(
        case_id=case_id,
        case_ref=case.case_ref,
        revision=desk_case.revision,
        masked=tuple((names[name], masked) for name, masked in sealed.masked().items()),
        person=sealed.masked(),
        columns=len(sealed.extra),
        agreed=case.consent,
        contact_lender=consent.status(case, "contact_lender"),
        kept_until=retention.kept_until(session, case, settings().retention_days),
        own_date=case.retain_until,
        may_change=viewer.may_act_as("counsellor"),
    )


def titles(session: Session, case: WorklistItem, sealed: Personal) -> dict[str, Text]:
    """What the sealed facts of a case are called."""
    known = packs.pack_to_name_by(session, case.pack_sha256).vocabulary.facts
    return {name: known[name].title if name in known else Text(zh=name, en=name) for name in sealed.facts}
