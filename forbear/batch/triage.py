"""Triage: the cases of a chunk go to the rules, and what these decide into the record."""

import datetime as dt
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import structlog
from psycopg.errors import UniqueViolation
from sqlalchemy import text

from forbear.base import packs
from forbear.base.compressed.submitted_facts import text_of, told_by
from forbear.base.vault import Vault, private_of
from forbear.batch import ageing, borrowers, chunks, decision_body, publication
from forbear.batch.decision_body import BodyWriter
from forbear.desk import worklist
from forbear.desk.worklist import DangerFound
from forbear.ledger import decision_tree
from forbear.ledger.decision_tree import VERSION_COLUMNS, DigestedRow, decision_digest, version_digest
from forbear.ledger.ledger import ASKED_ONCE_STOPPED, DECISIONS
from forbear.ledger.unit_of_work import Work
from forbear.webhooks import webhooks
from models.database.copy import copy_into
from models.intake.batch import Batch, Chunk, Lane
from rules.decision.ageing import aged
from rules.decision.danger import Danger, danger_of
from rules.decision.evaluate import BOTH_WAYS, Evaluation, Evaluator, LookedUpError
from rules.decision.safety_hold import decided_danger, denied_kinds
from rules.facts import case_facts, red_flags
from rules.facts.texts import texts_of
from rules.pack.pack import Pack

_COLUMNS = {
    "id": "int8",
    "case_version_id": "int8",
    "pack_sha256": "text",
    "as_of": "date",
    "strategy": "text",
    "urgency": "text",
    "certain": "bool",
    "engines_agree": "bool",
    "body": "bytea",
    "valid_until": "date",
    "last_deadline": "date",
    "chunk_id": "int8",
    "created_at": "timestamptz",
}
# Whether each is decided is asked by itself (LIMIT): who has not counted them yet would read all decisions of a day.
_UNDECIDED = text(f"""
    SELECT v.id, {VERSION_COLUMNS}
    FROM case_version v JOIN "case" c ON c.id = v.case_id
    LEFT JOIN LATERAL (
        SELECT id FROM decision WHERE case_version_id = v.id AND pack_sha256 = :pack AND as_of = :as_of LIMIT 1
    ) d ON true
    WHERE v.id = ANY(:versions) AND d.id IS NULL
    ORDER BY v.id
""")  # noqa: S608 - text of ours
_IDS = text("SELECT nextval(pg_get_serial_sequence('decision', 'id')) FROM generate_series(1, :count)")
_TAKE_OVER = text("""
    UPDATE batch_case SET pack_sha256 = :pack WHERE batch_id = :batch AND case_version_id = ANY(:versions)
""")
_STOPPED = text("SELECT EXISTS (SELECT FROM ledger WHERE kind = 'asked_once_stopped' AND subject = :pack)")
_IN_FULL = 100  # where each question is asked once, one case in so many is asked about in full
_log = structlog.get_logger()


@dataclass(frozen=True)
class Version:
    """A case version to be decided."""

    id: int
    case_id: int
    digest: bytes  # of what was submitted
    submitted: tuple[str, ...]  # the names of the facts
    given: case_facts.Facts  # what these say, before anything was added
    facts: case_facts.Facts
    texts: tuple[str, ...]  # that were looked through for alarms
    until: dt.date | None = None  # the day from which the borrower's other cases say something else


