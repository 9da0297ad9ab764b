"""Intake: files of cases, whatever program wrote them, become typed cases or rejections that say what to correct."""

from collections.abc import Callable, Iterator
from pathlib import Path

from forbear.intake import delimited, json_lines, json_list, parquet, xlsx
from forbear.intake.columns import Mapping, map_columns
from forbear.intake.rows import Accepted, Intake, Rejected, ahead, past_of, understand
from forbear.intake.source import IntakeError, SourceFile, SourceRow, empty
from rules.pack.schema import Vocabulary

__all__ = [
    "FORMATS",
    "Accepted",
    "Intake",
    "IntakeError",
    "Mapping",
    "Rejected",
    "SourceFile",
    "SourceRow",
    "ahead",
    "map_columns",
    "open_intake",
    "past_of",
    "read",
    "rows",
]

FORMATS: dict[str, Callable[[Path], SourceFile]] = {
    ".csv": delimited.read,
    ".tsv": delimited.read,
    ".xlsx": xlsx.read,
    ".jsonl": json_lines.read,
    ".json": json_list.read,
    ".parquet": parquet.read,
}


def read(path: Path) -> SourceFile:
    """Open a file of cases. Raises IntakeError if it cannot be read or holds none."""
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        raise IntakeError(
            f"{path.name} ends in none of {' '.join(FORMATS)}: save it as one of them.",
            f"{path.name} 不是能读的格式，请另存为 {'、'.join(FORMATS)} 之一。",
        )
    try:
        if path.is_dir():
            raise IntakeError(f"{path} is a folder: name a file in it.", f"{path} 是文件夹，请选其中的文件。")
        if path.exists() and not path.is_file():
            raise IntakeError(
                f"{path} is not an ordinary file: save the cases to one first.",
                f"{path} 不是普通文件，请先把案件存成文件。",
            )
        if not path.stat().st_size:
            raise empty(path)
        source = reader(path)
        if next(source.read_rows(), None) is None:
            raise IntakeError(
                f"{path.name} has no cases: below its header it needs one row a case.",
                f"{path.name} 里没有案件：表头下面每件案件一行。",
            )
    except FileNotFoundError as error:
        raise IntakeError(
            f"{path} does not exist: check the name and the folder.", f"{path} 不存在，请检查文件名和文件夹。"
        ) from error
    except OSError as error:
        raise IntakeError(
            f"{path} cannot be read: {error.strerror}.", f"{path} 无法读取（{error.strerror}）。"
        ) from error
    return source


def open_intake(path: Path, vocabulary: Vocabulary) -> Intake:
    """Open a file of cases and find the fact of each column. Raises IntakeError."""
    return understand(read(path), vocabulary)


def rows(path: Path, vocabulary: Vocabulary) -> Iterator[Accepted | Rejected]:
    """The rows of a file of cases, each accepted or rejected. Raises IntakeError."""
    return iter(open_intake(path, vocabulary))
