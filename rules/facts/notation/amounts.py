"""Written numbers: 12,000.50, (1,234.50), 1.2万, 1万2, 壹万元整, 12.5k, 18‰, read exactly or refused by their cause.

A number is its digits, the words of a unit before and behind it (units.py), and a sign. Nothing is guessed: what says
"about", "from … to" or "at least", and what a spreadsheet has rounded for show (1.2E+04), is no number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Final

from rules.facts.notation.units import SPANS, Marks, read_marks
from rules.locale.word_lists import word_lists

_WORDS: Final = word_lists("numerals")
_DIGITS: Final[dict[str, int]] = _WORDS["digits"]
_SMALL: Final[dict[str, int]] = _WORDS["small"]
_BIG: Final[dict[str, int]] = _WORDS["big"]
_NOUGHT: Final = "".join(_WORDS["nought"])
_LETTERS: Final = "".join((*_DIGITS, *_SMALL, *_BIG, _NOUGHT))
_ARABIC: Final = r"[1-9]\d{0,2}(?:(?:,\d{3})+|(?:'\d{3})+)(?:\.\d+)?|\d+(?:\.\d+)?"
_TOKEN: Final = re.compile(rf"({_ARABIC})|([{_LETTERS}])", re.ASCII)
_CORE: Final = rf"(?:{_ARABIC})(?:[{_LETTERS}]|\d)*|[{_LETTERS}][{_LETTERS}\d]*"
_NUMBER: Final = re.compile(
    rf"(?P<before>[^\d{_LETTERS}+-]*(?:{'|'.join(_WORDS['parts_of'])})?)\s*(?P<sign>[+-]?)\s*(?P<core>{_CORE})\s*(?P<after>.*?)\s*(?P<minus>-?)",
    re.ASCII,
)
_COINS: Final = re.compile(
    rf"(?P<whole>.*[{''.join(_WORDS['whole'])}])(?:(?P<jiao>[\d{_LETTERS}])[{''.join(_WORDS['tenth'])}])?[{_NOUGHT}]?"
    rf"(?:(?P<fen>[\d{_LETTERS}])[{''.join(_WORDS['hundredth'])}])?",
)
SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", re.ASCII | re.IGNORECASE)
_INEXACT: Final = re.compile(
    rf"[~<>≥≤≈±]|\+\s*\D*$|\d\s*[-–—{''.join(_WORDS['up_to'])}]\s*\d|{'|'.join(map(re.escape, _WORDS['inexact']))}",
    re.IGNORECASE,
)
_OPEN: Final = re.compile(r"[+?~*…]")  # behind a number: and more, or not sure
EXACT: Final = Context(prec=400)  # more digits than any cell has: nothing is ever rounded
LONGEST: Final = 40  # characters of a written number


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as it is written, in the unit that it says, or in that of its column."""

    value: Decimal
    marks: Marks | None = None  # what stands before and behind it; None for nothing
    power: int = 0  # of ten, said behind it
    scaled: bool = False  # whether it says itself in what it is


def read_amount(text: str) -> Amount | None:
    """The number that a plain cell is (cells.plain); None where it is none, or not one exact number."""
    if text.isascii() and text.isdigit():
        return Amount(Decimal(text))
    if len(text) > LONGEST:
        return None
    text = text.replace("−", "-").replace("’", "'")
    bracketed = text[:1] == "(" and text[-1:] == ")"
    if bracketed or (text[:1] == "-" and not text[1:2].isdigit()):
        inner = read_amount(text[1:-1].strip() if bracketed else text[1:].strip())
        return None if inner is None or inner.value < 0 else _negative(inner)
    return _with_coins(text) or _amount(text)


def is_inexact(text: str) -> bool:
    """Whether a text says of a number that it is about so much, between two, or at least."""
    return bool(_INEXACT.search(text)) and any(letter.isdigit() or letter in _LETTERS for letter in text)


def _negative(amount: Amount) -> Amount:
    return Amount(EXACT.minus(amount.value), amount.marks, amount.power, amount.scaled)


def _amount(text: str) -> Amount | None:
    found = _NUMBER.fullmatch(text)
    if found is None or (found["sign"] and found["minus"]):
        return None
    core = _value(found["core"])
    before, after = found["before"].strip(), found["after"]
    front, behind = _marks(before), _marks(after)
    if after.count("%") > 1 or _OPEN.search(after):
        return None
    if core is None or front is None or behind is None or front.power or "about" in front.kinds | behind.kinds:
        return None
    value, worded = core
    if worded and behind.power:  # 1.2万k
        return None
    marks = Marks(front.kinds | behind.kinds, behind.power, front.foreign or behind.foreign)
    scaled = worded or not behind.kinds <= _UNSCALED or not front.kinds.isdisjoint(_PARTS_OF)
    amount = Amount(value, marks if marks.kinds else None, behind.power, scaled)
    return _negative(amount) if "-" in (found["sign"], found["minus"]) else amount


