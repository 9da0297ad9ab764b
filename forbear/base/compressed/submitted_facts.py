"""The facts of a case version as they are stored: JSON, compressed by a dictionary that the record keeps.

Every frame names the dictionary that it was made with, so nothing beside the record is needed to read it. What was
stored before there were any is the JSON itself, as PostgreSQL wrote it.
"""

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic_core import from_json
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from forbear.base.compressed.zstandard import zstd
from models.pack import FactsDictionary

SHIPPED: Final = Path(__file__).parent / "facts.zdict"
_LEVEL: Final = 3
_JSON: Final = b"{"  # what JSON begins with, and no frame does


def compressed(written: str) -> bytes:
    """Facts written as JSON, as they are stored: the record has to have the dictionary, see `keep`."""
    compressor = _compressor()
    return compressor.compress(written.encode(), compressor.FLUSH_FRAME)


def keep(session: Session, now: dt.datetime) -> None:
    """Have the record keep the dictionary that facts are compressed by from now on."""
    values = {"id": shipped().dict_id, "content": shipped().dict_content, "created_at": now}
    session.exec(insert(FactsDictionary).values(values).on_conflict_do_nothing())


def text_of(session: Session, stored: bytes) -> str:
    """Stored facts as they were written. Raises ValueError for what nobody wrote."""
    if stored.startswith(_JSON):
        return stored.decode()
    try:
        number = zstd.get_frame_info(stored).dictionary_id
        return zstd.decompress(stored, zstd_dict=_dictionary(session, number)).decode()
    except zstd.ZstdError:
        raise ValueError("no facts that Forbear stored") from None


def facts_in(session: Session, stored: bytes) -> dict[str, Any]:
    """Stored facts by name. Raises ValueError for what nobody wrote."""
    return told_by(text_of(session, stored))


def readable(session: Session, stored: bytes) -> dict[str, Any]:
    """The same, none of what cannot be read: for who would stop work on other cases, or pass over what else there is.

    The audit tells of what cannot be read, and its own case is given up and put on the desk.
    """
    try:
        return facts_in(session, stored)
    except ValueError:
        return {}


def told_by(written: str) -> dict[str, Any]:
    """Facts by name, of their JSON. Raises ValueError for what nobody wrote."""
    facts = from_json(written)
    if not isinstance(facts, dict):
        raise ValueError("no facts that Forbear stored")
    return facts


@cache
def shipped() -> zstd.ZstdDict:
    """The dictionary that facts are compressed by from now on."""
    return zstd.ZstdDict(SHIPPED.read_bytes())


@cache
def _compressor() -> zstd.ZstdCompressor:
    return zstd.ZstdCompressor(_LEVEL, zstd_dict=shipped().as_digested_dict)


def _dictionary(session: Session, number: int) -> Any:
    """A dictionary made ready, read once a process: it never changes."""
    if number not in _dictionaries:
        kept = session.get(FactsDictionary, number)
        if kept is None:
            raise ValueError(f"facts that were compressed by dictionary {number}, which the record does not have")
        _dictionaries[number] = zstd.ZstdDict(kept.content).as_digested_dict
    return _dictionaries[number]


_dictionaries: dict[int, Any] = {}
