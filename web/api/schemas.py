"""What the API says about a case: a decision as one object in both languages, with where the case stands."""

import datetime as dt
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rules.pack.schema import Urgency

Status = Literal["open", "escalated", "reviewed", "waiting", "snoozed", "closed"]
# What the database can hold: it refuses the character NUL.
Line = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


def address_of(case_ref: str) -> str:
    """Where a case is, whatever characters its reference has."""
    return f"/api/v1/cases/{quote(case_ref, safe='')}"


class Shape(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(extra="forbid")


class BilingualText(Shape):
    """A text in both languages."""

    zh: str
    en: str


class Citation(Shape):
    """What a claim rests on, and how sure we are of it."""

    id: str
    title: BilingualText
    number: str | None
    article: str | None
    layer: str
    status: str = Field(description="primary, official, weak, own_knowledge or design")


class ReasonView(Shape):
    """A rule that fired, in words."""

    rule: str
    text: BilingualText
    references: list[Citation]


class Question(Shape):
    """A fact that is not known yet."""

    fact: str
    text: BilingualText


class ItemView(Shape):
    """A document, right, warning or step."""

    id: str
    text: BilingualText
    references: list[Citation]


class DeadlineView(Shape):
    """A legal clock that runs in this case."""

    what: str
    title: BilingualText
    date: dt.date
    basis: list[Citation]
    days_left: int = Field(description="On the as-of day; negative once it is over")
    assumed: bool
    note: BilingualText | None


class PlanOption(Shape):
    """A plan to propose. Amounts in yuan and rates in percent, as decimal strings."""

    strategy: str
    strategy_label: BilingualText
    kind: str
    months: int
    monthly: str
    last: str
    total: str
    until: dt.date | None
    interest: str | None
    interest_stopped: bool | None
    rate_percent: str | None
    waiver_asked: str
    within_stress: bool | None
    share: str | None
    text: BilingualText


class RecourseView(Shape):
    """A change in the borrower's hands that leads to another strategy."""

    fact: str
    value: str | int | bool
    strategy: str
    rule: str
    text: BilingualText


class PackName(Shape):
    """The policy that decided."""

    id: str
    version: str
    sha256: str


class RedFlagView(Shape):
    """An alarm that the notes raised."""

    flag: str
    title: BilingualText
    words: list[str]
    negated: bool
    text: BilingualText


class DecisionSchema(Shape):
    """What the policy recommends for a case, and why. A person decides."""

    case_ref: str
    strategy: str
    strategy_label: BilingualText
    urgency: Urgency
    certain: bool = Field(description="No missing fact could change the strategy")
    secondary: list[str]
    blocked: list[str]
    rules_fired: list[str]
    reasons: list[ReasonView]
    questions: list[Question]
    documents: list[ItemView]
    rights: list[ItemView]
    warnings: list[ItemView]
    steps: list[ItemView]
    deadlines: list[DeadlineView]
    plan_options: list[PlanOption]
    recourse: list[RecourseView]
    pack: PackName
    as_of: dt.date
    engines_agree: bool
    strategy_code: str
    summary: BilingualText
    rules_unknown: list[str]
    flags: list[str]
    red_flags: list[RedFlagView]
    disagreement: list[dict[str, Any]]
    disclaimer: BilingualText


class CaseState(Shape):
    """Where a case stands on the counsellors' desk."""

    submitter: str
    status: Status
    revision: int = Field(description="To be sent along with a review: one made for an earlier revision is refused")
    decision_id: int
    batch_id: UUID
    outdated: bool = Field(description="Newer facts came in and are being decided")
    changed: bool = Field(description="Something else is recommended than what was last reviewed")
    chosen_strategy: str | None = Field(description="What a person decided; null before that")
    due_at: dt.datetime
    follow_up_at: dt.datetime | None


class CaseView(CaseState, DecisionSchema):
    """A decided case: its decision, and where it stands."""


class PendingCase(Shape):
    """A case without a decision yet: ask again at its address."""

    case_ref: str
    submitter: str
    status: Literal["pending", "failed"] = Field(description="failed: it could not be evaluated, a person looks at it")
    batch_id: UUID


class CaseSummary(Shape):
    """A decided case as the queue lists it."""

    case_ref: str
    submitter: str
    address: str
    urgency: Urgency
    strategy: str
    strategy_label: BilingualText
    certain: bool
    engines_agree: bool
    status: Status
    revision: int
    changed: bool
    outdated: bool
    chosen_strategy: str | None
    product: str | None
    days_overdue: int | None
    overdue_bucket: str | None
    deadline: dt.date | None
    due_at: dt.datetime
    as_of: dt.date
    batch_id: UUID


class Cases(Shape):
    """Some cases, most urgent first, and where the next ones start."""

    cases: list[CaseSummary]
    next: str | None = Field(description="For `after` of the next request; null at the end")


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
    errors: list[FieldFault] | None = Field(None, description="Of fields that are not as they should be")
    submitters: list[str] | None = Field(None, description="Whose cases have this reference, where it is several")
    revision: int | None = Field(None, description="Of the newer state, where a review was made for an earlier one")
