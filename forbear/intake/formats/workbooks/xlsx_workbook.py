"""What the parts of an Office Open XML workbook say: its sheets, its strings, how its numbers are shown.

By the names of elements alone, whatever their namespace: Strict Open XML has others. openpyxl refuses workbooks that
Excel opens, for a filter, a style or a date in the properties that it does not understand, and says neither which rows
are hidden nor which cells are merged while it streams.
"""

import datetime as dt
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from lxml import etree
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.cell import column_index_from_string, coordinate_from_string
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from forbear.intake.formats.workbooks.beside.conditional import ConditionalRule
from forbear.intake.formats.workbooks.beside.struck import OFF, StrikeRule, areas_of, rule_of
from forbear.intake.formats.workbooks.beside.unseen import unseen_styles
from forbear.intake.formats.workbooks.number_formats import Hides, Shown, hider, shown_by, shows_no_day, without_words
from forbear.intake.formats.workbooks.shared_strings import SharedStrings
from forbear.intake.formats.workbooks.xlsx_package import Package
from forbear.intake.formats.workbooks.xml_stream import elements
from forbear.intake.source import MAX_CELL, IntakeError, Unread, number_cell, plain_date
from forbear.locale import said

# Built-in formats that are dates in a Chinese Excel and WPS (ECMA-376 part 1, 18.8.30, zh-cn).
_CHINESE_DATES = frozenset((*range(27, 37), *range(50, 59)))
_WITHOUT_DAY = frozenset((27, 36, 50, 52, 57))  # of these, those of a year and a month
_NO_DAY = said("unread.no_day")
Comments: TypeAlias = Mapping[int, Mapping[int, str]]  # by the number of their row and the position of their cell
_MAX_COMMENTS = 20_000_000  # characters of a sheet's
_WEEKDAY = re.compile(r"a{3,4}", re.IGNORECASE)  # how Excel and WPS show it in Chinese
_MAX_BOXES = 500  # paragraphs in text boxes of a sheet
_MAX_STYLES = 65_536  # Excel has 65,490


@dataclass(frozen=True)
class Worksheet:
    """One sheet: its name, whether people see it, and which part of the package it is."""

    name: str
    shown: bool
    part: str


