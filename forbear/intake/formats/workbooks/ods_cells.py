"""The cells of an OpenDocument row: what each is meant to hold, by its type or as it is shown."""

import datetime as dt
import re
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lxml import etree

from forbear.intake.formats.formula_injection import restore
from forbear.intake.formats.workbooks.beside.struck import PartlyStruck, part_known
from forbear.intake.formats.workbooks.number_formats import EXACT, unmasked, words_beside
from forbear.intake.source import MAX_CELL, Unread, number_cell, number_text, plain_date
from forbear.locale import said

_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns"
NAMES = {each: f"{_NAMESPACE}:{each}:1.0" for each in ("office", "table", "text", "style", "manifest", "drawing")}
OFFICE, TABLE, TEXT, STYLE, MANIFEST, DRAWING = (f"{{{name}}}" for name in NAMES.values())
CELL = f"{TABLE}table-cell"
_COVERED = f"{TABLE}covered-table-cell"  # by a merged one: people do not see it
PARAGRAPH, SPACES, COUNT, TAB = f"{TEXT}p", f"{TEXT}s", f"{TEXT}c", f"{TEXT}tab"
KIND, VALUE = f"{OFFICE}value-type", f"{OFFICE}value"
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_SHOWN_ERRORS = ("#", "Err:")  # how a formula without a result is shown; its value is 0 in files of older programs
_UNCALCULATED, _NO_DAY = said("unread.uncalculated"), said("unread.no_day")

_MAX_COLUMNS = 16_384  # of a sheet, in Excel and LibreOffice
_MAX_ROWS = 1_048_576
_ESCAPED = re.compile("_x([0-9A-F]{4})_")
_DIGITS = re.compile(r"\d+", re.ASCII)
_MONTH_IN_LETTERS = re.compile("[a-z]{3}", re.ASCII | re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n]+")


def times_of(element: Any, what: str) -> int:
    times = int(element.get(f"{TABLE}number-{what}-repeated", "1"))
    if times < 1:
        raise ValueError
    return times


@dataclass(frozen=True)
class RowCells:
    """The cells of a row, and by their positions what is beside the value of each."""

    cells: list[object]
    rows: list[tuple[int, int]]  # which of them cover how many rows
    columns: list[tuple[int, int]]  # the first and the last of cells that are one, sideways
    struck: list[int]
    comments: dict[int, str]
    rules: dict[int, str]  # the names of what may be typed into them
    ruled: dict[int, str]  # the styles that may strike them out by a rule
    boxes: list[str]  # what stands in text boxes that hang on them
    unseen: list[int]  # of which nothing is shown


def cells_of(
    row: Any,
    struck: Container[str | None],
    ruled: Container[str | None] = (),
    hides: Callable[[str | None, object], bool] = lambda _style, _cell: False,
) -> RowCells:
    """The cells of a row, by the styles of those that are struck out, may be by a rule, or cannot be seen."""
    found = RowCells([], [], [], [], {}, {}, {}, [], [])
    cells = found.cells
    own = row.get(f"{TABLE}default-cell-style-name")
    at = 0
    for cell in row.iterchildren(CELL, _COVERED):
        times = times_of(cell, "columns")
        if comment := _comment(cell):
            found.comments[at] = comment
        _keep_beside(found, cell, at, times)
        value = None if cell.tag == _COVERED else _value(cell)
        at += times
        if value is None or value == "":
            continue
        if at > _MAX_COLUMNS:
            raise ValueError
        first = at - times
        cells += [None] * (first - len(cells))
        if (rows := _spanned(cell, "rows", _MAX_ROWS)) > 1:
            found.rows.append((first, rows))
        if (columns := _spanned(cell, "columns", _MAX_COLUMNS)) > 1:
            found.columns.append((first, first + columns - 1))
        style = cell.get(f"{TABLE}style-name", own)
        places = range(first, at)
        found.ruled.update(dict.fromkeys(places, style) if style in ruled else {})
        found.unseen.extend(places if hides(style, value) or _shows_nothing(cell) else ())
        found.struck.extend(places if style in struck else ())
        if style not in struck and isinstance(value, str) and _is_partly_struck(cell, struck):
            value = part_known(PartlyStruck(value))
        cells += [value] * times
    return found


def _shows_nothing(cell: Any) -> bool:
    """Whether a number is shown as a blank; programs that write no text at all leave that to the reader."""
    return cell.get(VALUE) is not None and next(cell.iterchildren(PARAGRAPH), None) is not None and not _shown(cell)


def _keep_beside(found: RowCells, cell: Any, at: int, times: int) -> None:
    if (rule := cell.get(f"{TABLE}content-validation-name")) is not None:
        found.rules.update(dict.fromkeys(range(at, min(at + times, _MAX_COLUMNS)), rule))
    found.boxes.extend(paragraphs_in(each) for each in cell if _is_drawn(each))


