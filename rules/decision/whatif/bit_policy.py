"""The hit policy over rows of bits: strategy and urgency of many cases at once, by the rules that are true of them.

`HitPolicy.select` is what it has to say, case by case; tests hold the two against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rules.decision.hit_policy import Effects, effects
from rules.pack.pack import Pack


class BitSelection(NamedTuple):
    """Of each strategy and urgency the bits of the cases that have it, and the cases in which no rule recommends."""

    strategies: dict[str, int]
    urgencies: dict[str, int]
    default: int


class BitPolicy:
    """A pack's rules as effects, in order of priority."""

    def __init__(self, pack: Pack) -> None:
        self._default = pack.manifest.default
        acknowledging = tuple(name for name, entry in pack.strategies.items() if entry.acknowledges)
        self._effects = [effects(loaded, acknowledging) for loaded in pack.rules]
        self._wants: list[tuple[Effects, str, bool]] = [
            *((hit, hit.serves, True) for hit in self._effects if hit.serves),
            *((hit, hit.recommend, False) for hit in self._effects if hit.recommend),
        ]

    def select(self, true: Mapping[str, int], everywhere: int) -> BitSelection:
        """What the rules that are true of each case amount to."""
        barred: defaultdict[str, int] = defaultdict(int)
        for hit in self._effects:
            for strategy in hit.block:
                barred[strategy] |= true[hit.rule]
        strategies: defaultdict[str, int] = defaultdict(int)
        left, alone = everywhere, 0
        for hit, wanted, exclusive in self._wants:
            won = true[hit.rule] & left & ~barred[wanted]
            strategies[wanted] |= won
            left &= ~won
            alone |= won if exclusive else 0
        urgencies = dict(self._urgencies(true, everywhere, strategies, alone, left))
        strategies[self._default.strategy] |= left
        return BitSelection({name: bits for name, bits in strategies.items() if bits}, urgencies, left)

    def _urgencies(
        self, true: Mapping[str, int], everywhere: int, strategies: Mapping[str, int], alone: int, default: int
    ) -> Iterator[tuple[str, int]]:
        """The most urgent of all rules that count; the default's too where nothing is recommended or nobody says."""
        said: defaultdict[str, int] = defaultdict(int)
        said[self._default.urgency] |= default
        for hit in self._effects:
            if hit.urgency:
                serving = 0
                for strategy in hit.strategies:
                    serving |= strategies.get(strategy, 0)
                said[hit.urgency] |= true[hit.rule] & (serving | ~alone)
        left, found = everywhere, {}
        for urgency in sorted(said):
            found[urgency] = said[urgency] & left
            left &= ~said[urgency]
        found[self._default.urgency] = found.get(self._default.urgency, 0) | left
        yield from ((urgency, bits) for urgency, bits in found.items() if bits)
