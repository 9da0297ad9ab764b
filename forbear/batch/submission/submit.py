"""Submit: a stream of intake rows becomes a batch with cases, versions, rejections and chunks, in one transaction."""

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import add
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog
from pydantic_core import to_json
from sqlmodel import Session, col, select

from forbear.base import trace
from forbear.base.compressed import submitted_facts
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.batch import publication
from forbear.batch.chunks import Wake
from forbear.batch.submission.danger import Lookout, told
from forbear.batch.submission.spelling import Spelling
from forbear.desk import siblings
from forbear.intake import Accepted, Intake, Rejected
from forbear.intake import Mapping as FileMapping
from forbear.ledger.ledger import rejects
from forbear.ledger.unit_of_work import Work
from forbear.webhooks import webhooks
from models.database import staging
from models.intake.batch import Batch, Lane, Rejection
from rules.decision.danger import danger_of
from rules.facts import red_flags
from rules.facts.notation.letters import one_form
from rules.facts.texts import texts_of
from rules.pack.files.schema import Text
from rules.pack.pack import Pack

BLOCK = 2000  # rows in memory at once
_log = structlog.get_logger()
# Smaller than others, so that the first urgent cases are decided at once; what is no crisis makes one wait longer, and
# what a chunk costs whatever is in it is shared by more.
CRISIS_CHUNK = 100
FLAGGED_CHUNK = 250
_PLAIN = re.compile("[a-z0-9_.:/#-]*")  # letters that stand in a list of texts without quotation marks


@dataclass(frozen=True)
class Head:
    """What a submission is called and the columns it has, among them those that nobody knows."""

    name: str
    columns: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    mapping: FileMapping | None = None  # by which its columns were read; batches of before have none
    notices: tuple[Text, ...] = ()  # what was left out or adjusted

    @classmethod
    def of(cls, file: Intake, name: str) -> "Head":
        """The head of a file of cases."""
        return cls(name, tuple(file.columns), tuple(file.unknown), file.mapping)


@dataclass(frozen=True)
class Submitted:
    """What a submission came to. `wakes` are to be sent once it is committed."""

    batch_id: UUID
    rows_read: int
    accepted: int
    rejected: int
    unchanged: int
    wakes: tuple[Wake, ...]


class DayToComeError(ForbearError):
    """The day to decide for is not there yet: its decision would be the current one until that day is past."""


def check_day(as_of: dt.date, pack: Pack, now: dt.datetime) -> None:
    """Raise DayToComeError if a day is after today where the pack's law applies."""
    today = now.astimezone(ZoneInfo(pack.manifest.timezone)).date()
    if as_of > today:
        raise DayToComeError(f"The day to decide for, {as_of}, is after today ({today}): give today or a day before.")


def submit(
    work: Work,
    rows: Iterable[Accepted | Rejected],
    *,
    head: Head,
    pack: Pack,
    as_of: dt.date,
    submitter: str,
    chunk_size: int,
    batch_id: UUID | None = None,
    notices: Callable[[], Iterable[Text]] = tuple,
) -> Submitted:
    """Take in any number of rows, holding no more than a block of them in memory.

    A case reference may come once: intake rejects its later rows. The notices are asked for once all rows were read.
    Raises what reading the rows raises, and DayToComeError.
    """
    session, vault, now = work.session, work.vault, work.now
    check_day(as_of, pack, now)
    staging.create(session)
    batch_id = batch_id or uuid4()
    sealer = _Sealer(pack, vault, submitter, batch_id)
    counts: Counter[type] = Counter()
    in_danger, lookout = 0, Lookout(pack, head.columns, head.mapping)
    spelling = Spelling(session, submitter)
    for block in map(spelling.known, _blocks(rows)):
        rejected = [lookout.first(row) for row in block if isinstance(row, Rejected)]
        in_danger += sum(danger for _, danger in rejected)
        accepted = [row for row in block if isinstance(row, Accepted)]
        versions = staging.draw_versions(session, len(accepted))
        staging.add(
            session,
            (sealer.staged(row, version) for row, version in zip(accepted, versions, strict=True)),
            (sealer.rejected(row) for row, _ in rejected),
        )
        counts.update(map(type, block))
    published = publication.keep(work, pack)
    submitted_facts.keep(session, now)
    batch = Batch(
        id=batch_id,
        submitter=submitter,
        as_of=as_of,
        pack_sha256=pack.sha256,
        created_at=now,
        source=sealed(head, vault, batch_id, (*told(in_danger), *spelling.told(), *notices())),
        rows_read=counts.total(),
        rejected=counts[Rejected],
        trace=trace.current(),
    )
    session.add(batch)
    session.flush()
    sizes = {
        "crisis": min(CRISIS_CHUNK, chunk_size),
        "flagged": min(FLAGGED_CHUNK, chunk_size),
        "bulk": chunk_size,
    }
    merged = staging.merge(session, batch, sizes, now, alone=batch.rows_read == 1)
    batch.accepted, batch.unchanged = merged.accepted, merged.unchanged
    batch.status = "running" if merged.chunks else "complete"
    batch.completed_at = None if merged.chunks else now
    session.add(batch)
    session.flush()
    if not merged.chunks:
        webhooks.tell_complete(session, batch, now)
    counted = {name: getattr(batch, name) for name in ("rows_read", "accepted", "rejected", "unchanged")}
    refused = {"rejects": rejects(session, str(batch.id))} if batch.rejected else {}
    work.note("batch", f"batch:{batch.id}", {"submitter": submitter, **counted, **refused})
    if published:
        publication.note(work, pack)
    _log.info("batch.received", batch=str(batch.id), trace=batch.trace, **counted)
    wakes = tuple(Wake(chunk_id, queue) for chunk_id, queue in merged.chunks)
    return Submitted(batch.id, batch.rows_read, batch.accepted, batch.rejected, batch.unchanged, wakes)


