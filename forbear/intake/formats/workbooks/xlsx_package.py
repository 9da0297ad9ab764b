"""What is known of a workbook's package before a reader may open it: that it is one, and neither a bomb nor a trap."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from forbear.intake.formats.workbooks.beside.conditional import OVERLAP, ConditionalRule, ConditionFinder
from forbear.intake.formats.workbooks.beside.sheet_texts import PageTextFinder, Prompt, PromptFinder
from forbear.intake.formats.workbooks.merged_cells import MergeFinder, Merges
from forbear.intake.formats.workbooks.xml_stream import without_entities
from forbear.intake.source import IntakeError

_OLE = b"\xd0\xcf\x11\xe0"
# Honest sheets shrink 5 to 50 times; deflate cannot do more than 1,032 times, which is what bombs are made of.
_MAX_RATIO, _SMALL = 200, 16 * 1024 * 1024
_MAX_UNPACKED = 8 * 1024**3
_MAX_PARTS = 10_000
_MAX_STRINGS = 512 * 1024**2  # they are all held
_BLOCK = 1024 * 1024
_CONTENT_TYPES = "[Content_Types].xml"


class Package:
    """The parts of an archive by their names, in whatever case and with whatever slashes they were written."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._parts = {part_name(part.filename): part for part in archive.infolist()}

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return part_name(name) in self._parts

    def open(self, name: str) -> IO[bytes]:
        """A part, to be read."""
        return self._archive.open(self._parts[part_name(name)])


def part_name(name: str) -> str:
    """The name of a part as parts are compared."""
    return name.replace("\\", "/").lstrip("/").lower()


@contextmanager
def in_one_sentence(path: Path) -> Iterator[None]:
    """Whatever goes wrong inside becomes one sentence."""
    ending = path.suffix.lower()
    try:
        yield
    except IntakeError:
        raise
    except Exception as error:  # at bytes they do not expect, zipfile, expat and the readers raise nearly anything
        raise IntakeError("workbook.damaged", name=path.name, suffix=ending) from error


@contextmanager
def opened(path: Path) -> Iterator[Package]:
    """A package that may be unpacked."""
    with path.open("rb") as file, in_one_sentence(path):
        if file.read(4) == _OLE:
            raise IntakeError("workbook.old", name=path.name, suffix=path.suffix.lower())
        with ZipFile(file) as archive:
            _check_size(path, archive)
            package = Package(archive)
            _refuse_others(path, package)
            yield package


def _refuse_others(path: Path, package: Package) -> None:
    """Refuse archives that are no workbook at all: files packed together, documents."""
    if any(part.startswith(("xl/", "content.xml")) for part in package):
        return
    if any(part.startswith(("word/", "ppt/")) for part in package):
        raise IntakeError("ending.document", name=path.name)
    if any(package) and not package.has(_CONTENT_TYPES):
        raise IntakeError("ending.archive", name=path.name)


@dataclass(frozen=True)
class Seen:
    """What was seen in a part of a package beside its cells."""

    merges: Merges = Merges()  # noqa: RUF009 - nothing changes it
    page_texts: tuple[str, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    conditions: tuple[ConditionalRule, ...] = ()


def check_workbook(path: Path) -> dict[str, Seen]:
    """Refuse what may not be opened; say where cells are merged and what each page has, by the name of the part."""
    found = {}
    with opened(path) as package:
        for part in package:
            merges, texts, prompts, rules = MergeFinder(path.name), PageTextFinder(), PromptFinder(), ConditionFinder()
            with package.open(part) as stream:
                for text in _without_rows(text for _, text in without_entities(stream, _BLOCK, OVERLAP)):
                    for finder in (merges, texts, prompts, rules):
                        finder.look(text)
            found[part] = Seen(merges.merges(), tuple(texts.found), tuple(prompts.found), tuple(rules.found))
    return found


def _without_rows(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a part but for those with nothing in them but rows: what is said of cells stands before or behind.

    A sheet's data begins and ends once; an end that is counted twice, where pieces overlap, costs a look more.
    """
    met = 0
    for at, text in enumerate(pieces):
        met += text.count(b"sheetData")
        if at == 0 or met > 1:
            yield text


def _check_size(path: Path, archive: ZipFile) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    overlapping = sum(part.compress_size for part in parts) > path.stat().st_size
    bomb = any(part.file_size > _SMALL and part.file_size > _MAX_RATIO * part.compress_size for part in parts)
    if bomb or overlapping or unpacked > _MAX_UNPACKED or len(parts) > _MAX_PARTS:
        raise IntakeError("workbook.bomb", name=path.name, megabytes=unpacked // 1024**2)
    if any("sharedstrings" in part.filename.lower() and part.file_size > _MAX_STRINGS for part in parts):
        raise IntakeError("workbook.too_much_text", name=path.name)
