"""Actions: what a person may decide on a case - accept, override, ask, escalate, snooze, resume, outcome, papers.

Each function checks one choice against the case as it stands and answers the act for `review.perform`, or raises
RefusedError with a sentence for each field. Nothing is written here.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from forbear.case import action_fields
from forbear.case.workflow import CRISIS, CaseContext, require
from forbear.desk.review import Act
from rules.decision.hit_policy import DEFAULT
from rules.decision.reasons import rules_of
from rules.facts.case_facts import FieldError

OVERRIDE_REASONS = (
    "facts_wrong",
    "facts_missing",
    "borrower_wish",
    "lender_practice",
    "legal_view",
    "rule_wrong",
    "safety",
    "other",
)
ESCALATE_REASONS = ("safety", "legal_view", "complex", "authority", "conflict_of_interest", "other")
SNOOZE_REASONS = ("lender_answer", "income_resumes", "papers", "borrower_wish", "other")
OUTCOMES = ("contacted", "lender_accepted", "lender_refused", "plan_kept", "plan_broken", "closed")
CLOSE_REASONS = ("solved", "repaid", "referred", "withdrawn", "unreachable", "mistake", "other")
ASK_AGAIN = dt.timedelta(days=7)  # when nobody answered


def accept(standing: CaseContext, follow_up: dt.date | None = None, words: str = "") -> Act:
    """The recommendation is right."""
    require(standing, "accept")
    action_fields.check(action_fields.length(words), action_fields.day(standing, follow_up))
    strategy = standing.case.strategy
    return _act(
        standing,
        "accept",
        _reviewed(standing, strategy, follow_up),
        strategy=strategy,
        words=words,
        detail=_follow_up(follow_up),
        tally={("accepted", rule, ""): 1 for rule in _recommending(standing)},
    )


def override(
    standing: CaseContext,
    strategy: str,
    reason: str,
    words: str,
    *,
    confirmed: bool = False,
    follow_up: dt.date | None = None,
) -> Act:
    """Another strategy than the recommended one, and why. A blocked one has to be confirmed."""
    require(standing, "override")
    action_fields.check(
        _strategy(standing, strategy, confirmed),
        action_fields.one_of("reason", reason, OVERRIDE_REASONS),
        action_fields.explained(words),
        action_fields.day(standing, follow_up),
    )
    blocked = strategy in standing.decided.outcome.blocked
    return _act(
        standing,
        "override",
        _reviewed(standing, strategy, follow_up),
        strategy=strategy,
        reason=reason,
        words=words,
        detail={**_follow_up(follow_up), **({"blocked": True} if blocked else {})},
        tally={("overridden", rule, reason): 1 for rule in _recommending(standing)},
    )


def ask(standing: CaseContext, questions: Collection[str], follow_up: dt.date | None = None, words: str = "") -> Act:
    """Ask the borrower; the case waits for the answers."""
    require(standing, "ask")
    known = standing.decided.pack.vocabulary.facts
    asked = [name for name in known if name in questions and known[name].question]
    until = follow_up or default_follow_up(standing)
    action_fields.check(
        action_fields.length(words),
        action_fields.day(standing, until, latest=_last_day_to_ask(standing)),
        None if asked else FieldError("questions", "请至少选一个问题。", "Choose at least one question."),
    )
    changes = {"status": "waiting", "follow_up_at": _moment(standing, until)}
    detail = {"questions": asked, **_follow_up(until)}
    return _act(standing, "ask", changes, words=words, detail=detail)


def escalate(standing: CaseContext, reason: str, words: str) -> Act:
    """Hand the case to the supervisors; whoever held it does no longer."""
    require(standing, "escalate")
    action_fields.check(action_fields.one_of("reason", reason, ESCALATE_REASONS), action_fields.explained(words))
    changes = {"status": "escalated", "follow_up_at": None, "assignee_id": None}
    return Act("escalate", changes, reason=reason, words=words.strip())


def snooze(standing: CaseContext, until: dt.date | None, reason: str, words: str = "") -> Act:
    """Put the case aside until a day, which comes before the next legal deadline."""
    require(standing, "snooze")
    missing = FieldError("until", "请选择哪一天再看。", "Choose the day to look at it again.")
    action_fields.check(
        missing
        if until is None
        else action_fields.clock(standing, until) or action_fields.day(standing, until, "until"),
        action_fields.one_of("reason", reason, SNOOZE_REASONS),
        action_fields.length(words),
    )
    changes = {"status": "snoozed", "follow_up_at": _moment(standing, until)}
    return _act(standing, "snooze", changes, reason=reason, words=words, detail=_follow_up(until))


def resume(standing: CaseContext, words: str = "") -> Act:
    """Back to the open cases: from waiting, snoozed, reviewed, closed, or handed back by a supervisor."""
    require(standing, "resume")
    action_fields.check(action_fields.length(words))
    changes: dict[str, Any] = {"status": "open", "follow_up_at": None}
    if standing.case.status == "escalated":
        return Act("resume", changes, words=words.strip() or None)  # free for whoever takes it next
    return _act(standing, "resume", changes, words=words)


def outcome(
    standing: CaseContext, result: str, why: str = "", follow_up: dt.date | None = None, words: str = ""
) -> Act:
    """What came of it. `closed` ends the case and says why; a broken plan brings it back to the queue."""
    require(standing, "outcome")
    action_fields.check(
        action_fields.one_of("outcome", result, OUTCOMES),
        action_fields.length(words),
        action_fields.day(standing, follow_up),
    )
    closes = result == "closed"
    action_fields.check(
        action_fields.one_of("why", why, CLOSE_REASONS) if closes else None,
        FieldError(
            "outcome",
            "危机案件要先有人作出决定，才能结案。",
            "A case in crisis is closed only after somebody decided on it.",
        )
        if closes and standing.case.urgency == CRISIS and standing.case.chosen_strategy is None
        else None,
        FieldError("follow_up", "结案的案件不再回访：请去掉日期。", "A closed case is not followed up: clear the date.")
        if closes and follow_up
        else None,
    )
    detail = {**_follow_up(follow_up), **({"why": why} if closes else {})}
    strategy = standing.case.chosen_strategy or standing.case.strategy
    return _act(
        standing,
        "outcome",
        _after(standing, result, follow_up),
        reason=result,
        words=words,
        detail=detail,
        tally={("outcome", strategy, result): 1},
    )


def documents(standing: CaseContext, have: Collection[str], before: Collection[str]) -> Act | None:
    """Papers ticked and unticked against what was ticked before; None where nothing changed."""
    require(standing, "document")
    listed = standing.decided.outcome.documents
    came = [name for name in listed if name in have and name not in before]
    gone = [name for name in listed if name in before and name not in have]
    if not came and not gone:
        return None
    return _act(standing, "document", {}, detail={"have": came, "lack": gone})


def default_follow_up(standing: CaseContext) -> dt.date:
    """When an unanswered question is asked again: in a week, or before a deadline if that is sooner."""
    return min(standing.today + ASK_AGAIN, _last_day_to_ask(standing))


def _act(standing: CaseContext, action: str, changes: dict[str, Any], words: str = "", **rest: Any) -> Act:
    """An act on a case that becomes the viewer's if it was free; an escalated one stays with the supervisors."""
    made = Act(action, changes, words=words.strip() or None, **rest)
    case, viewer = standing.case, standing.viewer
    free = case.assignee_id is None and (case.status != "escalated" or standing.supervises)
    return replace(made, changes={"assignee_id": viewer.account_id, **changes}) if free else made


