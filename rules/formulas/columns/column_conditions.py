"""Conditions over columns: comparisons of readings, and `all` and `any` of conditions."""

from __future__ import annotations

from collections.abc import Sequence

from rules.formulas.columns.column_readings import (
    NOTHING,
    Flag,
    NothingColumn,
    Number,
    Reading,
    TextColumn,
    Truth,
    Word,
    blank,
    both,
    contrary,
    either,
    every,
    filled,
    more,
    some,
)
from rules.pack.formulas import Comparison


def compared(left: Reading, word: Comparison, right: Reading) -> Reading:
    """A comparison."""
    if isinstance(left, NothingColumn) or isinstance(right, NothingColumn):
        return NOTHING
    if isinstance(left, Number) and isinstance(right, Number):
        return _compared(left, word, right)
    if isinstance(left, Truth) and isinstance(right, Truth):
        nothing = either(left.nothing, right.nothing)
        same = either(both(left.holds, right.holds), both(left.fails, right.fails))
        differ = either(both(left.holds, right.fails), both(left.fails, right.holds))
    else:
        nothing = some(each.nothing for each in (left, right) if isinstance(each, Word))
        same, differ = _words(left, right)
    return Truth(same, differ, nothing) if word == "equals" else Truth(differ, same, nothing)


def _compared(left: Number, word: Comparison, right: Number) -> Truth:
    nothing = either(left.nothing, right.nothing)
    match word:
        case "more_than" | "less_than":
            one, other = (left, right) if word == "more_than" else (right, left)
            return Truth(more(one.high, other.low), more(other.high, one.low, equal=True), nothing)
        case "at_least" | "at_most":
            one, other = (left, right) if word == "at_least" else (right, left)
            return Truth(more(one.high, other.low, equal=True), more(other.high, one.low), nothing)
    same = both(more(right.high, left.low, equal=True), more(left.high, right.low, equal=True))
    differ = either(more(left.high, right.low), more(right.high, left.low))
    return Truth(same, differ, nothing) if word == "equals" else Truth(differ, same, nothing)


def _words(left: Reading, right: Reading) -> tuple[Flag, Flag]:
    """Whether two words may be the same, and whether they may differ."""
    if isinstance(left, TextColumn) and isinstance(right, TextColumn):
        open_ = either(blank(left.values), blank(right.values))
        equal = filled(left.values == right.values, False)
        return either(open_, equal), either(open_, ~equal)
    if not isinstance(left, Word):
        left, right = right, left
    if not isinstance(left, Word):
        raise TypeError("only words compare with words")
    # A text that is not known may be any word; what it is otherwise is one.
    other = _as_word(right, left.words) if isinstance(right, TextColumn) else right
    if not isinstance(other, Word):
        raise TypeError("only words compare with words")
    return (
        some(both(left.may(each), other.may(each)) for each in left.words),
        some(both(left.may(each), other.other(each)) for each in left.words),
    )


def _as_word(text: TextColumn, words: tuple[str, ...]) -> Word:
    column = text.values
    return Word(words, lambda each: filled(column == each, True), lambda each: filled(column != each, True))


def decided(members: Sequence[Reading], *, deciding: bool) -> Truth:
    """`all` (false decides) or `any` (true decides) of conditions."""
    truths = [each if isinstance(each, Truth) else Truth(False, False, True) for each in members]
    sides = [(each.holds, each.fails) if deciding else (each.fails, each.holds) for each in truths]
    settled = some(
        both(both(yes, contrary(no)), contrary(each.nothing)) for (yes, no), each in zip(sides, truths, strict=True)
    )
    decide = some(yes for yes, _ in sides)
    leave = both(contrary(settled), every(no for _, no in sides))
    nothing = both(contrary(settled), some(each.nothing for each in truths))
    return Truth(decide, leave, nothing) if deciding else Truth(leave, decide, nothing)
