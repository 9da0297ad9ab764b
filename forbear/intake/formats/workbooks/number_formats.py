"""Number formats: a number with the unit, the zeros and the words that its sheet shows it with."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from forbear.intake.source import number_cell
from rules.facts.notation.units import read_marks

Shown: TypeAlias = Callable[[float], object]
Hides: TypeAlias = Callable[[float | None], bool]  # of a number, None for a text

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.)|[_*].|\[(?P<bracket>[^\]]*)\]|(?P<general>general|G/\w{4})'
    r"|(?P<digit>[0#?])|(?P<sign>[.,%@/])|(?P<exponent>E[+-])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_SECTION = re.compile(r'((?:"[^"]*"?|[\\!_*].|\[[^\]]*\]|[^;])*);?', re.DOTALL)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_NO_DIGITS = re.compile(r'"[^"]*"?|[\\!_*].|\[[^\]]*\]', re.DOTALL)  # what a format shows as it stands, colours, places
_CURRENCIES = {  # of a place, where the sign beside a number may be that of several: ¥ is yen in Japan
    "411": "JPY",
    "ja-jp": "JPY",
    "404": "TWD",
    "zh-tw": "TWD",
    "c04": "HKD",
    "zh-hk": "HKD",
    "1404": "MOP",
    "zh-mo": "MOP",
}
_AROUND = " \t\u3000\xa0¥￥()（）"  # a number, and these say nothing of its scale
EXACT = 1e15  # up to which a float keeps every digit
_NUMBER = re.compile(r"([^\d.,]*)(\d[\d.,'’\s]*\d|\d)([^\d.,]*)", re.DOTALL)
_FIGURES = re.compile(r"\d+(\.\d+)?", re.ASCII)
_COMMAS = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", re.ASCII)
_POINTS = re.compile(r"(\d{1,3}(\.\d{3})+|\d+)(,\d+)?", re.ASCII)
_MOST = 255  # letters of a format, in Excel
_OF_TEXT = 3  # the parts before the fourth, which is for text
_SCALES = (0, 3, 4, 6, 8, 9)  # thousands, ten thousands, millions, …


@dataclass(frozen=True)
class _Section:
    """One part of a format, for numbers of one sign or that meet a condition."""

    before: str = ""
    after: str = ""
    places: tuple[str, ...] = ()  # digits, and what stands between them
    zeros: int = 0  # least digits before the point
    shift: int = 0  # by how many powers of ten less is shown than there is
    percents: int = 0
    digits: bool = False
    condition: tuple[str, Decimal] | None = None
    nought: bool = True  # whether digits are shown of a nought, too

    def meets(self, value: Decimal) -> bool | None:
        """Whether the section's own condition holds; None where it has none."""
        if self.condition is None:
            return None
        sign, limit = self.condition
        return {
            "<": value < limit,
            "<=": value <= limit,
            ">": value > limit,
            ">=": value >= limit,
            "=": value == limit,
            "<>": value != limit,
        }[sign]

    def hides(self, value: Decimal) -> bool:
        """Whether nothing is shown of a number."""
        words = (self.before + self.after).strip()
        return not words and (not self.digits or (value == 0 and not self.nought))

    def show(self, value: Decimal) -> str | None:
        """The number as the sheet has it, with all its digits; None where it is no more than the number."""
        before, after = words_beside(self.before), _words_behind(self.after)
        if not self.digits:
            return before or None
        number = _plain(abs(value).scaleb(2 * self.percents - self.shift))
        if self.zeros > 1 or self.places:
            number = self._masked(number)
        if self.shift and not (before or after):
            number = f"{number}×{10**self.shift}"  # thousands, and nothing says so: nobody may take it for ones
        elif self.shift and _is_other_number(number, after, abs(value)):
            after = f"{after}≠{_plain(value)}"  # 12000 shown as 12万: nobody knows which of them is meant
        whole = f"{before}{'-' if value < 0 else ''}{number}{after}{'%' * self.percents}"
        return whole if whole != _plain(value) else None

    def _masked(self, number: str) -> str:
        """The digits in their places, with leading zeros and what stands between."""
        if not number.isdigit():
            return number
        digits = list(number.zfill(self.zeros))
        shown = [digits.pop() if place == "0" else place[1:] for place in reversed(self.places) if digits]
        return "".join([*digits, *reversed(shown)])