def _is_drawn(element: Any) -> bool:
    """Whether an element is a text box or another shape."""
    return isinstance(element.tag, str) and element.tag.startswith(DRAWING)


def paragraphs_in(element: Any) -> str:
    """The text of all paragraphs inside, a line each."""
    return "\n".join(filter(None, (text_of(each).strip() for each in element.iter(PARAGRAPH))))


def _is_partly_struck(cell: Any, struck: Container[str | None]) -> bool:
    spans = (each for line in cell.iterchildren(PARAGRAPH) for each in line.iter(f"{TEXT}span"))
    return any(each.get(f"{TEXT}style-name") in struck for each in spans)


def _spanned(cell: Any, what: str, most: int) -> int:
    return min(int(cell.get(f"{TABLE}number-{what}-spanned", "1")), most)


def _value(cell: Any) -> object:
    """The value of a cell. A formula gives the value it last had; one that was never calculated gives none."""
    kind, formula = cell.get(KIND), cell.get(f"{TABLE}formula")
    failed = cell.get(_ERROR) == "error"
    if failed or (formula is not None and _shown(cell).startswith(_SHOWN_ERRORS)):
        return _shown(cell)
    if kind == "string" and (text := cell.get(f"{OFFICE}string-value")) is not None:
        return _restored(text)
    with suppress(ValueError, OverflowError, TypeError, KeyError):  # what is not what it says is taken as it is shown
        if kind in ("float", "percentage", "currency"):
            return _number(kind, float(cell.get(VALUE)), cell.get(f"{OFFICE}currency"), _shown(cell))
        if kind == "date":
            day = plain_date(dt.datetime.fromisoformat(cell.get(f"{OFFICE}date-value")))
            return day if _shows_its_day(_shown(cell), day) else Unread(day.isoformat()[:7], _NO_DAY)
        if kind == "boolean":
            return {"true": True, "false": False}[cell.get(f"{OFFICE}boolean-value")]
    shown = _shown(cell)
    if kind is None and not shown and formula is not None:
        return Unread(formula.partition(":")[2] or formula, _UNCALCULATED)
    return _restored(shown)


def _shows_its_day(shown: str, day: dt.date) -> bool:
    """Whether what people see of a date is more than its year and month."""
    numbers = [int(digits) for digits in _DIGITS.findall(shown[:MAX_CELL]) if len(digits) <= len("20260331")]
    if not numbers or max(numbers) > dt.MAXYEAR:  # 20260331
        return True
    for part in (day.year,) if _MONTH_IN_LETTERS.search(shown) else (day.year, day.month):
        if part in numbers:
            numbers.remove(part)
    return day.day in numbers


def _number(kind: str, value: float, currency: str | None, shown: str) -> object:
    if kind == "percentage":
        return f"{number_text(value * 100)}%{words_beside(shown.partition('%')[2])}"  # 1.5%/月 is no rate a year
    if currency not in (None, "", "CNY", "RMB"):
        return f"{number_text(value)} {currency}"  # money that is not yuan is no number of yuan
    if kind == "currency":
        shown = shown.lstrip("CNYRMB¥￥ \xa0-−")
    if not abs(value) < EXACT:
        return number_cell(value)
    if not any(sign.isdigit() for sign in shown):
        return words_beside(shown) or number_cell(value)
    return unmasked(shown, value) or number_cell(value)


def _restored(text: str) -> str:
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return restore(text)


def _comment(cell: Any) -> str:
    """The comment that hangs on a cell."""
    found = ("\n".join(map(text_of, each.iterchildren(PARAGRAPH))) for each in cell.iterchildren(f"{OFFICE}annotation"))
    return "\n".join(text for text in found if text)


def _shown(cell: Any) -> str:
    """What people see in a cell: its paragraphs, without the comment that may hang on it."""
    return "\n".join(map(text_of, cell.iterchildren(PARAGRAPH)))


def text_of(element: Any) -> str:
    """The text of a paragraph, white space as it is meant."""
    parts = [_SPACE.sub(" ", element.text or "")]
    for child in element:
        if child.tag == SPACES:
            parts.append(" " * min(int(child.get(COUNT, "1")), MAX_CELL))
        elif child.tag == TAB:
            parts.append("\t")
        elif child.tag == f"{TEXT}line-break":
            parts.append("\n")
        elif child.tag not in (f"{TEXT}ruby-text", f"{TEXT}note", f"{OFFICE}annotation", etree.Comment):
            parts.append(text_of(child))
        parts.append(_SPACE.sub(" ", child.tail or ""))
    return "".join(parts)