class Workbook:
    """An opened package as a workbook."""

    def __init__(self, path: Path, package: Package) -> None:
        self._package, self._name = package, path.name
        self._part = self._linked("", "/officeDocument") or "xl/workbook.xml"
        if self._part.endswith(".bin"):
            raise IntakeError("workbook.binary", name=path.name)
        root = self._parsed(self._part)
        settings = next(root.iter("{*}workbookPr"), None)
        mac = settings is not None and settings.get("date1904") in ("1", "true")
        self._epoch = CALENDAR_MAC_1904 if mac else CALENDAR_WINDOWS_1900
        strings = self._linked(self._part, "/sharedStrings")
        self.strings = SharedStrings(path, strings) if strings else ()
        self.sheets = list(self._sheets(root))
        if not self.sheets:
            raise ValueError

    def _sheets(self, root: Any) -> Iterator[Worksheet]:
        targets = dict(self._links(self._part, "/worksheet"))
        for sheet in root.iter("{*}sheet"):
            link = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
            if (part := targets.get(link)) is not None and self._package.has(part):  # a chart is no sheet of ours
                yield Worksheet(sheet.get("name") or part, sheet.get("state", "visible") == "visible", part)

    def _links(self, part: str, kind: str) -> Iterator[tuple[str, str]]:
        """What a part is linked to, by the ids of the links."""
        folder, name = posixpath.split(part)
        links = posixpath.join(folder, "_rels", f"{name}.rels")
        if self._package.has(links):
            for link in self._parsed(links).iter("{*}Relationship"):
                if link.get("Type", "").endswith(kind):
                    target = link.get("Target", "").replace("\\", "/")
                    yield link.get("Id", ""), posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")

    def _linked(self, part: str, kind: str) -> str | None:
        return next((target for _, target in self._links(part, kind) if self._package.has(target)), None)

    def _parsed(self, part: str) -> Any:
        """A small part, whole."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        with self._package.open(part) as stream:
            return etree.parse(stream, parser).getroot()

    def comments(self, sheet: Worksheet) -> Comments:
        """The comments on the cells of each row of a sheet; of a thread each beside the copy for older programs."""
        found: dict[str, str] = {}
        size = 0
        for kind in ("/comments", "/threadedComment"):
            part = self._linked(sheet.part, kind)
            if part is None:
                continue
            with self._package.open(part) as stream:
                for event, item in elements(stream, ("{*}comment", "{*}threadedComment")):
                    if event == "end":
                        place, text = item.get("ref", ""), "".join(item.itertext()).strip()[:MAX_CELL]
                        size += len(text)
                        if size > _MAX_COMMENTS:
                            raise IntakeError("workbook.too_much_text", name=self._name)
                        if text not in (known := found.get(place, "")):
                            found[place] = f"{known}\n{text}".strip()
        rows: dict[int, dict[int, str]] = {}
        for place, text in found.items():
            column, row = coordinate_from_string(place.replace("$", ""))
            rows.setdefault(row, {})[column_index_from_string(column) - 1] = text
        return rows

    def text_boxes(self, sheet: Worksheet) -> list[str]:
        """What stands in the text boxes and other shapes of a sheet, paragraph by paragraph."""
        part = self._linked(sheet.part, "/drawing")
        if part is None:
            return []
        found: dict[str, None] = {}
        with self._package.open(part) as stream:
            for event, body in elements(stream, ("{*}txBody",)):
                for paragraph in body.iterchildren("{*}p") if event == "end" else ():
                    text = "".join(each.text or "" for each in paragraph.iter("{*}t")).strip()
                    if text and len(found) < _MAX_BOXES:
                        found[text[:MAX_CELL]] = None
        return list(found)

    def pictures(self, sheet: Worksheet) -> int:
        """How many pictures stand on a sheet."""
        part = self._linked(sheet.part, "/drawing")
        if part is None:
            return 0
        with self._package.open(part) as stream:
            return sum(event == "end" for event, _ in elements(stream, ("{*}pic",)))

    @cached_property
    def formats(self) -> list[Shown]:
        """How a number of each style is read."""
        known = {number: self._format(number, self._codes.get(number)) for number in dict.fromkeys(self._ids)}
        return [known[number] for number in self._ids]

    @cached_property
    def hiding(self) -> dict[str, Hides]:
        """The styles that may show nothing of a cell: by their number formats, or in the colour that it has."""
        hiders = {number: hider(code) for number, code in self._codes.items()}
        found = {str(at): hides for at, number in enumerate(self._ids) if (hides := hiders.get(number)) is not None}
        unseen = frozenset[str]() if self._styles is None else unseen_styles(self._styles, _MAX_STYLES)
        return found | dict.fromkeys(unseen, lambda _value: True)

    @cached_property
    def _codes(self) -> dict[str, str]:
        """The number formats that are written out, by their numbers."""
        formats = () if self._styles is None else self._styles.iter("{*}numFmt")
        return {each.get("numFmtId", ""): each.get("formatCode", "") for each in formats}

    @cached_property
    def _ids(self) -> list[str]:
        """The numbers of the formats of all styles."""
        styles = None if self._styles is None else self._styles.find("{*}cellXfs")
        return [] if styles is None else [style.get("numFmtId", "0") for style in islice(styles, _MAX_STYLES)]

    @cached_property
    def struck(self) -> frozenset[str]:
        """The styles in which a cell is struck out."""
        if self._styles is None:
            return frozenset()
        fonts = self._styles.find("{*}fonts")
        lines = [] if fonts is None else [each.find("{*}strike") for each in islice(fonts, _MAX_STYLES)]
        out = {str(at) for at, line in enumerate(lines) if line is not None and line.get("val") not in OFF}
        styles = self._styles.find("{*}cellXfs") if out else None
        each_style = () if styles is None else enumerate(islice(styles, _MAX_STYLES))
        return frozenset(str(at) for at, style in each_style if style.get("fontId") in out)

    @cached_property
    def striking(self) -> frozenset[str]:
        """The styles of conditional formats that strike out."""
        styles = None if self._styles is None else self._styles.find("{*}dxfs")
        lines = () if styles is None else (each.find("{*}font/{*}strike") for each in islice(styles, _MAX_STYLES))
        return frozenset(str(at) for at, line in enumerate(lines) if line is not None and line.get("val") not in OFF)

    def strike_rules(self, rules: Iterable[ConditionalRule]) -> list[StrikeRule]:
        """Those of the conditional formats of a sheet that strike cells out."""
        striking = [each for each in rules if each.strikes or each.style in self.striking]
        return [
            rule_of(areas, each.kind, each.operator, each.text, each.formulas)
            for each in striking
            if (areas := areas_of(each.ranges))
        ]

    @cached_property
    def _styles(self) -> Any:
        part = self._linked(self._part, "/styles")
        return None if part is None else self._parsed(part)

    def _format(self, number: str, code: str | None) -> Shown:
        if code is None:
            built_in = int(number) if number.isdigit() else 0
            if built_in in _CHINESE_DATES:
                return self._month if built_in in _WITHOUT_DAY else self._date
            code = BUILTIN_FORMATS.get(built_in, "General")
        if is_timedelta_format(code):
            return self._duration
        if is_date_format(code) or _WEEKDAY.search(without_words(code)):
            return self._month if shows_no_day(code) else self._date
        return shown_by(code)

    def _date(self, value: float) -> object:
        try:
            found = from_excel(value, self._epoch)
        except (OverflowError, ValueError):
            return "#VALUE!"  # what Excel shows is ####
        if isinstance(found, dt.datetime):
            return plain_date(found)
        return str(found) if isinstance(found, dt.time) else found

    def _month(self, value: float) -> object:
        """A day that nobody typed: its sheet shows no more than the month."""
        found = self._date(value)
        return Unread(found.isoformat()[:7], _NO_DAY) if isinstance(found, dt.date) else found

    def _duration(self, value: float) -> object:
        try:
            return str(from_excel(value, self._epoch, timedelta=True))
        except (OverflowError, ValueError):
            return "#VALUE!"

    def number(self, text: str, style: str | None) -> object:
        """A number as it is meant: a day, text with a unit, or itself."""
        value = float(text)
        at = int(style) if style else 0
        formats = self.formats
        return formats[at](value) if 0 <= at < len(formats) else number_cell(value)
