"""What Forbear has mended since a form of the past: where a decision made then comes out otherwise now, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_PAUSES: Final = ("deferral", "standstill")
_NOT_SO: Final[tuple[object, ...]] = (False, "none", [], ())


@dataclass(frozen=True)
class Change:
    """A part of a stored outcome that comes out otherwise: as it was, as it is, and the facts of the case."""

    path: str
    was: Any
    now: Any
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Mend:
    """A fault of the code that decided by packs of some forms, and how to tell what it did from anything else."""

    forms: tuple[int, ...]  # the forms of packs that it decided by
    why: str
    explains: Callable[[Change], bool]


def mend(form: int, change: Change) -> str | None:
    """The fault that explains a difference, in words; None where none does."""
    return next((each.why for each in MENDED if form in each.forms and each.explains(change)), None)


_ITEMS: Final = ("outcome.documents", "outcome.rights", "outcome.warnings", "outcome.steps")


def _reordered(change: Change) -> bool:
    return change.path in _ITEMS and sorted(change.was) == sorted(change.now)


def _of_silenced_rules(change: Change) -> bool:
    return change.path == "outcome.warnings" and set(change.now) < set(change.was)


def _needless(change: Change) -> bool:
    return change.path == "outcome.questions" and change.now == [each for each in change.was if each in change.now]


def _idle(change: Change) -> bool:
    gone = [each for each in change.was if each not in change.now] if change.path == "outcome.lapsed" else []
    return bool(gone) and all(each["kind"] == "carried" for each in gone) and all(e in change.was for e in change.now)


def _pause_without_months(change: Change) -> bool:
    return _of_plans(change) and change.was == _without_months(change.now)


def _contradicted(change: Change) -> bool:
    """All that is new are facts whose answer says of something that it is not so, while the notes were marked."""
    if change.path != "outcome.questions" or not change.facts.get("note_flags"):
        return False
    gained = [each for each in change.now if each not in change.was]
    kept = [each for each in change.now if each in change.was]
    return kept == change.was and all(change.facts.get(each, "") in _NOT_SO for each in gained)


def _without_months(plans: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [{**each, "months": 0} if each["kind"] in _PAUSES else each for each in plans]


def _while_disputed(change: Change) -> bool:
    left, disputed = change.facts.get("days_left"), change.facts.get("debt_disputed")
    running = change.facts.get("legal_stage") == "payment_order" and (left is None or left >= 0)
    return (
        _of_plans(change) and change.now == [] and running and disputed is not False and all(map(_adds_up, change.was))
    )


def _adds_up(plan: Mapping[str, Any]) -> bool:
    """What can be told of a plan that is not worked out any more."""
    if plan["kind"] in _PAUSES:
        return bool(plan["total"] == 0)
    if plan["kind"] == "lump_sum":
        return bool(plan["total"] == plan["monthly"] <= plan["balance"])
    return bool(plan["total"] == plan["balance"] + plan["interest"])


def _too_long(change: Change) -> bool:
    """All that is gone are pauses until the day income is expected."""
    if not _of_plans(change):
        return False
    left = _without_months(change.now)
    gone = [each for each in change.was if each not in left]
    until = change.facts.get("resume_date")
    return len(gone) == len(change.was) - len(left) and all(
        each["kind"] == "deferral" and each["until"] == until and _adds_up(each) for each in gone
    )


def _by_whole_capacity(change: Change) -> bool:
    """The plans of 0.1 by its own arithmetic."""
    return _of_plans(change) and all(_plan_of_1(each, change.facts) for each in change.was)


def _plan_of_1(plan: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    names = ("balance", "capacity", "lump_sum_available", "monthly_due", "other_debt_payments")
    balance, share, lump, due, other = (facts.get(name) or 0 for name in names)
    paid = min(lump, balance)
    told = (plan["total"], plan["months"], plan["monthly"], plan["last"], plan["until"])
    match plan["kind"]:
        case "deferral":
            return told == (0, 0, 0, 0, facts.get("resume_date"))
        case "lump_sum":
            return told == (paid, 1, paid, paid, None)
        case "shared_instalments":
            share = share * due // (due + other) if due + other else 0
    if share <= 0 or balance <= 0:
        return False
    months = -(-balance // share)
    monthly = -(-balance // months)
    return told == (balance, months, monthly, balance - monthly * (months - 1), None)


def _of_plans(change: Change) -> bool:
    return change.path == "outcome.plans"


MENDED: Final = (
    Mend((1,), "items stood by priority; those of rules that want the strategy come first", _reordered),
    Mend((1,), "warnings of rules that are silent, because what they want is blocked, were told", _of_silenced_rules),
    Mend((1,), "a question was asked that could not change the strategy", _needless),
    Mend((1,), "plans took the whole capacity for one debt, whatever may not be offered", _by_whole_capacity),
    Mend((2,), "a pause did not say how many months it takes", _pause_without_months),
    Mend((2,), "plans were offered while a payment order could still be objected to", _while_disputed),
    Mend((2,), "a pause longer than the longest plan was offered", _too_long),
    Mend((2,), "a figure carried on was told of where it had decided nothing", _idle),
    Mend((5,), "what the notes say otherwise than a fact was not asked", _contradicted),
)
