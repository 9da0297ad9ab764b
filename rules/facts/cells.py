"""One cell of a submission, read as the value of one fact: text, words of a list, dates, numbers (numbers.py)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from rules.facts.notation.codes import FIRST_OF_REMAINS, QUOTES, CodeError, code_reader, remains, unquoted
from rules.facts.notation.garbled import has_lost_letters, is_garbled
from rules.facts.notation.letters import clean, seen, with_signs_apart
from rules.facts.notation.personal import number_within
from rules.locale import listed, said
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Fact, Text

Value: TypeAlias = str | bool | int | dt.date | tuple[str, ...]
Reader: TypeAlias = Callable[[object], Value | None]

MAX_CELL: Final = 200  # characters of a cell that is not free text
LONGEST_NAME: Final = 24  # characters, folded, of a name that a shorter one may stand inside
MAX_TEXT: Final = 2_000  # characters of free text where facts.yaml sets no max_length
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
_EXACT_FLOAT: Final = 10**15
_NO_PARTS: Final = (-1, -1, -1)

_WORDS: Final = word_lists("cells")
_BLANKS: Final = frozenset[str](_WORDS["blank"])
_FIRST_OF_BLANKS: Final = frozenset(word[:1] for word in _BLANKS)
_NOTHING: Final = frozenset[str](_WORDS["nothing"])
_DITTO: Final = frozenset[str](_WORDS["ditto"])
_NO_NUMBER: Final = frozenset[str](_WORDS["no_number"])  # folded
_LONGEST_NO_NUMBER: Final = max(map(len, _NO_NUMBER))
_FIRST_OF_DITTO: Final = frozenset(first for word in _DITTO for first in (word[:1], word[:1].upper()))
_DAY: Final = _WORDS["date"]

_SERIAL: Final = re.compile(r"[2-6]\d{4}(?:\.\d+)?", re.ASCII)  # of the days from 1954 to 2091
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE = re.compile(
    r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})"
    rf"|(\d{{4}})\s*{_DAY['year']}\s*(\d{{1,2}})\s*{_DAY['month']}\s*(\d{{1,2}})\s*(?:{'|'.join(_DAY['day'])})"
    r"|(\d{4})(\d\d)(\d\d))"
    r"(?:(?:t|\s+)(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d(?:[.,]\d+)?)?"
    r"\s*(?P<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?(?:\[[a-z/_+0-9-]+\])?)?",
    re.ASCII,
)
_DENIALS: Final = tuple[str, ...](_WORDS["denied"])
_NOT_THAT: Final = tuple[str, ...](_WORDS["not_that"])
_SEPARATORS = re.compile(rf"[;,|/\n{''.join(_WORDS['list_separators'])}]+")
_GAPS = re.compile(r"[\s_-]+")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class CellError(Exception):
    """Why a cell cannot be read, in both languages, worded to follow the fact's title."""

    def __init__(self, key: str, **values: object) -> None:
        self.text = said(f"cell.{key}", **values)
        super().__init__(self.text.en)


def fold(text: str) -> str:
    """A word as it is compared: width, case, script, blanks, hyphens and underscores make no difference."""
    return _GAPS.sub("", clean(text).casefold())


def is_blank(text: str) -> bool:
    """Whether a cell says no more than "not known"."""
    return _may_be_blank(text[:1]) and len(text) <= MAX_CELL and fold(text) in _BLANKS


@lru_cache(maxsize=4096)
def _may_be_blank(letter: str) -> bool:
    """Whether a word for "not known" may begin so: most cells are none, at a glance."""
    return not letter.isalnum() or clean(letter).casefold()[:1] in _FIRST_OF_BLANKS


def shown(cell: object) -> Text:
    """A cell as an error quotes it, in Chinese and in English quotation marks."""
    text = "".join(letter if letter.isprintable() else " " for letter in _words_of(cell)[:31])
    text = text if len(text) <= 30 else text[:30] + "…"
    return said("cell.quoted", text=text)


def _words_of(cell: object) -> str:
    # Python refuses to print whole numbers of more than 4,300 digits, and no cell means one.
    return "1e30" if isinstance(cell, int) and abs(cell) > 10**30 else str(cell)


def plain(cell: str) -> str:
    """A short cell in plain letters: half width, simplified, lower case, no blanks or marks of text around."""
    if len(cell) > MAX_CELL:
        raise CellError("too_long", most=MAX_CELL)
    text = clean(with_signs_apart(cell)).casefold().strip()
    return unquoted(text) if text[:1] in QUOTES else text


def text_reader(fact: Fact) -> Reader:
    """Text that can be seen, blanks around it removed; a code (codes.py) on one line, letter by letter."""
    code = None if fact.code is None else code_reader(fact.code)

    def read(cell: object) -> str | None:
        text = _as_text(cell)
        if not text:
            return None
        if not text.isascii():
            text = seen(text).strip()
        if code is not None and text:
            text = _coded(code, text, cell)
            if _is_no_number(text) or (not fact.required and not text.strip("0")):
                return None  # noughts may be the reference of somebody, as of the first row of a data frame
        _refuse_text(fact, text)
        return None if is_blank(text) else text

    return read