def _is_other_number(number: str, words: str, value: Decimal) -> bool:
    """Whether a number that is shown in thousands is another by the words behind it."""
    marks = read_marks(words, digits=False) if words and _FIGURES.fullmatch(number) else None
    return marks is not None and bool(marks.power) and Decimal(number).scaleb(marks.power) != value


def shows_no_day(code: str) -> bool:
    """Whether a format of dates shows the year and no day, as what was typed without one is shown."""
    letters = without_words(code)
    return not {"y", "e"}.isdisjoint(letters) and "d" not in letters


def without_words(code: str) -> str:
    """A format without what it shows as it stands, and without colours and places: the first of its parts."""
    return _NO_DIGITS.sub("", code).partition(";")[0].casefold()


def shown_by(code: str) -> Shown:
    """How numbers in a format are read: as plain numbers, or as text where the format says more than the number."""
    return _shown_by(code) if len(code) <= _MOST else number_cell


def hider(code: str) -> Hides | None:
    """Whether a format shows nothing of a number, or of a text; None where it always shows something."""
    parts = _parts(code) if len(code) <= _MOST else []
    sections = [_section(part) for part in parts[:_OF_TEXT]]
    text = len(parts) > _OF_TEXT and not parts[_OF_TEXT].strip()
    if not text and not any(each.hides(Decimal(0)) for each in sections):
        return None

    def hides(value: float | None) -> bool:
        if value is None:
            return text
        return bool(sections) and _chosen(sections, Decimal(f"{value:.15g}")).hides(Decimal(f"{value:.15g}"))

    return hides


def _parts(code: str) -> list[str]:
    parts: list[str] = _SECTION.findall(code)
    return parts if code.endswith(";") else parts[:-1]


@lru_cache(1000)
def _shown_by(code: str) -> Shown:
    sections = [_section(part) for part in _parts(code)[:_OF_TEXT]]
    if not sections or all(_says_nothing(section) for section in sections):
        return number_cell

    def show(value: float) -> object:
        if not abs(value) < EXACT:
            return number_cell(value)
        exact = Decimal(f"{value:.15g}")
        text = _chosen(sections, exact).show(exact)
        return number_cell(value) if text is None else text

    return show


def _says_nothing(section: _Section) -> bool:
    words = words_beside(section.before) or _words_behind(section.after)
    return not (words or section.shift or section.percents or section.zeros > 1 or section.places)


def words_beside(literal: str) -> str:
    """What is written beside a number, unless it says nothing of it."""
    text = literal.strip(_AROUND)
    return "" if all(sign in "+-" for sign in text) else text


def _words_behind(literal: str) -> str:
    """What is written behind a number: a plus there says "and more", where before one it says nothing."""
    return literal.strip(_AROUND) if "+" in literal else words_beside(literal)


def _chosen(sections: list[_Section], value: Decimal) -> _Section:
    if any(section.condition for section in sections):
        for section in sections:
            if section.meets(value) or (section.condition is None and section is sections[-1]):
                return section
        return next((section for section in sections if section.condition is None), _Section())
    at = 1 if value < 0 else 2 if value == 0 else 0
    return sections[at] if at < len(sections) else sections[0]


