"""Danger in what becomes no case: rejected rows and persons without a debt are looked through, and it is told first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from forbear.intake import Intake, Mapping, Rejected
from forbear.intake.source import Remark, as_text, distinct
from forbear.locale import said
from rules.facts import red_flags
from rules.facts.texts import texts_in
from rules.locale import listed
from rules.pack.files.schema import Text
from rules.pack.pack import Pack

_MOST_SEARCHED = 200_000  # characters beside the rows
_SHOWN = 5  # row numbers that a sentence names


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


def tells_of_danger(pack: Pack, texts: Iterable[str]) -> bool:
    """Whether any of these texts tells of danger to somebody."""
    return any(pack.red_flags[flag].danger for flag in red_flags.scan_all(pack, texts))


def _left_out(file: Intake, pack: Pack) -> Iterator[Text]:
    lookout = Lookout(pack, file.columns, file.mapping)
    found = [row.number for row in file.left_out() if lookout.in_danger(row.cells)]
    if found:
        rows = ", ".join(map(str, found[:_SHOWN])) + ("…" if len(found) > _SHOWN else "")
        yield said("notice.left_out_in_danger", n=len(found), rows=rows)
