"""What webhooks are sent: an envelope that is the same for all events, and what each tells. Nothing is personal."""

import datetime as dt
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from models.review import TOLD
from web.api.schemas.cases import Aged, Shape, Status

ActionDone = Literal[TOLD]  # type: ignore[valid-type] # the record's own names


class BatchCompleteData(Shape):
    """A batch that everything in is decided of."""

    batch_id: UUID
    submitter: str
    as_of: dt.date
    rows_read: int
    accepted: int
    rejected: int
    unchanged: int
    cancelled: int


class DecisionChangedData(Shape):
    """A case for which something else is recommended than before."""

    submitter: str
    case_ref: str
    decision_id: int


class CaseAgedData(DecisionChangedData):
    """A case that time alone changed something about."""

    as_of: dt.date
    changed: list[Aged]


class ReviewRecordedData(Shape):
    """What somebody did on a case, and where it leaves it."""

    submitter: str
    case_ref: str
    review_id: int
    action: ActionDone
    strategy: str | None
    reason: str | None
    decision_id: int | None
    status: Status
    revision: int


class PingData(Shape):
    """Nothing happened."""

    webhook_id: int


class _Sent(Shape):
    id: str = Field(description="The same however often it is sent: know by it what you had already")
    created_at: dt.datetime


class BatchCompleteSent(_Sent):
    """Told when a batch is complete."""

    event: Literal["batch.complete"]
    data: BatchCompleteData


class DecisionChangedSent(_Sent):
    """Told when something else is recommended."""

    event: Literal["decision.changed"]
    data: DecisionChangedData


class CaseAgedSent(_Sent):
    """Told when time alone changed a case."""

    event: Literal["case.aged"]
    data: CaseAgedData


class ReviewRecordedSent(_Sent):
    """Told when somebody acted on a case."""

    event: Literal["review.recorded"]
    data: ReviewRecordedData


class PingSent(_Sent):
    """Sent when somebody asked for it."""

    event: Literal["ping"]
    data: PingData


SENT: Final[dict[str, type[BaseModel]]] = {
    "batch.complete": BatchCompleteSent,
    "decision.changed": DecisionChangedSent,
    "case.aged": CaseAgedSent,
    "review.recorded": ReviewRecordedSent,
    "ping": PingSent,
}
_ENVELOPE: Final[dict[str, Any]] = {"id": "evt_7f9c2d41", "created_at": "2026-11-23T08:00:00+00:00"}
_OF_CASE: Final[dict[str, Any]] = {"submitter": "local", "case_ref": "C-2026-001"}
_DATA: Final[dict[str, dict[str, Any]]] = {
    "batch.complete": {
        "batch_id": "5f0c4f52-7d7c-4a55-9a44-0a4f4f9d0c11",
        "submitter": "local",
        "as_of": "2026-11-23",
        "rows_read": 341,
        "accepted": 330,
        "rejected": 8,
        "unchanged": 3,
        "cancelled": 0,
    },
    "decision.changed": {**_OF_CASE, "decision_id": 1024},
    "case.aged": {**_OF_CASE, "decision_id": 1025, "as_of": "2026-11-24", "changed": ["urgency"]},
    "review.recorded": {
        **_OF_CASE,
        "review_id": 7,
        "action": "escalate",
        "strategy": None,
        "reason": "complex",
        "decision_id": 1024,
        "status": "escalated",
        "revision": 2,
    },
    "ping": {"webhook_id": 1},
}
# Examples by the names of the schemas.
EXAMPLES: Final = {shape.__name__: {**_ENVELOPE, "event": event, "data": _DATA[event]} for event, shape in SENT.items()}
