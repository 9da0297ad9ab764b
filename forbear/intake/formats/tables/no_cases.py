"""No cases: what rows of a table are instead; totals, signatures, titles of parts, examples, the header once more."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from forbear.intake.formats.tables.totals import is_total
from forbear.intake.headers import LONGEST, states_unit
from forbear.intake.source import MAX_CELL, SourceChoice, as_text, is_blank
from forbear.locale import said
from rules.facts.case_facts import FieldError
from rules.locale.word_lists import word_lists

SURE: Final = 2  # names of facts by which a row is known for a header
SECOND_HEADER: Final = 3  # rows below the header in which it may stand again, in another language
TOTAL: Final = FieldError.of("", said("row.total"))
REFUSED: Final = {
    name: FieldError.of("", said(f"row.{name}"))
    for name in ("section", "footer", "example", "instruction", "repeated_header")
}
FIGURE, COLON = re.compile(r"\d"), re.compile("[:：]")
_GAPS: Final = re.compile(r"\s+")
_BRACKETS: Final = "()[]【】"  # after NFKC
_WORDS: Final = word_lists("tables")
_FOOTERS, _INSTRUCTIONS = tuple[str, ...](_WORDS["footer"]), tuple[str, ...](_WORDS["instruction"])
_EXAMPLE: Final = re.compile(rf"({'|'.join(map(re.escape, _WORDS['example']))})\d*")
_ORDINAL: Final = re.compile(rf"(?:{_WORDS['ordinal']})")
_MOST_OF_FOOTER: Final = 3  # filled cells
_FEW_COLUMNS: Final = 3  # of which one alone is filled in a title
_LONGEST_LABEL: Final = 16  # characters


def plain_word(text: str) -> str:
    """A cell as the words of tables are compared: no blanks, brackets around it, width or case."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", text).casefold()).strip(_BRACKETS)


def no_case(
    number: int, cells: Sequence[object], columns: Sequence[str], header: int, choice: SourceChoice
) -> FieldError | None:
    """What a row is instead of a case: a total, signatures, an example, what to fill in, or the header once more."""
    position = next((at for at, cell in enumerate(cells) if not is_blank([cell])), 0)
    first = cells[position]
    if not isinstance(first, str) or len(first) > MAX_CELL:
        return TOTAL if is_total(cells) else None
    near = number <= header + SECOND_HEADER
    again = position < len(columns) and first.strip() == columns[position].strip()
    if near or again or all(cell is None or (isinstance(cell, str) and not FIGURE.search(cell)) for cell in cells):
        texts = [as_text(cell).strip() for cell in cells if not is_blank([cell])]
        half = max(SURE, (len(texts) + 1) // 2)
        names = {name.strip() for name in columns}
        if max(sum(text in names for text in texts), choice.known(texts)) >= half:
            return REFUSED["repeated_header"]
        if near and sum(plain_word(text).startswith(_INSTRUCTIONS) for text in texts) >= half:
            return REFUSED["instruction"]
    label, *rest = COLON.split(first, maxsplit=1)
    word = plain_word(label) if len(label) <= _LONGEST_LABEL else ""
    if is_total(cells):
        return TOTAL
    if _EXAMPLE.fullmatch(word):
        return REFUSED["example"]
    if not rest or not word.startswith(_FOOTERS):
        return REFUSED["section"] if _is_section(first, cells, columns) else None
    few = sum(not is_blank([cell]) for cell in cells) <= _MOST_OF_FOOTER < len(columns)
    return REFUSED["footer"] if few else None


def _is_section(first: str, cells: Sequence[object], columns: Sequence[str]) -> bool:
    """Whether a line is the title of a part of the table, or says the unit of what follows: one cell of several."""
    if len(columns) < _FEW_COLUMNS or filled_cells(cells, 1) > 1:
        return False
    return begins_part(first) or states_unit(first[:LONGEST])


def filled_cells(cells: Iterable[object], most: int) -> int:
    """How many cells are filled; no more than one above `most` are counted."""
    filled = 0
    for cell in cells:
        if cell is not None and cell != "" and not (isinstance(cell, str) and cell.isspace()):
            filled += 1
            if filled > most:
                break
    return filled


def begins_part(title: str) -> bool:
    """Whether a title is that of one part among several: 二、信用卡."""
    return _ORDINAL.match(plain_word(title)) is not None
