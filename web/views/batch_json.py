"""What the pages of batches show, as JSON for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from forbear.batch import batch_list as listing
from forbear.batch.rejects import Reject
from forbear.batch.uploads import WaitingUpload
from forbear.intake import Accepted, Rejected
from rules.facts import case_facts


def batches(listed: listing.BatchPage, waiting: Sequence[WaitingUpload]) -> dict[str, Any]:
    """A page of the list."""
    return {
        "batches": [_entry(entry) for entry in listed.entries],
        "next": None if listed.next is None else f"/batches?after={listed.next}",
        "uploads": [{"address": f"/uploads/{each.id}", "name": each.name, "bytes": each.size} for each in waiting],
    }


def batch(values: Mapping[str, Any]) -> dict[str, Any]:
    """One batch."""
    return {
        **_entry(values["entry"]),
        "by_urgency": values["urgencies"],
        "failures": [
            {"chunk": each.chunk_id, "case_id": each.case_id, "case_ref": each.case_ref, "error": each.error}
            for each in values["failures"]
        ],
        "first_rejects": [_reject(each) for each in values["rejects"]],
    }


def upload(values: Mapping[str, Any]) -> dict[str, Any]:
    """The preview of an upload. Personal values are not in it."""
    upload, seen, fault = values["upload"], values["seen"], values["fault"]
    return {
        "id": str(upload.id),
        "name": seen.name,
        "submitter": upload.submitter,
        "as_of": upload.as_of.isoformat(),
        "fault": None if fault is None else {"zh": fault.zh, "en": fault.en},
        "rows": {"read": seen.rows, "accepted": seen.accepted, "rejected": seen.rejected, "all": seen.whole},
        "columns": [{"header": column.header, "fact": column.fact} for column in seen.columns],
        "first": [_row(row) for row in seen.first],
        "problems": [{**_reject(each), "rows": values["rows"][each.row]} for each in values["problems"]],
    }


def _entry(entry: listing.BatchRow) -> dict[str, Any]:
    batch = entry.batch
    return {
        "id": str(batch.id),
        "address": f"/batches/{batch.id}",
        "name": entry.name,
        "submitter": batch.submitter,
        "as_of": batch.as_of.isoformat(),
        "created_at": batch.created_at.isoformat(),
        "completed_at": None if batch.completed_at is None else batch.completed_at.isoformat(),
        "status": batch.status,
        "rows": {
            "read": batch.rows_read,
            "accepted": batch.accepted,
            "rejected": batch.rejected,
            "unchanged": batch.unchanged,
        },
        "progress": {"done": entry.left.total - entry.left.cases, "total": entry.left.total},
        "failed": entry.failed,
    }


def _row(row: Accepted | Rejected) -> dict[str, Any]:
    if isinstance(row, Rejected):
        return {"row": row.row, "accepted": False}
    return {"row": row.row, "accepted": True, "facts": case_facts.to_json(row.facts)}


def _reject(reject: Reject) -> dict[str, Any]:
    return {
        "row": reject.row,
        "case_ref": reject.case_ref,
        "fields": [{"field": fault.field, "cell": fault.cell} for fault in reject.faults],
        "error": reject.why.model_dump(),
    }
