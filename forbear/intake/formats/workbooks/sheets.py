"""Sheets: which of a workbook's is the table of cases, and what is told of the others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from forbear.intake.formats.table import FIRST_ROWS, Header, Sheet, find_header, open_table
from forbear.intake.headers import LONGEST, says_unit, states_unit
from forbear.intake.source import (
    IntakeError,
    Remark,
    SeveralTablesError,
    SourceChoice,
    SourceFile,
    Unread,
    as_text,
    empty_workbook,
    is_blank,
)
from forbear.locale import said
from rules.locale import listed
from rules.pack.files.schema import Text

_SURE = 2  # names of facts by which a sheet is known for one of cases
_SEARCHED = 1_000  # rows of a sheet that is not read, in which words of danger are looked for
_PAIR = 2  # filled cells of a line that is no row of a table: a word and what it says


def with_comments(source: SourceFile, count: int) -> SourceFile:
    """The table, telling how many comments hang on its cells."""
    if not count:
        return source
    return replace(source, told=lambda: (*source.notices, said("notice.comments", n=count)))


def with_pictures(source: SourceFile, count: int) -> SourceFile:
    """The table, telling how many pictures stand on its sheet: nobody reads a screenshot."""
    if not count:
        return source
    return replace(source, told=lambda: (*source.notices, said("notice.pictures", n=count)))


def open_sheets(path: Path, sheets: Sequence[Sheet], choice: SourceChoice) -> SourceFile:
    """The sheet that was chosen, or else the only visible one that can be a table of cases.

    Raises SeveralTablesError where more than one can, IntakeError where none has anything in it.
    """
    if choice.sheet is not None:
        sheet = _named(path, sheets, choice.sheet)
        header = find_header(path, sheet.rows(None), choice)
        if header is None:
            raise IntakeError("sheet.empty", name=path.name, sheet=sheet.name)
        others = [each for each in sheets if each is not sheet and next(each.rows(None), None) is not None]
        return _with_others(open_table(path, sheet, choice, header), others, choice)
    filled = [sheet for sheet in sheets if any(True for _ in islice(sheet.rows(None), 1))]
    visible = [sheet for sheet in filled if sheet.shown]
    if not visible:
        if filled:
            raise IntakeError("sheet.hidden", name=path.name, sheets=_names(filled), first=filled[0].name)
        raise empty_workbook(path)
    # With a row chosen for the header, sheets that do not reach so far are not meant.
    headers = [(sheet, _header(path, sheet, choice)) for sheet in visible]
    found = [(sheet, header) for sheet, header in headers if header is not None]
    if not found:
        raise IntakeError("header.row_empty", name=path.name, row=choice.header_row)
    candidates = _candidates(found)
    if len(candidates) > 1:
        raise SeveralTablesError(path, [sheet.name or "" for sheet, _ in candidates])
    sheet, header = candidates[0]
    others = [each for each in filled if each is not sheet]
    return _with_others(open_table(path, sheet, choice, header), others, choice)


def _header(path: Path, sheet: Sheet, choice: SourceChoice) -> Header | None:
    try:
        return find_header(path, sheet.rows(None), choice)
    except IntakeError:
        if choice.header_row is None:
            raise
        return None


def _candidates(found: Sequence[tuple[Sheet, Header]]) -> Sequence[tuple[Sheet, Header]]:
    """The sheets that can be meant: by the names in their headers, or by their shape where no header is known."""
    best = max(header.known for _, header in found)
    if best >= _SURE:
        alike = [each for each in found if each[1].known >= _SURE and each[1].known * 2 >= best]
    else:
        alike = [each for each in found if len(each[1].columns) > 1] or list(found)
    # One that has a header only takes nothing with it; where none has more, the sentence is about that.
    return [each for each in alike if each[1].followed] or alike[:1]


def _named(path: Path, sheets: Sequence[Sheet], name: str) -> Sheet:
    for same in (str, lambda text: text.strip().casefold()):
        for sheet in sheets:
            if same(sheet.name or "") == same(name):
                return sheet
    raise IntakeError("sheet.missing", name=path.name, sheet=name, sheets=_names(sheets))


def _names(sheets: Sequence[Sheet]) -> Text:
    return listed(said("notice.quoted", text=sheet.name) for sheet in sheets)


def _with_others(source: SourceFile, others: Sequence[Sheet], choice: SourceChoice) -> SourceFile:
    """The table, telling of the sheets beside it."""
    if not others:
        return source
    left_out = [sheet for sheet in others if sheet.name != choice.beside]
    covers = [(sheet.name or "", *_cover(sheet)) for sheet in left_out]
    units = [(name, text) for name, said_of_all, _ in covers for text in said_of_all if says_unit(text)]

    def told() -> Iterator[Text]:
        yield said("notice.sheet", sheet=source.sheet)
        if left_out:
            yield said("notice.sheets_left_out", n=len(left_out), sheets=_names(left_out))
        for name, text in units:
            yield said("notice.cover_unit", sheet=name, text=text)
        yield from source.notices

    names = tuple(sheet.name or "" for sheet in others)
    titles = (*source.titles, *(text for _, said_of_all, _ in covers for text in said_of_all))
    aside = tuple(text for _, _, said_of_some in covers for text in said_of_some)
    return replace(
        source,
        told=told,
        titles=titles,
        aside=aside,
        sheets=(source.sheet or "", *names),
        unread=lambda: (remark for sheet in left_out for remark in _words_of(sheet)),
    )


def _words_of(sheet: Sheet) -> Iterator[Remark]:
    """The words in the first rows of a sheet that is not read."""
    place = said("place.unread_sheet", sheet=sheet.name)
    for text in sheet.page:
        yield Remark(place, text)
    for row in islice(sheet.rows(None), _SEARCHED):
        texts = (as_text(cell) for cell in (*row.cells, *row.comments.values()) if isinstance(cell, str | Unread))
        yield from (Remark(place, text) for text in texts if text)


def _cover(sheet: Sheet) -> tuple[list[str], list[str]]:
    """What the lines of a cover or of notes on how to fill in say of the whole table, and what may be said of a part.

    A table says its own; where figures stand beside words, the unit may be theirs.
    """
    rows = [row.cells for row in islice(sheet.rows(None), FIRST_ROWS)]
    lines = [[as_text(cell).strip()[:LONGEST] for cell in row if not is_blank([cell])] for row in rows]
    if any(len(line) > _PAIR for line in lines):
        return [], []
    texts = ["：".join(line) for line in lines]
    of_all = [text for text in texts if states_unit(text) or not says_unit(text)]
    if any(isinstance(cell, int | float) for row in rows for cell in row):
        return [], [text for text in of_all if says_unit(text)]
    return of_all, [text for text in texts if text not in of_all]
