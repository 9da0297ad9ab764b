"""Fields of an action's form: what each may hold, with the sentence for what it may not."""

import datetime as dt
from collections.abc import Collection

from forbear.case.workflow import CaseContext, RefusedError
from rules.facts.case_facts import FieldError
from rules.pack.schema import Text

WORDS_LEAST, WORDS_MOST = 10, 2000  # characters of an explanation
_NAMES = {
    "reason": Text(zh="原因", en="a reason"),
    "outcome": Text(zh="结果", en="what came of it"),
    "why": Text(zh="结案原因", en="why it is closed"),
}
LONGEST = dt.timedelta(days=180)  # that a case may be put aside


def check(*found: FieldError | None) -> None:
    """Raise RefusedError with what was found, if anything was."""
    errors = [error for error in found if error is not None]
    if errors:
        raise RefusedError(*errors)


def one_of(field: str, value: str, allowed: Collection[str]) -> FieldError | None:
    """One of the codes a form offers."""
    if value in allowed:
        return None
    name = _NAMES[field]
    return FieldError(field, f"请选择{name.zh}。", f"Choose {name.en}.")


def length(words: str) -> FieldError | None:
    """A note that is not too long."""
    if len(words.strip()) <= WORDS_MOST:
        return None
    return FieldError(
        "words", f"说明最多 {WORDS_MOST} 个字。", f"The explanation may have at most {WORDS_MOST} characters."
    )


def explained(words: str) -> FieldError | None:
    """An explanation, which somebody will read later."""
    if len(words.strip()) >= WORDS_LEAST:
        return length(words)
    return FieldError(
        "words", f"请写明理由，至少 {WORDS_LEAST} 个字。", f"Say why, in at least {WORDS_LEAST} characters."
    )


def day(
    standing: CaseContext, day: dt.date | None, field: str = "follow_up", latest: dt.date | None = None
) -> FieldError | None:
    """A day to come back on: after today, and not too far away."""
    latest = latest or standing.today + LONGEST
    if day is None or standing.today < day <= latest:
        return None
    return FieldError(field, f"日期要在明天到 {latest} 之间。", f"The day has to be between tomorrow and {latest}.")


def clock(standing: CaseContext, until: dt.date) -> FieldError | None:
    """A legal clock that runs out before the case comes back."""
    if standing.clock_unknown:
        return FieldError(
            "until",
            "法律期限的起算日还不清楚，不能搁置：请先查明。",
            "It is not known when a legal clock started, so this cannot wait: find out first.",
        )
    if standing.deadline is None or until < standing.deadline:
        return None
    return FieldError(
        "until",
        f"{standing.deadline} 有法律期限，不能搁置到那一天或更晚。",
        f"A legal deadline ends on {standing.deadline}: this cannot wait until then or later.",
    )