def _reviewed(standing: CaseContext, strategy: str, follow_up: dt.date | None) -> dict[str, Any]:
    moment = None if follow_up is None else _moment(standing, follow_up)
    return {"status": "reviewed", "chosen_strategy": strategy, "changed": False, "follow_up_at": moment}


def _after(standing: CaseContext, result: str, follow_up: dt.date | None) -> dict[str, Any]:
    """What an outcome does to the status of a case."""
    if result == "closed":
        return {"status": "closed", "follow_up_at": None}
    if follow_up is not None and standing.case.urgency != CRISIS:
        return {"status": "waiting", "follow_up_at": _moment(standing, follow_up)}
    if result == "plan_broken" and standing.case.status != "escalated":
        return {"status": "open", "follow_up_at": None}
    return {}


def _recommending(standing: CaseContext) -> Iterable[str]:
    """The fired rules that the recommendation came from."""
    pack, found = standing.decided.pack, standing.decided.outcome
    rules = [
        rule
        for rule in found.rules_fired
        if rule in rules_of(pack)
        and any(effect.recommend == found.strategy for effect in rules_of(pack)[rule].rule.then)
    ]
    return rules or [rule for rule in found.rules_fired if rule == DEFAULT]


def _moment(standing: CaseContext, day: dt.date | None) -> dt.datetime | None:
    """The beginning of a day where the case is worked."""
    return None if day is None else dt.datetime.combine(day, dt.time(), standing.zone)


def _follow_up(day: dt.date | None) -> dict[str, Any]:
    return {} if day is None else {"follow_up": day.isoformat()}


def _last_day_to_ask(standing: CaseContext) -> dt.date:
    """Not past the day before a deadline; tomorrow where that is too soon to hear anything."""
    last = standing.today + action_fields.LONGEST
    if standing.deadline is not None:
        last = min(last, standing.deadline - dt.timedelta(days=1))
    tomorrow = standing.today + dt.timedelta(days=1)
    return tomorrow if standing.clock_unknown else max(last, tomorrow)


def _strategy(standing: CaseContext, strategy: str, confirmed: bool) -> FieldError | None:
    found = standing.decided
    if strategy not in found.pack.strategies:
        return FieldError("strategy", "请选择一项方案。", "Choose a strategy.")
    if strategy == found.outcome.strategy:
        return FieldError(
            "strategy", "这就是推荐的方案：请用“接受”。", "That is the recommended one: accept it instead."
        )
    if standing.guarded and not standing.supervises:
        return FieldError(
            "strategy",
            "这件案子涉及人身安全，只有督导可以改用其他方案：请上报。",
            "Somebody's safety is at stake here, so only a supervisor may choose another strategy: escalate it.",
        )
    if strategy in found.outcome.blocked and not confirmed:
        return FieldError(
            "confirmed",
            "规则认为这件案子不要用这项方案：确定要用，请勾选确认。",
            "The rules bar this strategy for this case: tick the confirmation if it is to be used all the same.",
        )
    return None
