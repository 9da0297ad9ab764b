"""The outcome of a case, as the engines give it and as the record keeps it: ids only, typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from rules.decision.hit_policy import Ids, Selection
from rules.engines.message import Facts
from rules.facts.legal_days import deadline, ending
from rules.finance.repayment_plan import RepaymentPlan
from rules.formulas.dates import months_after
from rules.pack.files.schema import Urgency
from rules.pack.pack import Pack
from rules.pack.past.upcasting import upcast_outcome

DISAGREEMENT = "disagreement"
NOT_EVALUATED = "not_evaluated"
_SOON: Final[Urgency] = "U1"
STORED: Final = ConfigDict(extra="forbid")  # what the record keeps is misread by nobody
NO_RULE = "*"  # a difference that is not about one rule: the engine gave no result at all


@with_config(STORED)
@dataclass(frozen=True, slots=True)
class EngineDisagreement:
    """A rule the two engines do not agree on, or a derived fact to which they do not give the same value."""

    rule: str
    engine: Literal["hit", "no_hit", "error", "value", "no_value"]
    twin: Literal["hit", "no_hit", "unknown", "value", "no_value", "other_value"]


@with_config(STORED)
@dataclass(frozen=True, slots=True)
class DeadlineDue:
    """A clock of this case. What is not known about its day makes the date an assumption, and is said."""

    id: str
    date: dt.date
    start_known: bool = True
    calendar_known: bool = True

    @property
    def assumed(self) -> bool:
        """Whether the date rests on an assumption."""
        return not (self.start_known and self.calendar_known)


@with_config(STORED)
@dataclass(frozen=True, slots=True)
class StaleParameter:
    """A figure without a confirmed value on the day that counts: carried on, ended, or not begun."""

    parameter: str
    on: dt.date
    kind: Literal["carried", "ended", "not_begun"]


@with_config(STORED)
@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A change in the borrower's hands that leads to another strategy, tried out on the case. `value` as in JSON."""

    fact: str
    value: str | int | bool
    rule: str
    strategy: str


@with_config(STORED)
@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules make of one case. Ids only: words come later, and in both languages."""

    strategy: str
    urgency: Urgency
    certain: bool
    secondary: Ids
    blocked: Ids
    rules_fired: Ids
    rules_unknown: Ids
    questions: Ids
    documents: Ids
    rights: Ids
    warnings: Ids
    steps: Ids
    flags: Ids
    deadlines: tuple[DeadlineDue, ...]
    plans: tuple[RepaymentPlan, ...]
    recourse: tuple[Counterfactual, ...]
    lapsed: tuple[StaleParameter, ...]
    engines_agree: bool
    disagreement: tuple[EngineDisagreement, ...]


_ADAPTER: Final = TypeAdapter(Outcome)


def stored_outcome(outcome: Outcome) -> str:
    """An outcome as the record keeps it: JSON, the same for the same outcome."""
    return _ADAPTER.dump_json(outcome).decode()


def read_outcome(data: Mapping[str, Any]) -> Outcome:
    """The outcome that `stored_outcome` wrote, now or in a form of the past.

    Raises ValueError for what none of them wrote, with the places and not what stands there: an error goes to logs.
    """
    try:
        return _ADAPTER.validate_python(upcast_outcome(data))
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ValueError(f"no outcome that Forbear wrote: {told}") from None


def outcome(
    selection: Selection,
    unknown: Ids,
    outlook: tuple[bool, Ids],
    deadlines: tuple[DeadlineDue, ...],
    plans: tuple[RepaymentPlan, ...],
) -> Outcome:
    """The outcome of a case the engines agree on; `outlook` is whether it is certain, and the questions."""
    certain, questions = outlook
    return Outcome(
        strategy=selection.strategy,
        urgency=selection.urgency,
        certain=certain,
        secondary=selection.secondary,
        blocked=selection.blocked,
        rules_fired=selection.rules_fired,
        rules_unknown=unknown,
        questions=questions,
        documents=selection.of("document"),
        rights=selection.of("right"),
        warnings=selection.of("warning"),
        steps=selection.of("step"),
        flags=selection.of("flag"),
        deadlines=deadlines,
        plans=plans,
        recourse=(),
        lapsed=(),
        engines_agree=True,
        disagreement=(),
    )


def disagreed(
    pack: Pack,
    either: Selection,
    agreed: Ids,
    unknown: Ids,
    differences: tuple[EngineDisagreement, ...],
    deadlines: tuple[DeadlineDue, ...],
) -> Outcome:
    """The outcome of a case the engines do not agree on: a person decides.

    What must not be lost whichever engine is right is kept from both: clocks, flags, blocks and the urgency.
    """
    fallback = pack.manifest.disagreement
    return Outcome(
        strategy=fallback.strategy,
        urgency=min(fallback.urgency, either.urgency),
        certain=False,
        secondary=(),
        blocked=either.blocked,
        rules_fired=(DISAGREEMENT, *agreed),
        rules_unknown=unknown,
        questions=(),
        documents=(),
        rights=(),
        warnings=(),
        steps=(),
        flags=either.of("flag"),
        deadlines=deadlines,
        plans=(),
        recourse=(),
        lapsed=(),
        engines_agree=False,
        disagreement=differences,
    )


def not_evaluated(pack: Pack) -> Outcome:
    """The outcome of a case that could not be evaluated: a person decides, and soon."""
    return Outcome(
        strategy=pack.manifest.disagreement.strategy,
        urgency=min(_SOON, pack.manifest.disagreement.urgency),
        certain=False,
        secondary=(),
        blocked=(),
        rules_fired=(NOT_EVALUATED,),
        rules_unknown=(),
        questions=(),
        documents=(),
        rights=(),
        warnings=(),
        steps=(),
        flags=(),
        deadlines=(),
        plans=(),
        recourse=(),
        lapsed=(),
        engines_agree=True,
        disagreement=(),
    )


def differences(hits: frozenset[str] | None, true: Ids, unknown: Ids) -> tuple[EngineDisagreement, ...]:
    """Where the engines differ, in the order of rule ids; `hits` is None where the engine failed."""
    if hits is None:
        return tuple(EngineDisagreement(rule, "error", "hit") for rule in sorted(true)) or (
            EngineDisagreement(NO_RULE, "error", "no_hit"),
        )
    found = []
    for rule in sorted(hits.symmetric_difference(true)):
        twin: Literal["hit", "no_hit", "unknown"] = (
            "hit" if rule in true else "unknown" if rule in unknown else "no_hit"
        )
        found.append(EngineDisagreement(rule, "hit" if rule in hits else "no_hit", twin))
    return tuple(found)


def due(
    pack: Pack, clocks: Iterable[str], facts: Facts, as_of: dt.date, parameters: Mapping[str, int]
) -> tuple[DeadlineDue, ...]:
    """When the clocks of a case end, the nearest first.

    Where nobody knows when a clock started, its last day may be today as well as any other: it is taken to be today.
    """
    found = []
    for clock in clocks:
        entry = pack.deadlines[clock]
        start, length = facts.get(entry.starts_from), parameters.get(entry.days or entry.months or "")
        if entry.days is None and entry.months is None:
            if isinstance(start, dt.date):
                found.append(DeadlineDue(clock, start))
        elif isinstance(start, dt.date) and length is not None:
            end = ending(months_after(start, length)) if entry.months else deadline(start, length)
            found.append(DeadlineDue(clock, end.date, calendar_known=end.calendar_known))
        else:
            found.append(DeadlineDue(clock, as_of, start_known=False))
    return tuple(sorted(found, key=lambda each: (each.date, each.id)))
