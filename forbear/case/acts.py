"""Acts: what each action comes to on a case as it stands, once its fields are in order. Nothing is written here.

But for an answer: the version that a correction is comes in like every submission.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from forbear.accounts.accounts import ViewerWork
from forbear.case import corrections
from forbear.case.action_fields import asked, last_day_to_ask, other_strategy
from forbear.case.timeline import ticked
from forbear.case.workflow import CRISIS, CaseContext
from forbear.desk import review
from forbear.desk.danger import SETTLED
from forbear.desk.review import Act
from forbear.locale import said
from models.review import ActionName
from rules.decision.hit_policy import DEFAULT
from rules.decision.reasons import rules_of
from rules.facts.case_facts import FieldError

ASK_AGAIN = dt.timedelta(days=7)  # when nobody answered


def accept(context: CaseContext, _work: ViewerWork, confirmed: bool, follow_up: dt.date | None, words: str) -> Act:
    """The recommended strategy becomes the chosen one."""
    strategy = context.case.strategy
    return _act(
        context,
        "accept",
        _reviewed(context, strategy, follow_up),
        words,
        strategy=strategy,
        detail=_follow_up(follow_up),
        tally={("accepted", rule, ""): 1 for rule in _recommending(context)},
    )


def override(
    context: CaseContext,
    _work: ViewerWork,
    strategy: str,
    confirmed: bool,
    reason: str,
    words: str,
    follow_up: dt.date | None,
) -> Act:
    """Another strategy becomes the chosen one; the recommendation stays beside it."""
    blocked = {"blocked": True} if strategy in context.decided.outcome.blocked else {}
    return _act(
        context,
        "override",
        _reviewed(context, strategy, follow_up),
        words,
        strategy=strategy,
        reason=reason,
        detail={**_follow_up(follow_up), **blocked},
        tally={("overridden", rule, reason): 1 for rule in _recommending(context)},
    )


def unconfirmed(context: CaseContext, strategy: str, confirmed: bool, **_given: Any) -> Iterator[FieldError]:
    """A barred strategy has to be confirmed, where it may be chosen at all."""
    barred = strategy in context.decided.outcome.blocked and other_strategy(context, strategy) is None
    if barred and not confirmed:
        yield FieldError.of("confirmed", said("action.barred"))


def unlooked(context: CaseContext, confirmed: bool, **_given: Any) -> Iterator[FieldError]:
    """What is unclear is accepted only by somebody who has seen what is open."""
    if context.unclear and not confirmed:
        yield FieldError.of("confirmed", said("action.unclear"))


def answer(context: CaseContext, work: ViewerWork, facts: Mapping[str, object], words: str) -> Act:
    """New facts are handed in."""
    return corrections.answer(work, context, facts, words)


def ask(
    context: CaseContext, _work: ViewerWork, questions: Collection[str], follow_up: dt.date | None, words: str
) -> Act:
    """The borrower is asked; if nobody answers, the case comes back."""
    until = follow_up or default_follow_up(context)
    detail = {"questions": asked(context, questions), **_follow_up(until)}
    return _act(context, "ask", {"follow_up_at": _moment(context, until)}, words, detail=detail)


def escalate(_context: CaseContext, _work: ViewerWork, reason: str, words: str) -> Act:
    """Whoever held the case does no longer."""
    return Act("escalate", {"follow_up_at": None, "assignee_id": None}, reason=reason, words=words.strip())


def snooze(context: CaseContext, _work: ViewerWork, until: dt.date, reason: str, words: str) -> Act:
    """The case comes back on the day."""
    changes = {"follow_up_at": _moment(context, until)}
    return _act(context, "snooze", changes, words, reason=reason, detail=_follow_up(until))


def outcome(
    context: CaseContext, _work: ViewerWork, outcome: str, why: str, follow_up: dt.date | None, words: str
) -> Act:
    """What came of it; a broken plan brings the case back, a day to follow up lets it wait."""
    detail = {**_follow_up(follow_up), **({"why": why} if outcome == "closed" else {})}
    strategy = context.case.chosen_strategy or context.case.strategy
    return _act(
        context,
        "outcome",
        _after(context, outcome, follow_up),
        words,
        reason=outcome,
        detail=detail,
        tally={("outcome", strategy, outcome): 1},
    )


def unclosed(
    context: CaseContext, outcome: str, why: str, follow_up: dt.date | None, **_given: Any
) -> Iterator[FieldError]:
    """What closing a case asks for beyond saying so."""
    if outcome != "closed":
        return
    if not why:
        yield FieldError.of("why", said("action.no_reason_closed"))
    if context.in_danger:
        if not context.supervises:
            yield FieldError.of("outcome", said("action.danger_closed"))
    elif context.case.urgency == CRISIS and context.case.chosen_strategy is None:
        yield FieldError.of("outcome", said("action.crisis_closed"))
    if follow_up:
        yield FieldError.of("follow_up", said("action.closed_follow_up"))


def resume(context: CaseContext, _work: ViewerWork, words: str) -> Act:
    """Nothing is waited for any longer."""
    changes: dict[str, Any] = {"follow_up_at": None}
    if context.case.status == "escalated":
        return Act("resume", changes, words=words.strip() or None)  # free for whoever takes it next
    return _act(context, "resume", changes, words)


def documents(context: CaseContext, work: ViewerWork, have: Collection[str]) -> Act | None:
    """Papers ticked and unticked against what was ticked before."""
    before = ticked(review.timeline(work.session, context.case.case_id))
    listed = context.course.outcome.documents
    came = [name for name in listed if name in have and name not in before]
    gone = [name for name in listed if name in before and name not in have]
    if not came and not gone:
        return None
    return _act(context, "document", {}, detail={"have": came, "lack": gone})


def _act(context: CaseContext, action: ActionName, changes: dict[str, Any], words: str = "", **rest: Any) -> Act:
    """An act on a case that becomes the viewer's if it was free; an escalated one stays with the supervisors."""
    made = Act(action, changes, words=words.strip() or None, **rest)
    case, viewer = context.case, context.viewer
    free = case.assignee_id is None and (case.status != "escalated" or context.supervises)
    return replace(made, changes={"assignee_id": viewer.account_id, **changes}) if free else made


