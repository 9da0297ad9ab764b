"""Results and rejects as files by their ending: piece by piece, or written to a path, never leaving half a file."""

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from forbear.base import extras
from forbear.base.errors import ForbearError
from forbear.batch.recorded_decision import RecordedDecision, ResultLine
from forbear.intake import FORMATS, IntakeError, Rejected, SourceChoice
from forbear.intake.columns import REJECT_COLUMNS, added_by_rejects
from forbear.intake.formats.format import Content, Rows
from forbear.intake.source import distinct
from rules.text.decision_columns import columns
from rules.text.decision_view import DecisionView

Item = TypeVar("Item")
_RESULT_COLUMNS = ("case_ref", "strategy", "urgency", "certain")
_NOTHING: tuple[list[bytes], ...] = (
    [],
    [b"[]"],
    [b"[", b"]"],
    [b"\xef\xbb\xbf"],
)  # what a file without a row may hold, without its blanks
_SMALL = 16  # bytes


def check_target(path: Path) -> None:
    """Raise ForbearError if no file of ours can be written there; better before the work than after it."""
    if path.suffix.lower() not in FORMATS:
        raise ForbearError(f"{path.name} ends in none of {' '.join(FORMATS)}: choose one of them.")
    if (module := FORMATS[path.suffix.lower()].needs) is not None:
        extras.require(f"Writing {path.suffix.lower()}", module)
    if path.exists() and not path.is_file():
        raise ForbearError(f"{path} is not an ordinary file: choose another name.")
    if not path.parent.is_dir():
        raise ForbearError(f"The folder {path.parent} does not exist: make it first.")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise ForbearError(f"{path} cannot be written: choose another place or change its permissions.")


def is_ours(path: Path) -> bool:
    """Whether writing there replaces nothing but what Forbear has written: results, rejects, or nothing at all."""
    kind = FORMATS.get(path.suffix.lower())
    try:
        if kind is None or (path.stat().st_size <= _SMALL and path.read_bytes().split() in _NOTHING):
            return True
        found = set(kind.read(path, SourceChoice(known=_of_ours)).columns)
    except FileNotFoundError:
        return True
    except (IntakeError, OSError):
        return False
    return found.issuperset(REJECT_COLUMNS) or found.issuperset(_RESULT_COLUMNS)


def _of_ours(names: Iterable[str]) -> int:
    return len({*REJECT_COLUMNS, *_RESULT_COLUMNS}.intersection(names))


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, or would: through links of either kind, and by whatever way."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)


def write_results(path: Path, decisions: Iterable[RecordedDecision]) -> int:
    """Write decisions and say how many."""
    return _write(path, decisions, results)


def write_rejects(path: Path, head: Sequence[str], rejections: Iterable[Rejected]) -> int:
    """Write rejected rows and say how many."""
    return _write(path, rejections, partial(rejects, head))


def results(
    decisions: Iterable[RecordedDecision],
    ending: str,
    folder: Path,
    told: Callable[[DecisionView], str] = DecisionView.model_dump_json,
) -> Iterator[bytes]:
    """A file of decisions in words, piece by piece: whole where a format holds objects, a row each elsewhere.

    What is no file before it is whole is drafted in the folder first. `told` is a decision as an object.
    """

    def table() -> tuple[list[str], Rows]:
        iterator = iter(decisions)
        first = next(iterator, None)  # all are by one pack, and its facts are columns
        known = columns(*((None, ResultLine) if first is None else (first.pack, type(first.line()))))
        views = (decision.line() for decision in chain([] if first is None else [first], iterator))
        return [column.name for column in known], ([column.cell(view) for column in known] for view in views)

    content = Content(lambda: (told(decision.line()) for decision in decisions), table)
    return FORMATS[ending].write(content, folder)


def rejects(head: Sequence[str], rejections: Iterable[Rejected], ending: str, folder: Path) -> Iterator[bytes]:
    """A file of rejected rows as they came, with `row`, `field` and `error` behind, piece by piece like results."""
    own = distinct(head)
    added = added_by_rejects(own)
    kept = [position for position, name in enumerate(own) if name not in added]
    header = [*(head[position] for position in kept), *REJECT_COLUMNS]
    rows: Rows = (
        [*(rejected.cells[position] for position in kept), rejected.row, rejected.field, rejected.error]
        for rejected in rejections
    )
    names = distinct(header)
    objects = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows)
    return FORMATS[ending].write(Content(lambda: objects, lambda: (header, rows)), folder)


def _write(path: Path, items: Iterable[Item], pieces: Callable[[Iterable[Item], str, Path], Iterator[bytes]]) -> int:
    check_target(path)
    count = 0

    def counted() -> Iterator[Item]:
        nonlocal count
        for item in items:
            count += 1
            yield item

    with _draft(path) as draft, draft.open("wb") as file:
        file.writelines(pieces(counted(), path.suffix.lower(), draft.parent))
    return count


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file beside the target (through links), renamed onto it when all is written."""
    target = path.resolve()
    draft = target.with_name(f".forbear-{secrets.token_hex(8)}")
    try:
        yield draft
        draft.replace(target)
    except OSError as error:
        raise ForbearError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
