"""The active policy as people use it: its handbook, and how often each rule fired and was overridden."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from sqlmodel import Session, col, func, select

from models.operation.tally import DailyTally
from rules.handbook.contents import book
from rules.handbook.document import Handbook
from rules.locale import Language
from rules.pack.pack import Pack


@dataclass(frozen=True)
class RuleUsage:
    """How often a rule fired, and how often a person accepted or overrode what it recommended."""

    fired: int = 0
    accepted: int = 0
    overridden: int = 0

    @property
    def overridden_percent(self) -> int | None:
        """Of the cases that a person decided, how many were decided otherwise; None if there is none."""
        decided = self.accepted + self.overridden
        return None if not decided else round(100 * self.overridden / decided)


def rates(session: Session, since: dt.date, until: dt.date = dt.date.max) -> dict[str, RuleUsage]:
    """The rate of every rule that fired on these days."""
    counted = func.sum(col(DailyTally.count))
    query = select(DailyTally.subject, DailyTally.measure, counted).where(
        col(DailyTally.measure).in_(("fired", "accepted", "overridden")),
        DailyTally.day >= since,
        DailyTally.day <= until,
    )
    found: dict[str, dict[str, int]] = {}
    for rule, measure, count in session.exec(query.group_by(DailyTally.subject, DailyTally.measure)):
        found.setdefault(rule, {})[measure] = int(count)
    return {rule: RuleUsage(**counts) for rule, counts in found.items()}


@lru_cache(maxsize=8)
def handbook(pack: Pack, day: dt.date, language: Language) -> Handbook:
    """The handbook of a pack with the figures in force on a day; made in a fifth of a second, so it is kept."""
    return book(pack, day, language)
