"""Danger in what becomes no case: rejected rows, persons without a debt, files refused whole; it is told first."""

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Object
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from forbear.intake import Intake, IntakeError, Mapping, Rejected, SeveralTablesError, SourceFile, open_source
from forbear.intake.formats.text_files import text_lines
from forbear.intake.source import Remark, SourceRow, as_text, distinct
from forbear.locale import said
from rules.facts import red_flags
from rules.facts.texts import texts_in
from rules.locale import listed
from rules.pack.files.schema import Text
from rules.pack.pack import Pack

_MOST_SEARCHED = 200_000  # characters beside the rows
_SHOWN = 5  # row numbers that a sentence names
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")  # a letter in JSON that is written in ASCII


class Lookout:
    """Looks through rows of certain columns."""

    def __init__(self, pack: Pack, columns: Sequence[str], mapping: Mapping | None = None) -> None:
        """Without the mapping by which they are read, every column counts as one that nobody knows."""
        uses = {} if mapping is None else mapping.columns
        self._pack = pack
        self._headers = [self._asks(name, uses[name].fact if name in uses else None) for name in distinct(columns)]

    def _asks(self, name: str, fact: str | None) -> str:
        """What a yes in a column means: what its fact does, or its header where nobody knows it."""
        if fact is None:
            return name
        known = self._pack.vocabulary.facts[fact]
        return known.title.zh if known.type == "bool" else ""

    def in_danger(self, cells: Iterable[object]) -> bool:
        """Whether the cells of a row tell of danger to somebody."""
        texts = (
            text
            for header, cell in zip(self._headers, cells, strict=False)
            if (held := as_text(cell)) and (header or any(map(str.isalpha, held)))
            for text in texts_in(self._pack, header, held)
        )
        return tells_of_danger(self._pack, texts)

    def first(self, row: Rejected) -> tuple[Rejected, bool]:
        """A rejected row, and whether its cells tell of danger: then it says who comes before the cell."""
        if not self.in_danger(row.cells):
            return row, False
        first = said("row.danger")
        return replace(row, zh=f"{first.zh}{row.zh}", en=f"{first.en} {row.en}"), True


def told(in_danger: int) -> Iterator[Text]:
    """The sentence on rejected rows in danger."""
    if in_danger:
        yield said("notice.rejected_in_danger", n=in_danger)


def notices_of(file: Intake, pack: Pack) -> tuple[Text, ...]:
    """The notices of a file whose rows were read; persons in danger who became no case come first."""
    return (*outside_cases(file, pack), *file.notices)


def outside_cases(file: Intake, pack: Pack) -> Iterator[Text]:
    """The sentences on danger in what became neither a case nor a rejected row, once all rows were read."""
    yield from _left_out(file, pack)
    yield from beside_rows(file.remarks, pack)


def beside_rows(remarks: Iterable[Remark], pack: Pack) -> Iterator[Text]:
    """The sentence on danger in what a file says beside its rows: nobody knows of whom."""
    places: dict[str, Text] = {}
    searched = 0
    for place, text in remarks:
        searched += len(text)
        if place.zh not in places and tells_of_danger(pack, texts_in(pack, "", text)):
            places[place.zh] = place
        if searched > _MOST_SEARCHED:
            break
    if places:
        yield said("notice.beside_in_danger", places=listed(places.values()))


@contextmanager
def told_in_refusal(path: Path, pack: Pack) -> Iterator[None]:
    """A file that is refused whole is still looked through: whoever may be in danger in it is told before why."""
    try:
        yield
    except IntakeError as error:
        if error.danger is None and (first := in_refused(path, pack)) is not None:
            error.say_first(first)
        raise


@contextmanager
def told_of_case(given: Object[str, object], pack: Pack) -> Iterator[None]:
    """A case by itself that cannot be read at all: danger in it is told before why."""
    try:
        yield
    except IntakeError as error:
        if (first := in_case(given, pack)) is not None:
            error.say_first(first)
        raise


def in_case(given: Object[str, object], pack: Pack) -> Text | None:
    """The sentence on danger in a case by itself, read as it came."""
    return said("row.danger") if Lookout(pack, list(given)).in_danger(given.values()) else None


def in_refused(path: Path, pack: Pack) -> Text | None:
    """The sentence on danger in a file that becomes no case at all: by the rows of the file, never by their words."""
    return next(refused(list(_places_in_danger(path, pack))), None)


def refused(places: Sequence[Text]) -> Iterator[Text]:
    """The sentence on these places of a file that becomes no case at all."""
    if places:
        shown = listed([*places[:_SHOWN], *([said("notice.more")] if len(places) > _SHOWN else [])])
        yield said("notice.refused_in_danger", n=len(places), places=shown)


def row_of_file(row: int, sheet: str | None = None) -> Text:
    """A row by the file's own count."""
    return said("place.row", row=row) if sheet is None else said("place.row_of_sheet", row=row, sheet=sheet)


def _places_in_danger(path: Path, pack: Pack) -> Iterator[Text]:
    """Where in a file somebody may be in danger, whatever table may be meant; where there is none, in which lines."""
    try:
        sources = _tables(path, pack)
    except IntakeError:
        yield from _lines_in_danger(path, pack)
        return
    for source in sources:
        lookout, sheet = Lookout(pack, source.columns), source.sheet if len(sources) > 1 else None
        for row in _as_far_as_read(source):
            if lookout.in_danger(row.cells):
                yield row_of_file(source.header_row + row.number, sheet)
    searched = {said("place.unread_sheet", sheet=source.sheet).zh for source in sources}
    for remark in sources[0].remarks:
        if remark.place.zh not in searched and tells_of_danger(pack, texts_in(pack, "", remark.text)):
            yield remark.place


def _as_far_as_read(source: SourceFile) -> Iterator[SourceRow]:
    with suppress(IntakeError):
        yield from source


def _lines_in_danger(path: Path, pack: Pack) -> Iterator[Text]:
    """Which lines of a text tell of danger: it cannot be read as cases, and people can be in it all the same."""
    with suppress(IntakeError, OSError):
        for number, line in enumerate(text_lines(path), 1):
            text = _ESCAPED.sub(lambda letter: chr(int(letter[1], 16)), line)
            if tells_of_danger(pack, texts_in(pack, "", text)):
                yield row_of_file(number)


def _tables(path: Path, pack: Pack) -> list[SourceFile]:
    try:
        return [open_source(path, pack.vocabulary)]
    except SeveralTablesError as error:
        return [open_source(path, pack.vocabulary, Mapping(sheet=name)) for name in error.sheets]


def tells_of_danger(pack: Pack, texts: Iterable[str]) -> bool:
    """Whether any of these texts tells of danger to somebody."""
    return any(pack.red_flags[flag].danger for flag in red_flags.scan_all(pack, texts))


def _left_out(file: Intake, pack: Pack) -> Iterator[Text]:
    lookout = Lookout(pack, file.columns, file.mapping)
    found = [row.number for row in file.left_out() if lookout.in_danger(row.cells)]
    if found:
        rows = ", ".join(map(str, found[:_SHOWN])) + ("…" if len(found) > _SHOWN else "")
        yield said("notice.left_out_in_danger", n=len(found), rows=rows)