_UNSCALED: Final = frozenset(("filler", "harmless", *SPANS))
_PARTS_OF: Final = frozenset(("percent", "permille", "basis_points"))
_NOTHING: Final = Marks(frozenset())


def _marks(words: str) -> Marks | None:
    return read_marks(words, digits=False) if words else _NOTHING


def _with_coins(text: str) -> Amount | None:
    """12元5角, 壹万贰仟元陆角柒分."""
    found = _COINS.fullmatch(text)
    if found is None or not (found["jiao"] or found["fen"]):
        return None
    whole = _amount(found["whole"])
    parts = [0 if found[name] is None else _digit(found[name]) for name in ("jiao", "fen")]
    if whole is None or whole.power or whole.value != whole.value.to_integral_value() or None in parts:
        return None
    cents = Decimal(10 * (parts[0] or 0) + (parts[1] or 0)).scaleb(-2)
    return Amount(whole.value - cents if whole.value < 0 else whole.value + cents, whole.marks, 0, scaled=True)


def _digit(letter: str) -> int | None:
    return int(letter) if letter.isdigit() else _DIGITS.get(letter)


def _value(core: str) -> tuple[Decimal, bool] | None:
    """The number that digits and number words are, and whether words say how many times ten."""
    tokens = [(found[1], found[2]) for found in _TOKEN.finditer(core)]
    if "".join(number or word for number, word in tokens) != core:
        return None
    return _Numeral().read(tokens)


class _Numeral:
    """A numeral read word by word: what is counted so far, the section below 万, and the number in hand."""

    def __init__(self) -> None:
        self.total = self.section = Decimal(0)
        self.hand: Decimal | None = None
        self.digits = ""  # those of the number in hand
        self.last: int | None = None  # the power that was read last; None after a nought or at the beginning
        self.small, self.big = 4, 99  # the least powers so far: 千 before 百, 亿 before 万
        self.worded = self.broken = False  # it has words for powers; a point, after which nothing but these may come

    def read(self, tokens: list[tuple[str, str]]) -> tuple[Decimal, bool] | None:
        """The number, and whether words say how many times ten; None where it is none."""
        for place, (number, word) in enumerate(tokens):
            if not (self._number(number) if number else self._word(word, first=place == 0)):
                return None
        rest = self._rest()
        return None if rest is None else (EXACT.add(EXACT.add(self.total, self.section), rest), self.worded)

    def _number(self, number: str) -> bool:
        if self.hand is not None or self.broken or (self.worded and not number.isdigit()):
            return False
        self.hand, self.digits, self.broken = Decimal(number.replace(",", "").replace("'", "")), number, "." in number
        return True

    def _word(self, word: str, *, first: bool) -> bool:
        if word in _SMALL:
            return self._small(_SMALL[word])
        if word in _BIG:
            return self._big(_BIG[word])
        if self.hand is not None or self.broken:
            return False
        if word in _DIGITS or first:
            self.hand, self.digits = Decimal(_DIGITS.get(word, 0)), word
        self.last = self.last if word in _DIGITS else None
        return True

    def _small(self, power: int) -> bool:
        if self.hand is None and power == 1 and not self.section and not self.broken:
            self.hand = Decimal(1)  # 十五
        if self.hand is None or power >= self.small:
            return False
        self.section = EXACT.add(self.section, EXACT.scaleb(self.hand, power))
        self.hand, self.last, self.small, self.worded = None, power, power, True
        return True

    def _big(self, power: int) -> bool:
        section = EXACT.add(self.section, self.hand or 0)
        if power >= self.big or (self.hand is None and not self.section):
            return False
        self.total = EXACT.add(self.total, EXACT.scaleb(section, power))
        self.section, self.hand, self.last, self.small = Decimal(0), None, power, 4
        self.big, self.worded = power, True
        return True

    def _rest(self) -> Decimal | None:
        """The number behind the last word: 一万二 is 12,000, 1万2345 is 12,345, 一万零二 is 10,002."""
        if self.hand is None:
            return Decimal(0) if self.worded else None
        if self.last is None:
            return self.hand
        if len(self.digits) == 1:
            return EXACT.scaleb(self.hand, self.last - 1)
        return self.hand if len(self.digits) == self.last else None
