"""What lowers an alarm: a denial behind it, somebody else's story, a thing of the past. A hint, never silence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rules.facts.phrases.patterns import compiled, pattern_of
from rules.facts.reading import STOP
from rules.pack.files.red_flags import RedFlag
from rules.pack.pack import Pack

_REACH: Final = 40  # letters of a sentence looked at before and after an alarm


@dataclass(frozen=True)
class _Context:
    before: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]
    after: tuple[re.Pattern[str], ...]

    def is_beside(self, before: str, alarm: str, after: str) -> bool:
        """Whether the text around an alarm, within its sentence, is of this kind."""
        if self.after and not any(each.search(after) for each in self.after):
            return False
        if not self.before:
            return True
        ends = [found.end() for each in self.before for found in each.finditer(before)]
        return bool(ends) and not any(each.search(before[max(ends) :] + alarm) for each in self.unless)


@dataclass(frozen=True)
class Lowering:
    """The contexts in which an alarm of a flag is lowered."""

    contexts: tuple[_Context, ...]

    def lowers(self, text: str, start: int, end: int) -> bool:
        """Whether the words at a place of a text may not be meant of the person in the case, or not today."""
        before = text[max(0, start - _REACH) : start].rpartition(STOP)[2]
        after = text[end : end + _REACH].partition(STOP)[0]
        return any(each.is_beside(before, text[start:end], after) for each in self.contexts)


def lowering(pack: Pack, flag: RedFlag) -> Lowering:
    """What lowers an alarm of this flag."""

    def expressions(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
        return tuple(compiled(pattern_of(pack, each)) for each in patterns)

    contexts = (pack.phrases.contexts[name] for name in flag.lowered_by)
    return Lowering(tuple(_Context(*map(expressions, (each.before, each.unless, each.after))) for each in contexts))
