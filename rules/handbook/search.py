"""Searching a handbook: every entry and point of it by its words, those named so first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rules.handbook.document import (
    Block,
    Bullet,
    Bullets,
    Handbook,
    HandbookEntry,
    Line,
    Listing,
    Paragraph,
    Section,
    Table,
)

_AROUND: Final = 40  # characters shown on each side of what was found


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that has all the words, and a piece of it around the first one."""

    anchor: str
    title: str
    section: str
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class _Told:
    anchor: str
    title: str
    section: str
    text: str


def search(book: Handbook, query: str, most: int) -> tuple[Hit, ...]:
    """The entries that have every word of a query, at most so many; those with a word in their name come first."""
    words = query.casefold().split()
    if not words:
        return ()
    found = [told for told in _told(book) if all(word in f"{told.anchor} {told.text}".casefold() for word in words)]
    found.sort(key=lambda told: not any(word in f"{told.anchor} {told.title}".casefold() for word in words))
    return tuple(_hit(told, words[0]) for told in found[:most])


def entries(book: Handbook) -> dict[str, tuple[Section, HandbookEntry | None]]:
    """Every anchor of a book with its section, and the entry of its own if it has one."""
    known: dict[str, tuple[Section, HandbookEntry | None]] = {}
    for section in book.sections:
        known[section.anchor] = (section, None)
        for block in section.blocks:
            if isinstance(block, HandbookEntry):
                known[block.anchor] = (section, block)
            for told in _points(section, block):
                known.setdefault(told.anchor, (section, None))
    return known


def _hit(told: _Told, word: str) -> Hit:
    at = max(told.text.casefold().find(word), 0)
    start = max(at - _AROUND, 0)
    found = told.text[at : at + len(word)]
    return Hit(
        told.anchor,
        told.title,
        told.section,
        ("…" if start else "") + told.text[start:at],
        found,
        told.text[at + len(word) : at + len(word) + 2 * _AROUND],
    )


@lru_cache(maxsize=4)
def _told(book: Handbook) -> tuple[_Told, ...]:
    return tuple(told for section in book.sections for block in section.blocks for told in _points(section, block))


def _points(section: Section, block: Block) -> Iterator[_Told]:
    if isinstance(block, HandbookEntry):
        yield _Told(block.anchor, block.title, section.title, f"{block.title} {_text(block)}")
        for part in block.parts:
            for inner in part.blocks:
                yield from (told for told in _points(section, inner) if told.anchor != block.anchor)
    elif isinstance(block, Listing):
        for item in block.items:
            notes = " ".join(f"{label} {_line(note)}" for label, note in item.notes)
            yield _Told(item.anchor, _line(item.line), section.title, f"{_line(item.line)} {notes}")


def _text(block: Block) -> str:
    match block:
        case Paragraph(line):
            return _line(line)
        case Bullets(items):
            return " ".join(_bullet(item) for item in items)
        case Table(_, rows):
            return " ".join(_line(cell) for row in rows for cell in row)
        case Listing(items):
            return " ".join(_line(item.line) for item in items)
        case HandbookEntry(_, _, note, parts):
            inner = " ".join(f"{part.label} {_text(each)}" for part in parts for each in part.blocks)
            return f"{_line(note)} {inner}"


def _bullet(bullet: Bullet) -> str:
    return " ".join((_line(bullet.line), *map(_bullet, bullet.below)))


def _line(spans: Line) -> str:
    return "".join(span.text for span in spans)
