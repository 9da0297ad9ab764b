"""The ledger: one append-only chain of what was decided, done, seen and given out, keyed so that nobody can mend it.

Each entry's mac is a keyed hash of the entry and of the mac before it; the head holds the last one, and a keyed seal.
Appending locks the head until the transaction ends, so that concurrent writers make one chain. It is therefore the last
thing a transaction does, and the unit of work alone does it: whoever held the head and waited for a row of somebody who
waits for the head would wait for ever.
"""

import base64
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session, col, select

from forbear.base.errors import ForbearError
from forbear.base.vault import Vault, read_line
from forbear.ledger import decision_tree, ledger_tree, seals, states
from forbear.ledger.checkpoint import VerifierKey, succession, verifier_key
from models.database.copy import copy_into
from models.ledger import LedgerHead, LedgerRow
from models.operation.vault_key import VaultKey

SYSTEM = "system"
START = "start"
KEY = "key"  # another key is used, or everything is under it
STATE = "state"  # how a row that people change was when entries began to tell that
SEALS = "seals"  # of the worklist's rows
DECISIONS = "decisions"  # of a chunk; those of before have an entry each
ASKED_ONCE_STOPPED = "asked_once_stopped"  # an answer that was looked up is not what the engine says; about the pack
PURGE = "purge"  # its detail has under "gone" the ids of rows that are no more, by the kind of entry that told of them
NO_REJECTS: Final = sha256().hexdigest()
GENESIS = b""  # what the first entry is chained to
_BLOCK = 5000  # rows adopted at once
_COLUMNS = ("seq", "at", "actor", "kind", "subject", "detail", "digest", "mac")


@dataclass(frozen=True)
class Digested:
    """A table each row of which has an entry of one kind, with a digest of what never changes in it."""

    table: str
    key: str
    type: str
    covers: str  # by name, so that a column added later does not change the digests of old rows


_VERSION = """(
    SELECT jsonb_build_array(
        c.submitter, c.case_ref, v.case_id, v.number, CASE WHEN substr(v.facts, 1, 1) = '{'
            THEN CAST(convert_from(v.facts, 'UTF8') AS jsonb) ELSE to_jsonb(encode(v.facts, 'hex')) END,
        encode(sha256(v.private), 'hex'), encode(v.content_mac, 'hex'), v.batch_id, v.created_at AT TIME ZONE 'UTC'
    )
    FROM case_version v JOIN "case" c ON c.id = v.case_id WHERE v.id = kept.case_version_id
)"""
_PLANTED = """(
    SELECT d.id FROM decision d LEFT JOIN (SELECT unnest(ids) AS id FROM decision_tree) leaf USING (id)
    WHERE leaf.id IS NULL
) AS kept"""
# By kind of entry. A decision answers for the facts as they were submitted, too. The digest of a tree is its root.
DIGESTED: Final = {
    "publication": Digested("pack", "sha256", "text", "sha256, pack_id, version, files"),
    "batch": Digested(
        "batch",
        "id",
        "uuid",
        "submitter, as_of, pack_sha256, rows_read, accepted, rejected, unchanged, created_at AT TIME ZONE 'UTC'",
    ),
    "decision": Digested(
        "decision",
        "id",
        "bigint",
        f"{_VERSION}, case_version_id, pack_sha256, as_of, strategy, urgency, certain, engines_agree, facts, outcome, "
        "chunk_id, created_at AT TIME ZONE 'UTC'",
    ),
    DECISIONS: Digested(decision_tree.TABLE, "chunk_id", "bigint", "ids, digests"),
    "review": Digested(
        "review",
        "id",
        "bigint",
        "case_id, decision_id, account_id, at AT TIME ZONE 'UTC', action, strategy, reason, detail, "
        "encode(words, 'hex')",
    ),
}

_REJECTS = text("""
    SELECT encode(sha256(convert_to(coalesce(string_agg(
        jsonb_build_array(row, field, encode(sha256(content), 'hex'))::text, ',' ORDER BY row
    ), ''), 'UTF8')), 'hex') FROM rejection WHERE batch_id = CAST(:batch AS uuid)
""")


@dataclass(frozen=True)
class LedgerEntry:
    """What is to be chained: a kind, what it is about as `<table>:<id>`, and details that are nothing personal."""

    kind: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)
    digest: bytes | None = None