class _SectionReader:
    """Reads one part of a format, sign by sign."""

    def __init__(self) -> None:
        self.before, self.after = "", ""  # the digits
        self.places: list[str] = []
        self.zeros = self.percents = self.commas = self.drawn = 0
        self.digits = self.plain = self.point = self.nought = False
        self.condition: tuple[str, Decimal] | None = None

    def sign(self, match: re.Match[str]) -> None:
        """Take in the next sign."""
        if match["bracket"] is not None:
            self._bracket(match["bracket"])
        elif match["general"] or match["exponent"] or match["sign"] in ("/", "@"):
            self.digits = self.plain = True
        elif match["digit"]:
            self.nought = self.nought or match["digit"] == "0"
            self._digit(match["digit"])
        elif match["sign"]:
            self.point = self.point or match["sign"] == "."
            self.commas += match["sign"] == "," and self.digits
            self.percents += match["sign"] == "%"
        else:
            self._literal(match["quoted"] or match["escaped"] or match["other"] or "")

    def _bracket(self, text: str) -> None:
        """A condition, a currency, or a colour or script, which say nothing of the number."""
        if found := _CONDITION.fullmatch(text.strip()):
            self.condition = (found[1], Decimal(found[2]))
        elif text.startswith("$"):
            sign, _, place = text[1:].partition("-")
            self._literal(_currency(sign, place.casefold()))

    def _literal(self, text: str) -> None:
        if self.digits:
            self.after += text
        else:
            self.before += text

    def _digit(self, digit: str) -> None:
        between, self.after = self.after, ""
        self.digits, self.commas = True, 0
        if self.point:
            return
        if self.drawn or between == ".":  # 0\\.0,万: the point is drawn between digits of ten thousands
            self.drawn += 1
            return
        if between:
            self.places.append(f"-{between}")
        self.places.append("0")
        self.zeros += digit == "0"

    def section(self) -> _Section:
        """What was read."""
        if self.plain:
            return _Section(self.before, self.after, digits=True, condition=self.condition)
        return _Section(
            self.before,
            self.after,
            tuple(self.places) if any(place != "0" for place in self.places) else (),
            self.zeros,
            3 * self.commas + self.drawn,
            self.percents,
            self.digits,
            self.condition,
            self.nought,
        )


def _currency(sign: str, place: str) -> str:
    """What is said by a currency's sign of a place: that, or the currency where the sign leaves it open."""
    return _CURRENCIES.get(place if "-" in place else place[-4:].lstrip("0"), sign) if sign.strip() else sign


def _section(part: str) -> _Section:
    reader = _SectionReader()
    for match in _TOKEN.finditer(part):
        reader.sign(match)
    return reader.section()


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def unmasked(shown: str, value: float) -> str | None:
    """A number as its sheet shows it, by the text alone: with what stands beside it, in the scale that it is shown in.

    None where it is no more than the number. What is between the digits is left to the language of whoever saved it.
    """
    match = _NUMBER.fullmatch(shown.strip())
    if match is None:
        digits = re.sub(r"\D", "", shown)
        return shown.strip() if digits and value.is_integer() and digits.lstrip("0") == str(int(abs(value))) else None
    before, number, after = match.groups()
    before, after, exact = words_beside(before), _words_behind(after), Decimal(f"{value:.15g}")
    if value < 0:
        before = before.rstrip("-−")
    if number.isdigit() and len(number) > 1 and number[0] == "0" and int(number) == abs(value):
        return f"{before}{'-' if value < 0 else ''}{number}{after}"
    shift = _scale(number, abs(exact))
    if not (before or after):
        return f"{_plain(exact.scaleb(-shift))}×{10**shift}" if shift else None
    if shift and _is_other_number(_plain(abs(exact).scaleb(-shift)), after, abs(exact)):
        after = f"{after}≠{_plain(exact)}"
    return f"{before}{_plain(exact.scaleb(-shift))}{after}"


def _scale(number: str, value: Decimal) -> int:
    """By how many powers of ten a shown number is less than the value; 0 too where it is another number altogether."""
    bare = re.sub(r"[\s’']", "", number)
    readings = [bare.replace(",", "")] if _COMMAS.fullmatch(bare) else []
    if _POINTS.fullmatch(bare):
        readings.append(bare.replace(".", "").replace(",", "."))
    for shift in _SCALES:
        for reading in readings:
            places = len(reading.partition(".")[2])
            if abs(value.scaleb(-shift) - Decimal(reading)) <= Decimal(1).scaleb(-places):
                return shift
    return 0
