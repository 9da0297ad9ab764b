"""The bodies of a case's messages, one a ruleset, put together from pieces that were written before.

What a fact has to say in a ruleset hangs on its value alone, and most facts have few: it is written once. What a number
has to say is always the same but for its digits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeAlias

from rules.engines.message import NO_NAMES, Facts, MessageKey, Writer, number, sign, start_of
from rules.facts.cells import Value
from rules.formulas.ends import NO_BOUNDS, SIDES, Bounds, Ends, Side, ends

Pieces: TypeAlias = tuple[str, ...]  # what a fact or a pair has to say in each ruleset that asks about it
Asking: TypeAlias = Mapping[int, Sequence[MessageKey]]  # the keys of one fact or pair, by the place of their ruleset
_KEPT: Final = 1_000  # pieces that are remembered of one fact
_OFTEN: Final = 1_000  # numbers below it are, of other numbers hardly ever two are the same
_DIGITS: Final = frozenset((int, bool, dt.date))  # the types that are told as a number
_MARK: Final = "\x00"  # where digits go: no text in JSON has this letter


def asked_of(rulesets: Sequence[Sequence[MessageKey]]) -> list[tuple[tuple[str, str], Asking]]:
    """The keys of each fact and, after them, of each pair, in the order in which messages have them.

    First come those of a fact of which few values are told apart.
    """
    asked: dict[tuple[str, str], dict[int, list[MessageKey]]] = {}
    for place, wanted in enumerate(rulesets):
        for key in sorted(wanted, key=lambda each: not each.few):
            paired = key.kind in ("sign", "sign_bound")
            asked.setdefault((key.fact, key.second if paired else ""), {}).setdefault(place, []).append(key)
    return sorted(asked.items(), key=lambda each: bool(each[0][1]))


class Bodies:
    """Writes the bodies of the messages to some rulesets, whose keys are given."""

    def __init__(
        self,
        rulesets: Sequence[Sequence[MessageKey]],
        names: Mapping[str, str] = NO_NAMES,
        made: Callable[[Asking, Mapping[str, str]], Writings] | None = None,
    ) -> None:
        """`names` are those that keys have in the message, where these are others than their own."""
        self._facts: list[tuple[str, Writings]] = []
        self._pairs: list[tuple[str, str, Writings]] = []
        places: list[list[int]] = [[] for _ in rulesets]
        count = 0
        for (fact, second), asking in asked_of(rulesets):
            writings = (made or Writings)(asking, names)
            if second:
                self._pairs.append((fact, second, writings))
            else:
                self._facts.append((fact, writings))
            for place in asking:
                places[place].append(count)
                count += 1
        self._chosen = [_chosen(each) for each in places]

    def write(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> list[str]:
        """What a case has to say to each ruleset: JSON without its braces, with a comma at its end. MessageError."""
        told: list[str] = []
        for fact, writings in self._facts:
            value = facts.get(fact)
            if value is not None:
                known = writings.of_value.get(value)
                told += writings.of(fact, value) if known is None else known
            elif writings.by_ends and fact in bounds:
                told += writings.of_bound(fact, bounds[fact])
            else:
                told += writings.absent
        for fact, second, writings in self._pairs:
            left, right = facts.get(fact), facts.get(second)
            if left is not None and right is not None:
                told += writings.with_digits(sign(left, right))
            elif fact in bounds or second in bounds:
                told += writings.of_ends(ends(left, bounds.get(fact)), ends(right, bounds.get(second)))
            else:
                told += writings.absent
        return ["".join(chosen(told)) for chosen in self._chosen]


class Writings:
    """What one fact or pair has to say in each ruleset that asks about it."""

    def __init__(self, asking: Asking, names: Mapping[str, str]) -> None:
        every = [key for keys in asking.values() for key in keys]
        self._by_ruleset = [
            ([key.name for key in keys], Writer({key.name: key for key in keys}, names)) for keys in asking.values()
        ]
        self._asked_for = frozenset(word for key in every for word in key.words)
        kinds = {key.kind for key in every}
        self.by_ends = "bound" in kinds  # else what it may still become makes no difference
        self._lists = "member" in kinds
        self._numbers = kinds != {"known"}  # what is asked only whether it is known may be any number
        # Not every number makes a difference: its digits alone do not tell what there is to say.
        self._chosen = any(key.kind == "value" and key.only is not None for key in every)
        self._starts = [
            [(start_of(key.name, names), key.side) for key in keys if key.kind == "sign_bound"]
            for keys in asking.values()
        ]
        self._around = [
            "".join(
                f"{start_of(key.name, names)}{1 if key.kind == 'known' else _MARK},"
                for key in keys
                if key.kind != "known" or key.told(1)
            ).split(_MARK)
            for keys in asking.values()
        ]
        self.absent = self.anew({})
        self.of_value: dict[Value, Pieces] = {}
        self._of_bound: dict[Any, Pieces] = {}
        self._of_signs: dict[tuple[str | None, ...], Pieces] = {}

    def anew(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> Pieces:
        """What it has to say by the writer of messages, which alone knows. Raises MessageError."""
        return tuple(said(names, writer.write(facts, bounds)) for names, writer in self._by_ruleset)

    def with_digits(self, digits: str) -> Pieces:
        """What a number has to say."""
        return tuple([digits.join(around) for around in self._around])

    def of(self, fact: str, value: Value) -> Pieces:
        """What a value has to say that is not remembered yet."""
        if isinstance(value, str) and value not in self._asked_for:
            value = ""  # to rules it is as any other text, and what came from outside is kept nowhere
            if value in self.of_value:
                return self.of_value[value]
        if value.__class__ not in _DIGITS or self._lists or self._chosen:
            return _kept(self.of_value, value, self.anew({fact: value}))
        told = self.with_digits(number(value) if self._numbers else "")
        return told if type(value) is int and value >= _OFTEN else _kept(self.of_value, value, told)

    def of_bound(self, fact: str, bound: Any) -> Pieces:
        """What a fact has to say that has no value yet."""
        known = self._of_bound.get(bound)
        return _kept(self._of_bound, bound, self.anew({}, {fact: bound})) if known is None else known

    def of_ends(self, one: Ends, other: Ends) -> Pieces:
        """What a pair has to say one of which has no value yet: how each end compares with the opposite one."""
        signs = tuple(
            None if end is None or opposite is None else sign(end, opposite)
            for end, opposite in zip(one, reversed(other), strict=True)
        )
        known = self._of_signs.get(signs)
        if known is None:
            known = self._of_signs[signs] = self.with_signs(dict(zip(SIDES, signs, strict=True)))
        return known

    def with_signs(self, signs: Mapping[Side, str | None]) -> Pieces:
        """What a pair has to say whose ends compare like this."""
        return tuple(
            "".join(f"{start}{signs[side]}," for start, side in starts if signs[side] is not None)
            for starts in self._starts
        )


def said(names: Sequence[str], written: Mapping[str, str]) -> str:
    """What is written of some keys, in their order."""
    return "".join([f"{written[name]}," for name in names if name in written])


def _kept(known: dict[Any, Pieces], of: Any, told: Pieces) -> Pieces:
    if len(known) >= _KEPT:
        known.clear()
    known[of] = told
    return told


def _chosen(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """The pieces at some places."""
    return itemgetter(*places) if len(places) > 1 else lambda told: [told[place] for place in places]