def append(session: Session, vault: Vault, actor: str, entries: Iterable[LedgerEntry], now: dt.datetime) -> None:
    """Chain entries, those of a digested kind with the digest of their row. Called by the unit of work, when it ends.

    Raises TypeError for a detail that would not come back from the database as it went in, LookupError for a row that
    is not there.
    """
    entries = _digested(session, list(entries))
    if not entries:
        return
    head = _locked_head(session)
    # Only now is nobody else between what these rows are and what is said of them.
    entries = _stated(session, entries)
    if head.generation != vault.generation:  # a new key came while this went on, or while its process did
        vault = read_line(session, vault)
    seq, mac, rows, leaves = head.seq, head.mac, [], []
    at = now.astimezone(dt.UTC).isoformat(timespec="microseconds")
    for entry in entries:
        _check(entry.detail)
        seq += 1
        leaves.append(ledger_tree.leaf_of(seq, at, actor, entry.kind, entry.subject, entry.detail, entry.digest))
        mac = chained(vault, seq, leaves[-1], mac)
        detail = json.dumps(entry.detail, ensure_ascii=False)
        rows.append((seq, now, actor, entry.kind, entry.subject, detail, entry.digest, mac))
    copy_into(session, "ledger", _COLUMNS, rows)
    ledger_tree.grow(session, head.seq, leaves)
    head.seq, head.mac, head.seal = seq, mac, sealed(vault, seq, mac)
    session.add(head)
    session.flush()


def start(session: Session, vault: Vault, now: dt.datetime) -> None:
    """Chain what a database holds from before there was a ledger, once. Whoever migrates or opens a record calls it."""
    begun = select(LedgerRow.seq).where(LedgerRow.kind == START).limit(1)
    tell = partial(append, session, vault, SYSTEM, now=now)
    if session.exec(begun).first() is not None:
        _plant(session)
        _catch_up(session, tell)
        _seal_desk(session, vault, tell)
        return
    _locked_head(session)  # what others write from here on they chain themselves, after us
    if session.exec(begun).first() is not None:
        return
    adopted = {}
    for kind in DIGESTED:
        found = unchained(session, kind)
        adopted[kind] = len(found)
        for at in range(0, len(found), _BLOCK):
            old = (LedgerEntry(kind, f"{DIGESTED[kind].table}:{row}") for row in found[at : at + _BLOCK])
            tell(old)
    adopted[STATE] = _tell_states(session, tell)
    adopted[SEALS] = seals.adopt(session, vault)
    tell([LedgerEntry(START, "ledger:1", {"adopted": adopted})])


def tells_states(session: Session) -> bool:
    """Whether every row that people change has an entry with its digest; a ledger of before is brought to it once."""
    return _adopted(session, STATE)


def seals_desk(session: Session) -> bool:
    """Whether every row of the worklist has a seal; a record of before is brought to it once."""
    return _adopted(session, SEALS)


def _adopted(session: Session, what: str) -> bool:
    marks = select(LedgerRow.detail).where(col(LedgerRow.kind).in_((START, STATE)), LedgerRow.subject == "ledger:1")
    return any(what in mark["adopted"] for mark in session.exec(marks))


def _catch_up(session: Session, tell: Callable[[Iterable[LedgerEntry]], None]) -> None:
    """Say once of each row that people change how it is, in a ledger of before its entries told that."""
    if tells_states(session):
        return
    _locked_head(session)
    if not tells_states(session):
        told = {STATE: _tell_states(session, tell)}
        tell([LedgerEntry(STATE, "ledger:1", {"adopted": told})])


def _seal_desk(session: Session, vault: Vault, tell: Callable[[Iterable[LedgerEntry]], None]) -> None:
    """Seal the worklist of a record from before there were seals, once, and say so."""
    if seals_desk(session):
        return
    _locked_head(session)
    if not seals_desk(session):
        tell([LedgerEntry(STATE, "ledger:1", {"adopted": {SEALS: seals.adopt(session, vault)}})])


def _tell_states(session: Session, tell: Callable[[Iterable[LedgerEntry]], None]) -> int:
    found = list(states.untold(session))
    for at in range(0, len(found), _BLOCK):
        tell(LedgerEntry(STATE, each) for each in found[at : at + _BLOCK])
    return len(found)


def _plant(session: Session) -> None:
    """Make the tree of a ledger that is older than trees, once."""
    if ledger_tree.size(session) < session.exec(select(LedgerHead.seq)).one():
        ledger_tree.grow(session, _locked_head(session).seq)


def hand_over(session: Session, vault: Vault, now: dt.datetime) -> Vault:
    """Have everything from here on chained with FORBEAR_KEY, where the database uses another key; answers the vault.

    The last entry of the old key has the public key of the new one, signed with the old one. Raises ForbearError for a
    key that was used before, and where the one before is not finished with.
    """
    head = _locked_head(session)
    vault = read_line(session, vault)
    new = vault.successor()
    if new is None:
        return vault
    if vault.rotating:
        raise ForbearError("The last new key is not done with yet: set FORBEAR_KEY to it and run `forbear key rotate`.")
    if new.fingerprint in {each.fingerprint for each in vault.line}:
        raise ForbearError("FORBEAR_KEY is a key that this database used before: make a new one.")
    number, public = vault.generation + 1, VerifierKey(verifier_key(vault).name, new.public)
    signature = base64.b64encode(vault.sign(succession(number, public))).decode()
    told = {"what": "next", "key": str(public), "signature": signature}
    append(session, vault, SYSTEM, [LedgerEntry(KEY, f"key:{number}", told)], now)
    session.add(VaultKey(id=number, fingerprint=new.fingerprint, since=head.seq + 1))
    head.generation = number
    session.flush()
    vault = read_line(session, vault)
    for at, former in enumerate(vault.line[:-1], 1):
        session.get_one(VaultKey, at).kept = vault.kept(former, at)
    append(session, vault, SYSTEM, [LedgerEntry(KEY, f"key:{number}", {"what": "begun"})], now)
    return vault