def source_of(batch: Batch, vault: Vault) -> Head:
    """The name and the columns a batch was submitted with."""
    opened = vault.open(batch.source, f"batch.source:{batch.id}")
    mapping = opened.get("mapping")
    return Head(
        opened["name"],
        tuple(opened["columns"]),
        tuple(opened["unknown"]),
        None if mapping is None else FileMapping.model_validate(mapping),
        tuple(Text.model_validate(notice) for notice in opened.get("notices", ())),
    )


def sealed(head: Head, vault: Vault, batch_id: UUID, notices: Iterable[Text] = ()) -> bytes:
    """What a batch is called and its columns, as the record keeps them."""
    mapping = None if head.mapping is None else head.mapping.data()
    source: dict[str, Any] = {
        "name": head.name,
        "columns": head.columns,
        "unknown": head.unknown,
        "mapping": mapping,
        "notices": [notice.model_dump() for notice in notices],
    }
    return vault.seal(source, f"batch.source:{batch_id}")


def rejections_of(session: Session, batch_id: UUID, vault: Vault, limit: int | None = None) -> Iterator[Rejected]:
    """The rejected rows of a batch as they came, in their order; the first ones with a limit."""
    query = select(Rejection.row, Rejection.content).where(Rejection.batch_id == batch_id).order_by(col(Rejection.row))
    for row, content in session.exec(query.limit(limit), execution_options={"yield_per": BLOCK}):
        opened = vault.open(content, _rejection_at(batch_id, row))
        yield Rejected(row, opened["field"], opened["zh"], opened["en"], tuple(opened["cells"]))


def _rejection_at(batch_id: UUID, row: int) -> str:
    return f"rejection.content:{batch_id}:{row}"


class _Sealer:
    """Splits what rules may see from what is sealed, and tells how urgent a case is."""

    def __init__(self, pack: Pack, vault: Vault, submitter: str, batch_id: UUID) -> None:
        facts = pack.vocabulary.facts
        self._pack = pack
        self._vault = vault
        self._submitter = submitter
        self._batch_id = batch_id
        self._urgent = {name: fact.urgent for name, fact in facts.items() if fact.urgent}
        self._asked = {flag.danger.asks for flag in pack.red_flags.values() if flag.danger is not None}

    def staged(self, row: Accepted, version: int) -> tuple[Any, ...]:
        """An accepted row as staging.ACCEPTED; what is sealed of it is for the version that it would make."""
        facts = written_facts(row.facts)
        # Columns that nobody knows are kept: another value in one changes the case only by the alarm that it raises.
        alarms = red_flags.scan_all(self._pack, texts_of(self._pack, {}, {}, row.extra))
        macs = self._vault.macs("\n".join((facts, written_facts(row.private), *alarms)).encode())
        private = {"facts": row.private, "extra": row.extra}
        at = f"case_version.private:{version}"
        sealed = self._vault.seal(private, at) if row.private or row.extra else None
        former = macs[1] if macs[1:] else None
        keys = siblings.keys(self._vault, self._submitter, row.private)
        borrower = None if row.borrower_ref is None else one_form(row.borrower_ref)
        refs = (row.case_ref, one_form(row.case_ref), grams(row.case_ref), borrower)
        stored = submitted_facts.compressed(facts)
        return (row.row, *refs, *keys, self._lane(row, alarms), version, macs[0], former, stored, sealed)

    def rejected(self, row: Rejected) -> tuple[Any, ...]:
        """A rejected row as staging.REJECTED; a field that is none of ours may be anything, so it is only sealed."""
        content = {"field": row.field, "zh": row.zh, "en": row.en, "cells": row.cells}
        known = set(row.field.split(";")) <= self._pack.vocabulary.facts.keys()
        return (
            row.row,
            row.field if known else None,
            self._vault.seal(content, _rejection_at(self._batch_id, row.row)),
        )

    def _lane(self, row: Accepted, alarms: tuple[str, ...]) -> Lane:
        """How urgent a case of a file is, by its facts and the flags that its texts raise."""
        flags = (*alarms, *red_flags.scan_all(self._pack, texts_of(self._pack, row.facts, row.private, {})))
        if flags or any(row.facts.get(name) is True for name in self._asked):  # nothing else tells of danger
            danger = danger_of(self._pack, {**row.facts, "note_flags": flags})
            if danger is not None and not danger.answered:
                return Lane.CRISIS
        if flags or any(row.facts.get(name) in values for name, values in self._urgent.items()):
            return Lane.FLAGGED
        return Lane.ORDINARY


def grams(case_ref: str) -> str | None:
    """A reference's letters by one, two and three, to search by, as PostgreSQL writes a list of texts.

    They are made here five times as fast as in the database. None where the database has to, since it alone knows what
    small letters beyond ASCII are to it.
    """
    if not case_ref.isascii():
        return None
    small = case_ref.lower()
    pairs = [*map(add, small, small[1:])]
    found: Iterable[str] = dict.fromkeys((*small, *pairs, *map(add, pairs, small[2:])))
    if not _PLAIN.fullmatch(small):
        found = ['"{}"'.format(each.replace("\\", "\\\\").replace('"', '\\"')) for each in found]
    return "{" + ",".join(found) + "}"


def written_facts(facts: Mapping[str, object]) -> str:
    """The same facts give the same text, in whatever order their columns stood."""
    return to_json(dict(sorted(facts.items()))).decode()


def _blocks(rows: Iterable[Accepted | Rejected]) -> Iterator[list[Accepted | Rejected]]:
    iterator = iter(rows)
    while block := list(itertools.islice(iterator, BLOCK)):
        yield block
