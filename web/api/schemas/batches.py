"""What the API says of batches."""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from forbear.base.vault import Vault
from forbear.batch.progress import progress_of_batch
from forbear.batch.submission.submit import source_of
from models.intake.batch import Batch
from rules.pack.files.schema import Text
from web.api.schemas.cases import Line, Shape
from web.api.wire.describe import MOST_MAPPING


class BatchView(Shape):
    """One submission. rows_read = accepted + rejected + unchanged."""

    id: UUID
    submitter: str
    as_of: dt.date
    status: Literal["receiving", "running", "complete"]
    rows_read: int
    accepted: int
    rejected: int
    unchanged: int
    cancelled: int = Field(description="Of the accepted and unchanged ones, taken back before they were decided")
    created_at: dt.datetime
    completed_at: dt.datetime | None


class BatchProgressView(BatchView):
    """A batch and how far it is. accepted + unchanged = decided + failed + pending + cancelled."""

    decided: int
    failed: int
    pending: int
    uncertain: int
    disagreements: int
    by_urgency: dict[str, int]
    by_strategy: dict[str, int]
    mapping: dict[str, Any] | None = Field(description="How the columns were read; null where the batch has none")
    notices: list[Text] = Field(description="What of the file was not used, adjusted or left open")


class Batches(Shape):
    """Some batches, newest first, and where the next ones start."""

    batches: list[BatchView]
    next: str | None


class BatchTerms(BaseModel):
    """What a form may say beside its file."""

    model_config = ConfigDict(extra="forbid")

    as_of: dt.date | None = None
    submitter: Line | None = None
    mapping: str | None = Field(default=None, max_length=MOST_MAPPING)
    strict: bool = False


def counted(batch: Batch) -> dict[str, Any]:
    """What a batch counts, by the names of the answer."""
    return {name: getattr(batch, name) for name in BatchView.model_fields}


def progress(session: Session, batch: Batch, vault: Vault) -> BatchProgressView:
    """A batch, how its columns were read, and how far it is."""
    found = progress_of_batch(session, batch)
    head = source_of(batch, vault)
    return BatchProgressView(
        **counted(batch),
        decided=found.decided,
        failed=found.failed,
        pending=found.pending,
        uncertain=found.uncertain,
        disagreements=found.disagreements,
        by_urgency=found.urgencies,
        by_strategy=found.strategies,
        mapping=None if head.mapping is None else head.mapping.data(),
        notices=list(head.notices),
    )
