"""Fields of an action: what its form asks for and the API takes, and what each may hold."""

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from forbear.case.workflow import CaseContext
from forbear.locale import said
from rules.facts.case_facts import FieldError

WORDS_LEAST, WORDS_MOST = 10, 2000  # characters of an explanation
LONGEST = dt.timedelta(days=180)  # that a case may be put aside
# `until` is a day that may also be chosen from those that a lender has to answer; `papers` and `facts` are not on the
# bar but on cards of their own. `call` is a moment.
Kind = Literal["words", "day", "until", "call", "choice", "strategy", "confirmed", "questions", "papers", "facts"]
Check = Callable[[CaseContext, Any], FieldError | None]


@dataclass(frozen=True)
class Field:
    """One thing an action asks for. A choice has codes, whose words are in the catalogue under `family`."""

    name: str
    kind: Kind
    label: str = ""  # the key of its words on the page
    required: bool = False
    codes: tuple[str, ...] = ()
    family: str = "reason."
    check: Check | None = None  # where it may not hold what fields of its kind may

    def fault(self, context: CaseContext, value: Any) -> FieldError | None:
        """What is wrong with a value on the case as it stands."""
        if self.check is not None:
            return self.check(context, value)
        match self.kind:
            case "words":
                return explained(value) if self.required else length(value)
            case "day":
                return day(context, value, self.name)
            case "choice":
                return one_of(self.name, value, self.codes) if self.required or value else None
            case _:
                return None


WORDS = Field("words", "words", "form.words_optional")
EXPLANATION = Field("words", "words", "form.words", required=True)


def reason(codes: tuple[str, ...]) -> Field:
    """Why, as one of these codes."""
    return Field("reason", "choice", "form.reason", required=True, codes=codes)


def one_of(field: str, value: str, allowed: Collection[str]) -> FieldError | None:
    """One of the codes a form offers."""
    if value in allowed:
        return None
    name = said(f"field.{field}")
    return FieldError.of(field, said("action.choose", what=name))


def length(words: str) -> FieldError | None:
    """A note that is not too long."""
    if len(words.strip()) <= WORDS_MOST:
        return None
    return FieldError.of("words", said("action.too_long", most=WORDS_MOST))


def explained(words: str) -> FieldError | None:
    """An explanation, which somebody will read later."""
    if len(words.strip()) >= WORDS_LEAST:
        return length(words)
    return FieldError.of("words", said("action.too_short", least=WORDS_LEAST))


def day(
    context: CaseContext, day: dt.date | None, field: str = "follow_up", latest: dt.date | None = None
) -> FieldError | None:
    """A day to come back on: after today, and not too far away."""
    latest = latest or context.today + LONGEST
    if day is None or context.today < day <= latest:
        return None
    return FieldError.of(field, said("action.day", latest=latest))


def day_to_wait_for(context: CaseContext, until: dt.date | None) -> FieldError | None:
    """A day to put a case aside until, with no legal clock that runs out before it comes back."""
    if until is None:
        return FieldError.of("until", said("action.no_day"))
    if context.deadline_unknown:
        return FieldError.of("until", said("action.clock_unknown"))
    if context.deadline is None or until < context.deadline:
        return day(context, until, "until")
    return FieldError.of("until", said("action.deadline", deadline=context.deadline))


def day_to_ask_again(context: CaseContext, follow_up: dt.date | None) -> FieldError | None:
    """A day to ask again on, which leaves time to act before a deadline."""
    return day(context, follow_up, latest=last_day_to_ask(context))


def last_day_to_ask(context: CaseContext) -> dt.date:
    """Not past the day before a deadline; tomorrow where that is too soon to hear anything."""
    last = context.today + LONGEST
    if context.deadline is not None:
        last = min(last, context.deadline - dt.timedelta(days=1))
    tomorrow = context.today + dt.timedelta(days=1)
    return tomorrow if context.deadline_unknown else max(last, tomorrow)


def questions(context: CaseContext, names: Collection[str]) -> FieldError | None:
    """At least one question, and none that the pack cannot ask."""
    found = asked(context, names)
    if strange := [name for name in names if name not in found]:
        return FieldError.of("questions", said("action.not_asked", names=", ".join(strange)))
    return None if found else FieldError.of("questions", said("action.no_question"))


def listed_documents(context: CaseContext, have: Collection[str]) -> FieldError | None:
    """Papers that are on the list of the case, and no others: nobody would look for those."""
    listed = context.course.outcome.documents
    if strange := [name for name in have if name not in listed]:
        known = ", ".join(listed)
        return FieldError.of("have", said("action.no_paper", names=", ".join(strange), known=known))
    return None


def asked(context: CaseContext, names: Collection[str]) -> list[str]:
    """Those of the facts that have a question, in the order of the vocabulary."""
    known = context.decided.pack.vocabulary.facts
    return [name for name in known if name in names and known[name].question]


def other_strategy(context: CaseContext, strategy: str) -> FieldError | None:
    """A strategy that may be chosen in place of the recommended one."""
    found = context.decided
    if strategy not in found.pack.strategies:
        return FieldError.of("strategy", said("action.no_strategy"))
    if strategy == found.outcome.strategy:
        return FieldError.of("strategy", said("action.recommended"))
    if context.guarded and not context.supervises:
        return FieldError.of("strategy", said("action.guarded"))
    return None
