"""Results and rejects as files by their ending: piece by piece, or written to a path, never leaving half a file."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from forbear.base.errors import ForbearError
from forbear.intake import FORMATS, Rejected
from forbear.intake.columns import REJECT_COLUMNS, is_reject_column
from forbear.intake.format import Content, Object, Rows
from forbear.intake.source import distinct

Item = TypeVar("Item")

# A decision's keys, flattened; keys it has beyond them follow behind.
_RESULT_COLUMNS = (
    "case_ref",
    "strategy",
    "strategy_label.zh",
    "strategy_label.en",
    "urgency",
    "certain",
    "secondary",
    "blocked",
    "rules_fired",
    "reasons",
    "questions",
    "documents",
    "rights",
    "warnings",
    "steps",
    "deadlines",
    "plan_options",
    "recourse",
    "pack.id",
    "pack.version",
    "pack.sha256",
    "as_of",
    "engines_agree",
)


def check_target(path: Path) -> None:
    """Raise ForbearError if no file of ours can be written there; better before the work than after it."""
    if path.suffix.lower() not in FORMATS:
        raise ForbearError(f"{path.name} ends in none of {' '.join(FORMATS)}: choose one of them.")
    if path.exists() and not path.is_file():
        raise ForbearError(f"{path} is not an ordinary file: choose another name.")
    if not path.parent.is_dir():
        raise ForbearError(f"The folder {path.parent} does not exist: make it first.")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise ForbearError(f"{path} cannot be written: choose another place or change its permissions.")


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, or would: through links of either kind, and by whatever way."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return os.path.realpath(one) == os.path.realpath(other)


def write_results(path: Path, decisions: Iterable[Object]) -> int:
    """Write decisions and say how many."""
    return _write(path, decisions, results)


def write_rejects(path: Path, columns: Sequence[str], rejections: Iterable[Rejected]) -> int:
    """Write rejected rows and say how many."""
    return _write(path, rejections, partial(rejects, columns))


def results(decisions: Iterable[Object], ending: str, folder: Path) -> Iterator[bytes]:
    """A file of decisions, piece by piece: whole where a format holds objects, flattened with `;` lists elsewhere.

    What is no file before it is whole is drafted in the folder first.
    """

    def table() -> tuple[list[str], Rows]:
        flat = (_flat(decision) for decision in decisions)
        first = next(flat, {})
        header = list(dict.fromkeys((*_RESULT_COLUMNS, *first)))
        return header, ([item.get(column, "") for column in header] for item in chain([first] if first else [], flat))

    return FORMATS[ending].write(Content(lambda: decisions, table), folder)


def rejects(columns: Sequence[str], rejections: Iterable[Rejected], ending: str, folder: Path) -> Iterator[bytes]:
    """A file of rejected rows as they came, with `row`, `field` and `error` behind, piece by piece like results."""
    kept = [position for position, name in enumerate(columns) if not is_reject_column(name)]
    header = [*(columns[position] for position in kept), *REJECT_COLUMNS]
    rows: Rows = (
        [*(rejected.cells[position] for position in kept), rejected.row, rejected.field, rejected.error]
        for rejected in rejections
    )
    names = distinct(header)
    objects = (dict(zip(names, row, strict=True)) for row in rows)
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


def _flat(decision: Object) -> dict[str, str]:
    flat = {}
    for key, value in decision.items():
        if isinstance(value, Mapping):
            flat.update({f"{key}.{inner}": _words(item) for inner, item in value.items()})
        elif isinstance(value, list | tuple):
            flat[key] = ";".join(_words(item).replace(";", "；") for item in value)
        else:
            flat[key] = _words(value)
    return flat


def _words(value: object) -> str:
    """A value in words: of a sentence in two languages the Chinese one, of a rule or question its name and sentence."""
    if isinstance(value, Mapping):
        if "zh" in value:
            return str(value["zh"])
        if "text" in value:
            return f"{next(iter(value.values()))}: {_words(value['text'])}"
        return " ".join(_words(item) for item in value.values() if item not in (None, "", [], {}))
    if isinstance(value, list | tuple):
        return "、".join(map(_words, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