def _refuse_text(fact: Fact, text: str) -> None:
    """Raise CellError for a text that is none of this fact, by the cause."""
    longest, is_name = fact.max_length or MAX_TEXT, fact.code is None and not fact.free
    if len(text) > longest:
        raise CellError("text_too_long", most=longest)
    if not text.isprintable() and _UNSTORABLE.search(text):
        raise CellError("unstorable")
    if is_garbled(text) or (is_name and has_lost_letters(text)):
        raise CellError("garbled")
    if text[:1] in FIRST_OF_REMAINS and (left := remains(text, words=True)):
        raise CellError(left, cell=shown(text))
    if text[:1] in _FIRST_OF_DITTO and len(text) <= MAX_CELL and fold(text) in _DITTO:
        raise CellError("ditto", cell=shown(text))
    if fact.code is None and not fact.private and (found := number_within(text)) is not None:
        raise CellError(f"personal_{found}")


def _is_no_number(code: str) -> bool:
    """Whether a number of somebody is a word for none: what all have in common ties nobody, and is no reference."""
    return len(code) <= _LONGEST_NO_NUMBER and fold(code) in _NO_NUMBER


def _coded(code: Callable[[str], str], text: str, cell: object) -> str:
    if isinstance(cell, bool | dt.date):
        raise CellError("turned", cell=shown(cell))
    try:
        return code(text)
    except CodeError as error:
        raise CellError(error.key, cell=shown(text)) from None


def by_cause(read: Reader) -> Reader:
    """The reader, told of what a spreadsheet left in a cell rather than of what that is not."""

    def read_or_tell(cell: object) -> Value | None:
        try:
            return read(cell)
        except CellError:
            if isinstance(cell, str) and (left := remains(cell.strip())):
                raise CellError(left, cell=shown(cell)) from None
            raise

    return read_or_tell


def _as_text(cell: object) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        if not abs(cell) < _EXACT_FLOAT:
            raise CellError("digits_lost")
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.date):
        return cell.isoformat()[:10]
    if isinstance(cell, list | tuple | set | dict | bytes):
        raise CellError("not_text")
    return _words_of(cell).strip()


def words_of_values(fact: Fact) -> dict[str, list[str]]:
    """Every folded word of an enum, bool or list fact with the values it stands for (one, in a sound pack)."""
    found: dict[str, list[str]] = {}
    for name, value in fact.values.items():
        for word in {fold(word) for word in (name, value.zh, value.en, *value.aliases, *value.brands)}:
            found.setdefault(word, []).append(name)
    return found


def enum_reader(fact: Fact) -> Reader:
    """One of the fact's values, by id, label or alias."""
    table = {word: names[0] for word, names in words_of_values(fact).items()}
    exact: Mapping[str, str] = {
        word: name
        for name, value in fact.values.items()
        for word in (*value.brands, *value.aliases, value.en, value.zh, name)
    }

    brands, common = _words_inside(fact)

    def read(cell: object) -> str | None:
        if isinstance(cell, str):
            if cell in exact:
                return exact[cell]
            word = fold(plain(cell))
        else:
            word = fold(plain(_as_text(cell)))
        if word in table:
            return table[word]
        if word in _BLANKS:
            return None
        meant = _meant(word, brands) or _meant(word, common)
        if len(meant) == 1:
            return meant.pop()
        raise _not_a_value(cell, word, fact, table, meant)

    return read


def _words_inside(fact: Fact) -> tuple[dict[str, str], dict[str, str]]:
    """The words that mean a value also inside a longer name, brands and others; none where no value has a brand."""
    brands = {fold(word): name for name, value in fact.values.items() for word in value.brands}
    if not brands:
        return {}, {}
    words = ((word, name) for name, value in fact.values.items() for word in (value.zh, *value.aliases))
    return brands, {fold(word): name for word, name in words if len(word) > 1 and not word.isascii()}


def _meant(word: str, inside: Mapping[str, str]) -> set[str]:
    """The values whose words stand in a name, none of them inside a longer one; none where something is denied."""
    if len(word) > LONGEST_NAME or any(each in word for each in _NOT_THAT):
        return set()
    places = [
        (found.start(), found.end(), name)
        for known, name in inside.items()
        for found in re.finditer(re.escape(known), word)
    ]
    if any(word[:start].endswith(_DENIALS) for start, _, _ in places):
        return set()
    return {
        name
        for start, end, name in places
        if not any(first <= start and end <= last and last - first > end - start for first, last, _ in places)
    }


