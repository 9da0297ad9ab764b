"""What the pages show, as JSON for programs."""

from collections.abc import Callable
from typing import Any

from forbear.case import decided_case
from forbear.desk import counting
from forbear.desk import queue as queues


def queue(
    listed: queues.QueuePage, counts: counting.QueueCounts, waiting: int, link: Callable[..., str]
) -> dict[str, Any]:
    """A page of the queue. `more` and null: counting stopped before the end."""
    return {
        "total": counts.total.cases,
        "more": counts.total.more,
        "waiting": waiting,
        "by_urgency": {urgency: count and count.cases for urgency, count in counts.by_urgency.items()},
        "by_strategy": {count.strategy: count.cases for count in counts.by_strategy},
        "by_status": counts.by_status,
        "cases": [_entry(entry) for entry in listed.entries],
        "next": None if listed.next is None else link(after=listed.next),
    }


def _entry(entry: queues.QueueRow) -> dict[str, Any]:
    case = entry.case
    return {
        "case_id": case.case_id,
        "case_ref": case.case_ref,
        "address": f"/cases/{case.case_id}",
        "urgency": case.urgency,
        "strategy": case.strategy,
        "chosen_strategy": case.chosen_strategy,
        "strategy_label": entry.title.model_dump(),
        "product": case.product,
        "days_overdue": case.days_overdue,
        "overdue_bucket": case.overdue_bucket,
        "deadline": None if case.deadline is None else case.deadline.isoformat(),
        "due_at": case.due_at.isoformat(),
        "follow_up_at": None if case.follow_up_at is None else case.follow_up_at.isoformat(),
        "status": case.status,
        "assignee": entry.assignee,
        "revision": case.revision,
        "certain": case.certain,
        "engines_agree": case.engines_agree,
        "changed": case.changed,
        "outdated": entry.outdated,
        "batch": str(case.batch_id),
        "received_at": case.received_at.isoformat(),
        "as_of": case.as_of.isoformat(),
    }


def case(file: decided_case.CaseFile) -> dict[str, Any]:
    """A case: the decision as the contract's object, and its history."""
    return {
        "case_id": file.case_id,
        "case_ref": file.case_ref,
        "current": file.judgement is not None and file.judgement.decision_id == file.latest,
        "outdated": file.outdated,
        "decision": None if file.judgement is None else file.judgement.words,
        "beside": [_entry(entry) for entry in file.beside],
        "history": [_step(file, step) for step in file.history],
    }


def _step(file: decided_case.CaseFile, step: decided_case.Step) -> dict[str, Any]:
    summary = step.decision
    decision = summary and {
        "address": f"/cases/{file.case_id}/decisions/{summary.id}",
        "decided_at": summary.decided_at.isoformat(),
        "as_of": summary.as_of.isoformat(),
        "urgency": summary.urgency,
        "strategy_label": summary.title.model_dump(),
        "pack_version": summary.pack_version,
    }
    return {"version": step.version, "received_at": step.received_at.isoformat(), "decision": decision}