def _reviewed(context: CaseContext, strategy: str, follow_up: dt.date | None) -> dict[str, Any]:
    moment = None if follow_up is None else _moment(context, follow_up)
    return {"chosen_strategy": strategy, "changed": False, "follow_up_at": moment}


def _after(context: CaseContext, result: str, follow_up: dt.date | None) -> dict[str, Any]:
    """What an outcome does to the status of a case."""
    if result == "closed":
        return {"status": "closed", "follow_up_at": None, **(SETTLED if context.in_danger else {})}
    if follow_up is not None and context.case.urgency != CRISIS and not context.in_danger:
        return {"status": "waiting", "follow_up_at": _moment(context, follow_up)}
    if result == "plan_broken" and context.case.status != "escalated":
        return {"status": "open", "follow_up_at": None}
    return {}


def _recommending(context: CaseContext) -> Iterable[str]:
    """The fired rules that the recommendation came from."""
    pack, found = context.decided.pack, context.decided.outcome
    rules = [
        rule
        for rule in found.rules_fired
        if rule in rules_of(pack)
        and any(effect.recommend == found.strategy for effect in rules_of(pack)[rule].rule.then)
    ]
    return rules or [rule for rule in found.rules_fired if rule == DEFAULT]


def _moment(context: CaseContext, day: dt.date) -> dt.datetime:
    """The beginning of a day where the case is worked."""
    return dt.datetime.combine(day, dt.time(), context.zone)


def _follow_up(day: dt.date | None) -> dict[str, Any]:
    return {} if day is None else {"follow_up": day.isoformat()}


def default_follow_up(context: CaseContext) -> dt.date:
    """When an unanswered question is asked again: in a week, or before a deadline if that is sooner."""
    return min(context.today + ASK_AGAIN, last_day_to_ask(context))