def _not_a_value(cell: object, word: str, fact: Fact, table: Mapping[str, str], meant: set[str]) -> CellError:
    """The refusal: the values or, where there are many, the nearest, and how to find the right one."""
    if fact.hint is None:
        return CellError("not_a_value", cell=shown(cell), values=listed(_labels(fact, fact.values)))
    near = sorted(meant) or [table[known] for known in get_close_matches(word[:LONGEST_NAME], table, n=6, cutoff=0.34)]
    names = list(dict.fromkeys(near))[:3]
    if not names:
        return CellError("not_a_kind", cell=shown(cell), hint=fact.hint, values=listed(_labels(fact, fact.values)))
    return CellError("not_a_kind_but_near", cell=shown(cell), hint=fact.hint, near=listed(_labels(fact, names)))


def _labels(fact: Fact, names: Iterable[str]) -> list[Text]:
    return [Text(zh=fact.values[name].zh, en=name) for name in names]


def bool_reader(fact: Fact) -> Reader:
    """Yes or no, as a boolean, a number or a word."""
    table = {fold(word): answer for answer, known in ((True, "yes"), (False, "no")) for word in _WORDS[known]}
    table |= {word: names[0] == "true" for word, names in words_of_values(fact).items()}

    def read(cell: object) -> bool | None:
        if isinstance(cell, bool):
            return cell
        word = fold(plain(_as_text(cell)))
        if word in table:
            return table[word]
        if word in _BLANKS:
            return None
        raise CellError("not_yes_or_no", cell=shown(cell))

    return read


def list_reader(fact: Fact) -> Reader:
    """Any number of the fact's values; `none` alone is a list known to be empty."""
    one, table = enum_reader(fact), words_of_values(fact)

    def read(cell: object) -> tuple[str, ...] | None:
        if isinstance(cell, list | tuple | set | frozenset):
            items: list[object] = list(cell)
            if not items:
                return ()
        else:
            text = plain(_as_text(cell))
            word = fold(text)
            if word in table:
                return (table[word][0],)
            if word in _NOTHING:
                return ()
            items = [] if word in _BLANKS else list(_SEPARATORS.split(text))
        found = {value for value in map(one, items) if isinstance(value, str)}
        return tuple(sorted(found)) if found else None

    return read


def parts_of_day(cell: object) -> tuple[int, int, int]:
    """Year, month and day as a cell has them, be they a day or none; less than any where it has none."""
    if isinstance(cell, dt.date):
        return cell.year, cell.month, cell.day
    match = _DATE.fullmatch(plain(cell)) if isinstance(cell, str) and len(cell) <= MAX_CELL else None
    if match is None:
        return _NO_PARTS
    year, month, day = (int(part) for part in match.groups()[:10] if part and part not in "-/.")
    return year, month, day


def date_reader(timezone: str) -> Reader:
    """A day where the pack's law applies; a moment of another zone is the day that it is there."""
    zone = ZoneInfo(timezone)
    return lambda cell: read_date(cell, zone)


def read_date(cell: object, zone: dt.tzinfo = dt.UTC) -> dt.date | None:
    """A calendar day between 1900 and 2100; a time of day after it is dropped."""
    if isinstance(cell, dt.datetime):
        day = (cell if cell.tzinfo is None else cell.astimezone(zone)).date()
    elif isinstance(cell, dt.date):
        day = cell
    else:
        text = cell if isinstance(cell, str) else _as_text(cell)
        found = _date_in(text, cell, zone)
        if found is None:
            return None
        day = found
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CellError("not_between_years", cell=shown(cell))
    return day


def _date_in(text: str, cell: object, zone: dt.tzinfo) -> dt.date | None:
    try:
        if _ISO.fullmatch(text):
            return dt.date.fromisoformat(text)
        text = plain(text)
        if match := _DATE.fullmatch(text):
            year, month, day = (int(part) for part in match.groups()[:10] if part and part not in "-/.")
            return _in_zone(dt.date(year, month, day), match, zone)
    except (ValueError, OverflowError):
        raise CellError("no_such_day", cell=shown(cell)) from None
    word = fold(text)
    # There is no date where somebody wrote "none": no auction, no request. That is no more than not known.
    if word in _BLANKS or word in _NOTHING:
        return None
    raise CellError("serial_day" if _SERIAL.fullmatch(text) else "not_a_date", cell=shown(cell))


def _in_zone(day: dt.date, match: re.Match[str], zone: dt.tzinfo) -> dt.date:
    """The day that a moment is in the zone; without a zone of its own it is that of the file, and so its day."""
    if match["zone"] is None:
        return day
    digits = re.sub(r"\D", "", match["zone"]).ljust(4, "0")
    offset = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    own = dt.timezone(-offset if match["zone"][0] == "-" else offset)
    moment = dt.datetime.combine(day, dt.time(int(match["hour"]), int(match["minute"])), own)
    return moment.astimezone(zone).date()
