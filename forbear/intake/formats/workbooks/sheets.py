"""Sheets: which of a workbook's is the table of cases, and what is told of the others."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from forbear.intake.formats.table import Header, Sheet, find_header, open_table
from forbear.intake.source import IntakeError, SeveralTablesError, SourceChoice, SourceFile, empty_workbook
from forbear.locale import said
from rules.locale import listed
from rules.pack.files.schema import Text

_SURE = 2  # names of facts by which a sheet is known for one of cases


def with_comments(source: SourceFile, count: int) -> SourceFile:
    """The table, telling how many comments hang on its cells: nobody reads them."""
    if not count:
        return source
    return replace(source, told=lambda: (*source.notices, said("notice.comments", n=count)))


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

    def told() -> Iterator[Text]:
        yield said("notice.sheet", sheet=source.sheet)
        if left_out:
            yield said("notice.sheets_left_out", n=len(left_out), sheets=_names(left_out))
        yield from source.notices

    names = tuple(sheet.name or "" for sheet in others)
    return replace(source, told=told, sheets=(source.sheet or "", *names))