def triage_chunk(
    work: Work,
    chunk_id: int,
    clock: Callable[[], dt.datetime],
    active: Callable[[], Pack] = packs.shipped,
    ask_once: bool = False,
) -> int | None:
    """Decide every case of a pending chunk and mark it done, at the time that `clock` shows then.

    What was handed in for a pack that is retired by now is decided by the `active` one, and that is noted. `ask_once`:
    in what is neither urgent nor small, durable-rules is asked each distinct question once. Answers how many decisions
    were written; None if the chunk is done already or another worker has it.
    """
    session, decided_at = work.session, work.now
    chunk = chunks.take(session, chunk_id)
    if chunk is None:
        return None
    batch = session.get_one(Batch, chunk.batch_id)
    pack = packs.deciding_pack(session, batch.pack_sha256, active)
    if pack.sha256 != batch.pack_sha256:
        _take_over(work, batch, chunk, pack)
    versions = _load(work, batch, pack, chunk.case_version_ids)
    urgent = chunk.queue != Lane.ORDINARY.queue
    evaluations, how = _evaluated(work, evaluator(pack, batch.as_of), versions, urgent=urgent, ask_once=ask_once)
    writer = decision_body.writer(session, pack.sha256)
    rows = [
        _row(pack, version, evaluation, batch.as_of, chunk_id, decided_at, writer)
        for version, evaluation in zip(versions, evaluations, strict=True)
    ]
    digests = {version.id: version.digest for version in versions}
    written = _write(work, batch, pack, chunk_id, rows, digests, how)
    made = set(written)
    dangers = {
        version.case_id: danger_found(
            pack, version.facts, decided_danger(pack, version.facts, evaluation.outcome), version.texts, work.vault
        )
        for version, evaluation in zip(versions, evaluations, strict=True)
        if version.id in made
    }
    shown = {
        version.id: worklist.QueueFields.of(pack, evaluation)
        for version, evaluation in zip(versions, evaluations, strict=True)
        if version.id in made
    }
    placed = worklist.place(work, pack, shown, batch.as_of, dangers)
    changed = (each.reference for each in placed if each.changed)
    webhooks.tell(session, batch.submitter, "decision.changed", changed, decided_at)
    if batch.ageing:
        ageing.tell(session, placed, batch, decided_at)
    # Counted is what came in: that time went by is no new case.
    counted = (
        []
        if batch.ageing
        else [each for version, each in zip(versions, evaluations, strict=True) if version.id in made]
    )
    worklist.count(work, pack, batch.submitter, counted)
    chunks.finish(session, chunk, clock())
    return len(written)


def _take_over(work: Work, batch: Batch, chunk: Chunk, pack: Pack) -> None:
    """Let another pack decide a chunk than the one its batch is for."""
    if publication.keep(work, pack):
        publication.note(work, pack)
    moved = {"pack": pack.sha256, "batch": batch.id, "versions": chunk.case_version_ids}
    work.session.connection().execute(_TAKE_OVER, moved)
    _log.info("chunk.taken_over", batch=str(batch.id), cases=len(chunk.case_version_ids), by=pack.manifest.version)


@lru_cache(maxsize=16)
def evaluator(pack: Pack, as_of: dt.date) -> Evaluator:
    """The evaluator of a pack and day, made once, and as the pack is, for good."""
    made = Evaluator(pack, as_of)
    gc.freeze()
    return made


def prepare(pack: Pack, as_of: dt.date) -> None:
    """Make what the first case of a process would wait for, without starting a thread: a forked process has it then."""
    red_flags.prepare(pack)
    evaluator(pack, as_of)


def _evaluated(
    work: Work, chosen: Evaluator, versions: Sequence[Version], *, urgent: bool, ask_once: bool
) -> tuple[list[Evaluation], dict[str, int]]:
    """What a chunk's cases come to; and where each question was asked once, of how many in full, for the ledger.

    Where an answer that was looked up is not what the engine says in full, that is noted, and from then on no worker
    asks once by this pack; this chunk is decided in full.
    """
    facts = [version.facts for version in versions]
    subject = f"pack:{chosen.pack.sha256}"
    if ask_once and not urgent and len(versions) > BOTH_WAYS and not _stopped(work, subject):
        sample = drawn(work.vault, [version.id for version in versions])
        try:
            return chosen.evaluate(facts, in_full=sample), {"asked_in_full": len(sample)}
        except LookedUpError as error:
            case, fields = versions[error.row].case_id, list(error.fields)
            _log.error("asked_once.stopped", case=case, fields=fields, pack=chosen.pack.sha256)
            work.note(ASKED_ONCE_STOPPED, subject, {"case": case, "fields": fields})
    return chosen.evaluate(facts, closely=urgent), {}


def _stopped(work: Work, subject: str) -> bool:
    return bool(work.session.connection().execute(_STOPPED, {"pack": subject}).scalar_one())


