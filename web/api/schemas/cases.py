"""What the API says about a case: its decision in words, with where the case stands on the desk."""

import datetime as dt
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rules.pack.files.red_flags import Grade
from rules.pack.files.schema import Text, Urgency
from rules.text.decision_view import DecisionView, FactView

Status = Literal["open", "escalated", "reviewed", "waiting", "snoozed", "closed"]
Aged = Literal["strategy", "urgency", "deadline"]
Elapsed = Literal["strategy", "urgency", "deadline", "instalment_late", "instalment_broken"]
# What the database can hold: it refuses the character NUL.
Line = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]

_UPDATED = "When something happened last to the case: a decision, an action, danger, an agreed time that came"
_UNUSED = "Of the answer to handing it in: the keys that are no fact, kept but not used; with `strict` they are refused"


def address_of(case_ref: str) -> str:
    """Where a case is, whatever characters its reference has."""
    return f"/api/v1/cases/{quote(case_ref, safe='')}"


class Shape(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(extra="forbid")


class DeskState(Shape):
    """Where a case stands on the counsellors' desk."""

    submitter: str
    status: Status
    revision: int = Field(description="To be sent along with a review: one made for an earlier revision is refused")
    decision_id: int | None = Field(description="null: it could not be evaluated, and never was")
    batch_id: UUID
    outdated: bool = Field(description="Newer facts came in and are being decided")
    changed: bool = Field(description="Something else is recommended than what was last reviewed")
    aged: list[Elapsed] = Field(description="What time alone changed since anybody acted on the case")
    chosen_strategy: str | None = Field(description="What a person decided; null before that")
    due_at: dt.datetime
    follow_up_at: dt.datetime | None
    danger: Grade | None = Field(description="Danger that nobody has settled: contact is recorded before anything else")
    crisis_beside: bool = Field(description="Explicit danger in another case of the borrower")
    contacted_at: dt.datetime | None = Field(description="The last contact recorded about it")
    call_at: dt.datetime | None = Field(description="When the next call about it is due")
    failed_at: dt.datetime | None = Field(description="Its newest facts could not be evaluated: a person decides")
    updated_at: dt.datetime = Field(description=_UPDATED)
    unused: list[str] = Field(default_factory=list, description=_UNUSED)


class CaseView(DeskState, DecisionView):
    """A decided case: its decision, and where it stands. The urgency is the one on the desk, raised where need be."""


class PendingCaseView(Shape):
    """A case without a decision yet: ask again at its address."""

    case_ref: str
    submitter: str
    status: Literal["pending", "failed"] = Field(description="failed: it could not be evaluated, a person looks at it")
    batch_id: UUID
    unused: list[str] = Field(default_factory=list, description=_UNUSED)


class CaseSummary(Shape):
    """A decided case as the queue lists it."""

    case_ref: str
    submitter: str
    address: str
    urgency: Urgency
    strategy: str
    strategy_label: Text
    certain: bool
    engines_agree: bool
    status: Status
    revision: int
    decision_id: int | None
    changed: bool
    aged: list[Elapsed]
    outdated: bool
    chosen_strategy: str | None
    product: str | None
    days_overdue: int | None
    overdue_bucket: str | None
    deadline: dt.date | None
    due_at: dt.datetime
    follow_up_at: dt.datetime | None
    danger: Grade | None
    crisis_beside: bool
    contacted_at: dt.datetime | None
    call_at: dt.datetime | None
    failed_at: dt.datetime | None
    updated_at: dt.datetime = Field(description=_UPDATED)
    as_of: dt.date
    batch_id: UUID
    facts: dict[str, FactView] = Field(description="As in the case itself")


class Cases(Shape):
    """Some cases, most urgent first, or in the order in which they moved; and where the next ones start."""

    cases: list[CaseSummary]
    next: str | None = Field(
        description="For `after` of the next request; null at the end. Of cases that moved: for `updated_after` of the "
        "next request, now or later, and never null"
    )
    last: bool = Field(description="There were no more when this was answered")


class FieldFault(Shape):
    """What is wrong with one field."""

    field: str
    zh: str
    en: str


class ProblemDocument(BaseModel):
    """An error (RFC 9457). `detail` is in the language that the request accepts."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    danger: bool | None = Field(None, description="The case that was refused tells of danger: call the person first")
    errors: list[FieldFault] | None = Field(None, description="Of fields that are not as they should be")
    submitters: list[str] | None = Field(None, description="Whose cases have this reference, where it is several")
    revision: int | None = Field(None, description="Of the newer state, where a review was made for an earlier one")