def chained(vault: Vault, seq: int, leaf: bytes, before: bytes) -> bytes:
    """The mac of an entry that follows the one with mac `before`: over what is its leaf in the tree, and that."""
    return vault.chain(leaf[:-1] + b',"' + before.hex().encode() + b'"]', seq)


def sealed(vault: Vault, seq: int, mac: bytes) -> bytes:
    """The seal of a head. Whoever cuts entries off finds the mac before them in the table, but not its seal."""
    return _keyed(vault, seq, ["head", seq, mac.hex()])


def row_id(subject: str) -> str:
    """The id of the row that an entry is about."""
    return subject.partition(":")[2]


def digests(session: Session, kind: str, ids: Sequence[Any]) -> dict[str, bytes]:
    """SHA-256 of those rows of these ids that exist, by id as text, in the order of the ids; of trees the roots."""
    if kind == DECISIONS:
        return decision_tree.roots(session, ids)
    of = DIGESTED[kind]
    query = text(f"""
        SELECT {of.key}::text, sha256(convert_to(jsonb_build_array({of.covers})::text, 'UTF8'))
        FROM {of.table} AS kept WHERE {of.key} = ANY(CAST(:ids AS {of.type}[])) ORDER BY kept.{of.key}
    """)  # noqa: S608 - names of ours
    rows = session.connection().execute(query, {"ids": [str(each) for each in ids]})
    return {row_id: bytes(digest) for row_id, digest in rows}


def rejects(session: Session, batch: str) -> str:
    """SHA-256 over a batch's rejected rows, as they came and with what was wrong, which its entry tells."""
    return str(session.connection().execute(_REJECTS, {"batch": batch}).scalar_one())


def unchained(session: Session, kind: str) -> list[str]:
    """The rows of a digested table that no entry of the kind is about, by id, nor, of decisions, a tree."""
    of = DIGESTED[kind]
    table = _PLANTED if kind == "decision" else f"{of.table} AS kept"
    query = text(f"""
        SELECT kept.{of.key}::text FROM {table} WHERE NOT EXISTS (
            SELECT FROM ledger WHERE kind = :kind AND subject = :table || ':' || kept.{of.key}
        ) ORDER BY kept.{of.key}
    """)  # noqa: S608 - names of ours
    return list(session.connection().execute(query, {"kind": kind, "table": of.table}).scalars())


def _digested(session: Session, entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """The entries, those of a digested kind with the digest of their row."""
    session.flush()
    ids: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.kind in DIGESTED:
            ids[entry.kind].append(row_id(entry.subject))
    found = {kind: digests(session, kind, of_kind) for kind, of_kind in ids.items()}
    return [
        replace(entry, digest=_digest(found[entry.kind], entry)) if entry.kind in DIGESTED else entry
        for entry in entries
    ]


def _stated(session: Session, entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """The entries, those about rows that people change with the digest of what these are now."""
    about = {entry.subject for entry in entries if entry.kind not in DIGESTED and states.table_of(entry.subject)}
    found = states.digests(session, about) if about else {}
    return [replace(entry, digest=found.get(entry.subject)) if entry.subject in about else entry for entry in entries]


def _digest(found: dict[str, bytes], entry: LedgerEntry) -> bytes:
    if row_id(entry.subject) not in found:
        raise LookupError(f"there is no {entry.subject} for an entry to be about")
    return found[row_id(entry.subject)]


def _locked_head(session: Session) -> LedgerHead:
    session.flush()
    query = select(LedgerHead).where(col(LedgerHead.id) == 1).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def _keyed(vault: Vault, seq: int, parts: list[Any]) -> bytes:
    return vault.chain(json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(), seq)


def _check(value: object) -> None:
    """Refuse what JSON in PostgreSQL gives back in another form: floats, keys that are no text, Python's own types."""
    match value:
        case None | bool() | int() | str():
            return
        case list() | tuple():
            for item in value:
                _check(item)
        case dict():
            for key, item in value.items():
                if type(key) is not str:
                    raise TypeError(f"a key of a ledger detail is text, not {type(key).__name__}")
                _check(item)
        case _:
            raise TypeError(f"a ledger detail holds text, whole numbers, lists and objects, not {type(value).__name__}")