def drawn(vault: Vault, versions: Sequence[int]) -> frozenset[int]:
    """The places of one in a hundred versions, at least one: always the same, and only the key tells which."""
    by_lot = sorted(range(len(versions)), key=lambda at: vault.mac(f"asked in full: {versions[at]}".encode()))
    return frozenset(by_lot[: -(-len(versions) // _IN_FULL)])


def _load(work: Work, batch: Batch, pack: Pack, ids: Sequence[int]) -> list[Version]:
    """The versions not decided yet, with what the record adds: flags in the notes, the borrower's other cases."""
    session = work.session
    wanted = {"versions": ids, "pack": pack.sha256, "as_of": batch.as_of}
    rows = session.connection().execute(_UNDECIDED, wanted).all()  # one by one they take longer
    taken_over = pack.sha256 != batch.pack_sha256
    told_on = ageing.told_on(session, ids) if batch.ageing else {}
    versions, known = [], dict[int, dict[str, Any]]()
    for row in rows:
        submitted = text_of(session, row.submitted)
        stored = known[row.id] = told_by(submitted)
        given = case_facts.read_facts(pack.vocabulary, stored, lenient=taken_over or batch.ageing)
        facts = dict(aged(pack.vocabulary, given, told_on.get(row.id, batch.as_of), batch.as_of))
        texts = tuple(written(pack, facts, private_of(work.vault, row.id, row.private)))
        facts["note_flags"] = red_flags.scan_case(pack, facts, texts)
        digest = version_digest(row, submitted)
        versions.append(Version(row.id, row.case_id, digest, tuple(stored), given, facts, texts))
    tied = [version for version in versions if "borrower_ref" in version.facts]
    cases = borrowers.open_cases(
        session, batch.submitter, (str(version.facts["borrower_ref"]) for version in tied), batch.as_of, known
    )
    until: dict[int, dt.date | None] = {}
    for version in tied:
        siblings = cases[str(version.facts["borrower_ref"])]
        until[version.id] = borrowers.next_change(version.facts, version.case_id, siblings)
        borrowers.fill(version.facts, version.case_id, siblings)
        if "debts_total" in pack.vocabulary.facts:  # packs published before it do not know it
            borrowers.place(version.facts, version.case_id, siblings)
    return [replace(each, until=day) if (day := until.get(each.id)) else each for each in versions]


def danger_found(
    pack: Pack, facts: Mapping[str, object], found: Danger | None, texts: Iterable[str], vault: Vault
) -> DangerFound:
    """The danger in a case that nobody has answered, with what it was found in: the words, and what the facts say."""
    denied = denied_kinds(pack, facts)
    if found is None or found.answered:
        return DangerFound(None, (), denied)
    told = [name for name, fact in pack.vocabulary.facts.items() if True in fact.urgent and facts.get(name) is True]
    words = [each for each in texts if danger_of(pack, {"note_flags": red_flags.scan_all(pack, [each])})]
    met = vault.macs(f"{found.grade} {found.kinds} {told} {words}".encode())
    return DangerFound(found.grade, found.kinds, denied, met)


def _row(
    pack: Pack,
    version: Version,
    evaluation: Evaluation,
    as_of: dt.date,
    chunk_id: int,
    now: dt.datetime,
    writer: BodyWriter,
) -> tuple[Any, ...]:
    """A decision's columns but for its id."""
    outcome = evaluation.outcome
    return (
        version.id,
        pack.sha256,
        as_of,
        outcome.strategy,
        outcome.urgency,
        outcome.certain,
        outcome.engines_agree,
        writer.body(version.submitted, version.given, evaluation.facts, outcome),
        min(day for day in (evaluation.valid_until, version.until) if day is not None),
        max((each.date for each in outcome.deadlines), default=None),
        chunk_id,
        now,
    )


def _write(
    work: Work,
    batch: Batch,
    pack: Pack,
    chunk_id: int,
    rows: list[tuple[Any, ...]],
    versions: Mapping[int, bytes],
    how: Mapping[str, int],
) -> list[int]:
    """Write decisions by COPY, in the order of their versions so that two chunks cannot deadlock; answers which.

    Another batch's chunk may decide the same version in the same moment. COPY then waits for it and fails on the
    unique key: what it decided is left out, and the rest written. They are one entry of the ledger, with the tree that
    has the digests of their rows and of these versions; the entry says `how` they were asked.
    """
    session = work.session
    while rows:
        ids = sorted(session.connection().execute(_IDS, {"count": len(rows)}).scalars())
        try:
            with session.begin_nested():
                copy_into(session, "decision", _COLUMNS, ((one, *row) for one, row in zip(ids, rows, strict=True)))
        except UniqueViolation:
            given = {"versions": list(versions), "pack": pack.sha256, "as_of": batch.as_of}
            left = {row.id for row in session.connection().execute(_UNDECIDED, given)}
            rows = [row for row in rows if row[0] in left]
        else:
            leaves = [
                (one, decision_digest(DigestedRow(versions[row[0]], *row))) for one, row in zip(ids, rows, strict=True)
            ]
            decision_tree.plant(session, chunk_id, leaves)
            work.note(DECISIONS, f"{decision_tree.TABLE}:{chunk_id}", {"decisions": len(rows), **how})
            break
    return [row[0] for row in rows]


def written(pack: Pack, facts: case_facts.Facts, opened: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """The texts of a case version, those that are sealed among them."""
    return texts_of(pack, facts, opened["facts"], opened["extra"])
