"""The body of a decision: its whole outcome and how its facts differ from those submitted, compressed.

Compressed by a dictionary that is kept beside the pack, so that what a decision shares with all others is not stored
again. Decisions of before have facts and outcome as JSON in columns of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session, col, select

from forbear.base.compressed.zstandard import zstd
from forbear.base.packs import dictionary_of
from models.decision import Decision
from rules.decision.outcome import Outcome, stored_outcome
from rules.facts.case_facts import Facts, stored_facts
from rules.facts.cells import Value

COLUMNS: Final = "d.pack_sha256, d.facts, d.outcome, d.body, v.facts AS submitted"  # of a decision d on a version v
_ADDED, _GONE, _OUTCOME = '{"added":', ',"gone":', ',"outcome":'
_read: Final = json.JSONDecoder().raw_decode
_LEVEL: Final = 3  # one more step costs twice the time for a tenth less


class Recorded(NamedTuple):
    """What was decided, as JSON: the facts as evaluated, and the outcome as the form of its time has it."""

    facts: dict[str, Any]
    outcome: dict[str, Any]


class OpenedBody(NamedTuple):
    """The body of a decision as it was written, and what it says of facts: that is read far quicker than the rest."""

    written: bytes
    added: dict[str, Any]
    gone: list[str]


class BodyWriter:
    """Writes the bodies of one pack's decisions."""

    def __init__(self, dictionary: bytes | None) -> None:
        self._codec = zstd.ZstdCompressor(_LEVEL, zstd_dict=_digested(dictionary))

    def body(self, submitted: Iterable[str], given: Facts, facts: Facts, outcome: Outcome) -> bytes:
        """The body of a decision on a version whose facts have these names and were read as `given`."""
        return self._codec.compress(uncompressed(submitted, given, facts, outcome), self._codec.FLUSH_FRAME)


def uncompressed(submitted: Iterable[str], given: Facts, facts: Facts, outcome: Outcome) -> bytes:
    """What a body says, before it is compressed."""
    added = {
        name: value
        for name, value in facts.items()
        if name not in given or (given[name] is not value and not _same(given[name], value))
    }
    gone = [name for name in submitted if name not in facts]
    return f"{_ADDED}{stored_facts(added)}{_GONE}{json.dumps(gone)}{_OUTCOME}{stored_outcome(outcome)}}}".encode()


def _same(given: Value, value: Value) -> bool:
    """Whether two values are the same in JSON: to Python true is 1."""
    return type(given) is type(value) and given == value


def writer(session: Session, pack_sha256: str) -> BodyWriter:
    """The writer for decisions of a pack that the record has."""
    return BodyWriter(dictionary_of(session, pack_sha256))


def recorded(session: Session, decision: Decision | Row[Any], submitted: Mapping[str, Any]) -> Recorded:
    """What was decided, by a row with COLUMNS and the facts of its version. Raises ValueError for what nobody wrote."""
    written = _decompressed(session, decision)
    if written is None:  # a decision of before
        return Recorded(decision.facts or {}, decision.outcome or {})
    try:
        told = json.loads(written)
    except ValueError:
        raise _nobodys() from None
    kept = {name: value for name, value in submitted.items() if name not in told["gone"]}
    return Recorded({**kept, **told["added"]}, told["outcome"])


def opened(session: Session, decision: Row[Any]) -> OpenedBody | None:
    """The body of a decision that has one, its outcome not read. Raises ValueError for what nobody wrote."""
    written = _decompressed(session, decision)
    if written is None:
        return None
    try:
        told = written.decode()
        added, end = _read(told, len(_ADDED))
        gone, _ = _read(told, end + len(_GONE))
    except ValueError:
        raise _nobodys() from None
    return OpenedBody(written, added, gone)


def _decompressed(session: Session, decision: Decision | Row[Any]) -> bytes | None:
    if decision.body is None:
        return None
    try:
        return zstd.decompress(decision.body, zstd_dict=_digested(dictionary_of(session, decision.pack_sha256)))
    except zstd.ZstdError:
        raise _nobodys() from None


def _nobodys() -> ValueError:
    return ValueError("no body of a decision that Forbear wrote")


def outcomes(session: Session, decisions: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The outcomes of decisions, by id."""
    for made in session.exec(select(Decision).where(col(Decision.id).in_(list(decisions)))):
        yield made.id, recorded(session, made, {}).outcome


@cache
def _digested(dictionary: bytes | None) -> Any:
    """A dictionary made ready, once a process: that takes longer than a thousand bodies."""
    return None if dictionary is None else zstd.ZstdDict(dictionary).as_digested_dict
