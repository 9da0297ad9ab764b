"""One cell of a submission, read as the value of one fact: text, words of a list, dates, numbers (numbers.py)."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from rules.pack.schema import Fact

Value: TypeAlias = str | bool | int | dt.date | tuple[str, ...]
Reader: TypeAlias = Callable[[object], Value | None]

MAX_CELL: Final = 200  # characters of a cell that is not free text
MAX_TEXT: Final = 2_000  # characters of free text where facts.yaml sets no max_length
_FIRST_DAY, _LAST_DAY = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
_EXACT_FLOAT: Final = 10**15

# Folded, so that - and -- are here as the empty word.
_BLANK_WORDS: Final = (
    "|—|——|–|/|\\|?|??|*|.|n/a|#n/a|na|null|nil|none|unknown|notknown|notgiven|tbd|tba|(blank)"
    "|未知|不详|不明|不清楚|不知道|不确定|未提供|未填|未填写|未登记|未说明|待补充|待核实|待定|暂缺|空|空白|缺失"
)
_BLANKS: Final = frozenset(_BLANK_WORDS.split("|"))
_NOTHING: Final = frozenset({"无", "没有", "none", "nothing", "[]"})
_YES: Final = ("true", "yes", "y", "t", "1", "是", "有", "对", "真", "√", "✓", "✔")
_NO: Final = ("false", "no", "n", "f", "0", "否", "无", "没有", "不是", "错", "假", "×", "✗")

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE = re.compile(
    r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]|(\d{4})(\d\d)(\d\d))"
    r"(?:(?:t|\s+)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?",
    re.ASCII,
)
_SEPARATORS = re.compile(r"[;,、|/\n]+")
_GAPS = re.compile(r"[\s_-]+")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class CellError(Exception):
    """Why a cell cannot be read, in both languages, worded to follow the fact's title."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


def fold(text: str) -> str:
    """A word as it is compared: width, case, blanks, hyphens and underscores make no difference."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text).casefold())


def is_blank(text: str) -> bool:
    """Whether a cell says no more than "not known"."""
    return len(text) <= MAX_CELL and fold(text) in _BLANKS


def shown(cell: object) -> tuple[str, str]:
    """A cell as an error quotes it, in Chinese and in English quotation marks."""
    text = "".join(letter if letter.isprintable() else " " for letter in _words_of(cell)[:31])
    text = text if len(text) <= 30 else text[:30] + "…"
    return f"“{text}”", f'"{text}"'


def _words_of(cell: object) -> str:
    # Python refuses to print whole numbers of more than 4,300 digits, and no cell means one.
    return "1e30" if isinstance(cell, int) and abs(cell) > 10**30 else str(cell)


def plain(cell: str) -> str:
    """A short cell in plain letters: half width, lower case, no blanks around."""
    if len(cell) > MAX_CELL:
        raise CellError(f"内容过长，最多 {MAX_CELL} 个字", f"is longer than {MAX_CELL} characters")
    return unicodedata.normalize("NFKC", cell).casefold().strip()


def text_reader(fact: Fact) -> Reader:
    """Free text, blanks around it removed."""
    longest = fact.max_length or MAX_TEXT

    def read(cell: object) -> str | None:
        text = _as_text(cell)
        if len(text) > longest:
            raise CellError(f"内容过长，最多 {longest} 个字", f"is longer than {longest} characters; shorten it")
        if _UNSTORABLE.search(text):
            raise CellError("含有无法保存的字符，请重新输入", "holds a character that cannot be stored; type it again")
        return None if is_blank(text) else text

    return read


def _as_text(cell: object) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        if not abs(cell) < _EXACT_FLOAT:
            raise CellError(
                "是过长的数字，表格已丢失末几位；请把该列设为文本后重新填写",
                "is a number too long for a spreadsheet, which has lost its last digits; format the column as text",
            )
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.date):
        return cell.isoformat()[:10]
    if isinstance(cell, list | tuple | set | dict | bytes):
        raise CellError("应是一段文字", "must be text")
    return _words_of(cell).strip()


def words(fact: Fact) -> dict[str, list[str]]:
    """Every folded word of an enum, bool or list fact with the values it stands for (one, in a sound pack)."""
    found: dict[str, list[str]] = {}
    for name, value in fact.values.items():
        for word in {fold(word) for word in (name, value.zh, value.en, *value.aliases)}:
            found.setdefault(word, []).append(name)
    return found


def enum_reader(fact: Fact) -> Reader:
    """One of the fact's values, by id, label or alias."""
    table = {word: names[0] for word, names in words(fact).items()}
    exact: Mapping[str, str] = {
        word: name for name, value in fact.values.items() for word in (*value.aliases, value.en, value.zh, name)
    }

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
        raise _not_a_value(cell, fact)

    return read


def _not_a_value(cell: object, fact: Fact) -> CellError:
    zh, en = shown(cell)
    labels = "、".join(value.zh for value in fact.values.values())
    return CellError(f"{zh}不在可选范围内，请填：{labels}", f"{en} is not a value; use one of {', '.join(fact.values)}")


def bool_reader(fact: Fact) -> Reader:
    """Yes or no, as a boolean, a number or a word."""
    table = {fold(word): answer for answer, known in ((True, _YES), (False, _NO)) for word in known}
    table |= {word: names[0] == "true" for word, names in words(fact).items()}

    def read(cell: object) -> bool | None:
        if isinstance(cell, bool):
            return cell
        word = fold(plain(_as_text(cell)))
        if word in table:
            return table[word]
        if word in _BLANKS:
            return None
        zh, en = shown(cell)
        raise CellError(f"{zh}不是是或否，请填“是”或“否”", f"{en} is neither yes nor no; write yes or no")

    return read


def list_reader(fact: Fact) -> Reader:
    """Any number of the fact's values; `none` alone is a list known to be empty."""
    one, table = enum_reader(fact), words(fact)

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


def read_date(cell: object) -> dt.date | None:
    """A calendar day between 1900 and 2100; a time of day after it is dropped."""
    if isinstance(cell, dt.datetime):
        day = cell.date()
    elif isinstance(cell, dt.date):
        day = cell
    else:
        text = cell if isinstance(cell, str) else _as_text(cell)
        found = _date_in(text, cell)
        if found is None:
            return None
        day = found
    if not _FIRST_DAY <= day <= _LAST_DAY:
        zh, en = shown(cell)
        raise CellError(f"{zh}不在 1900 年至 2100 年之间", f"{en} is not between 1900 and 2100")
    return day


def _date_in(text: str, cell: object) -> dt.date | None:
    zh, en = shown(cell)
    try:
        if _ISO.fullmatch(text):
            return dt.date.fromisoformat(text)
        text = plain(text)
        if match := _DATE.fullmatch(text):
            year, month, day = (int(part) for part in match.groups() if part and part not in "-/.")
            return dt.date(year, month, day)
    except ValueError:
        raise CellError(f"{zh}这一天不存在，请核对", f"{en} is no day of the calendar; check it") from None
    word = fold(text)
    # There is no date where somebody wrote "none": no auction, no request. That is no more than not known.
    if word in _BLANKS or word in _NOTHING:
        return None
    raise CellError(f"{zh}不是日期，请按 2026-03-31 的格式填写", f"{en} is not a date; write it like 2026-03-31")
