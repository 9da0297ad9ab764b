"""Recording contact: what a call about danger came to, when the next one is, and whether the person is safe.

Only somebody who was reached and is safe settles danger, or a supervisor who says that there was none.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from forbear.accounts.accounts import ViewerWork
from forbear.case.action_fields import LONGEST
from forbear.case.workflow import CaseContext
from forbear.desk.danger import SETTLED
from forbear.desk.review import Act
from forbear.locale import said
from models.desk import TO_DO
from rules.decision.safety_hold import decided_danger
from rules.facts.case_facts import FieldError

RESULTS: Final = ("reached", "no_answer", "handed_on", "emergency", "false_alarm")
JUDGEMENTS: Final = ("safe", "not_safe", "not_judged")
HANDED_TO: Final = ("supervisor", "colleague", "family", "police", "hospital", "hotline", "community", "other")
CALL_AGAIN: Final = dt.timedelta(minutes=30)
SOON: Final = dt.timedelta(days=1)  # within which somebody who may not be safe is called again
CALLS: Final = (60, 120, 240, 24 * 60)  # minutes that the page offers beside that
_LEAST: Final = 5  # characters on what a supervisor rests on who says that there is no danger


def settles(result: str, safety: str) -> bool:
    """Whether a contact settles the danger."""
    return result == "false_alarm" or (result == "reached" and safety == "safe")


def contact(
    context: CaseContext,
    _work: ViewerWork,
    result: str,
    safety: str,
    handed_to: str,
    next_call: dt.datetime | None,
    words: str,
) -> Act:
    """What a call came to. Unless it settles the danger, another call is due, by default in half an hour."""
    case, settled = context.case, settles(result, safety)
    call_at = next_call or (None if settled else context.now + CALL_AGAIN)
    told = {"safety": safety, "handed_to": handed_to, "next_call": None if call_at is None else call_at.isoformat()}
    changes: dict[str, Any] = {"contacted_at": context.now}
    if case.assignee_id is None and (case.status != "escalated" or context.supervises):
        changes["assignee_id"] = context.viewer.account_id
    changes |= _settled(context, result, call_at) if settled else _open(context, call_at or context.now)
    return Act(
        "contact",
        changes,
        strategy=changes.get("chosen_strategy"),
        reason=result,
        detail={name: value for name, value in told.items() if value},
        words=words.strip() or None,
        judged=tuple(case.danger_kinds) if settled else (),
    )


def contact_faults(
    context: CaseContext, result: str, safety: str, handed_to: str, next_call: dt.datetime | None, words: str
) -> Iterator[FieldError]:
    """What is wrong between the fields of a contact."""
    if result == "reached" and not safety:
        yield FieldError.of("safety", said("contact.no_judgement"))
    if result != "reached" and safety == "safe":
        yield FieldError.of("safety", said("contact.not_reached"))
    if result == "handed_on" and not handed_to:
        yield FieldError.of("handed_to", said("contact.to_whom"))
    if result == "false_alarm":
        if not context.supervises:
            yield FieldError.of("result", said("contact.supervisor"))
        elif len(words.strip()) < _LEAST:
            yield FieldError.of("words", said("contact.why_no_danger", least=_LEAST))
    longest = LONGEST if settles(result, safety) else SOON
    if next_call is not None and not context.now < next_call <= context.now + longest:
        hours = int(longest.total_seconds() // 3600)
        yield FieldError.of("next_call", said("contact.next_call", hours=hours))


def _settled(context: CaseContext, result: str, call_at: dt.datetime | None) -> dict[str, Any]:
    """Out of danger. A case that was decided for it is done with until the next call; any other goes on as it is.

    What a supervisor has stays with them.
    """
    case, decided = context.case, context.decided
    found = decided_danger(decided.pack, decided.facts, decided.outcome)
    theirs = case.status == "escalated" and not context.supervises
    if result == "reached" and found is not None and found.grade == "explicit" and not theirs:
        done = {"status": "reviewed", "chosen_strategy": case.strategy, "changed": False, "follow_up_at": call_at}
        return {**SETTLED, **done}
    status = case.status if case.status in TO_DO else "open"
    sooner = {} if call_at is None else {"due_at": min(case.due_at, call_at)}
    return {**SETTLED, **sooner, "status": status, "follow_up_at": None}


def _open(context: CaseContext, call_at: dt.datetime) -> dict[str, Any]:
    """Still in danger: on the queue until the next call, and then late."""
    status = context.case.status if context.case.status in TO_DO else "open"
    return {"status": status, "follow_up_at": None, "call_at": call_at, "respond_by": call_at, "due_at": call_at}
