"""The ledger: one append-only chain of what was decided, done, seen and given out, keyed so that nobody can mend it.

Each entry's mac is a keyed hash of the entry and of the mac before it; the head holds the last one. Appending locks the
head until the transaction ends, so that concurrent writers make one chain. It is therefore the last thing a
transaction does: whoever held the head and waited for a row of somebody who waits for the head would wait for ever.
"""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from forbear.privacy import Vault
from models.copy import copy_into
from models.ledger import LedgerHead

SYSTEM = "system"
_COLUMNS = ("seq", "at", "actor", "kind", "subject", "detail", "digest", "mac")
# What a digest covers: every column, by name, so that a column added later does not change the digests of old rows.
DIGESTED = {
    "decision": (
        "case_version_id, pack_sha256, as_of, strategy, urgency, certain, engines_agree, facts, outcome, chunk_id, "
        "created_at"
    ),
    "review": "case_id, decision_id, account_id, at, action, strategy, reason, detail, encode(words, 'hex')",
}


@dataclass(frozen=True)
class Entry:
    """What is to be chained: a kind, what it is about as `<table>:<id>`, and details that are nothing personal."""

    kind: str
    subject: str
    detail: dict[str, Any] = field(default_factory=dict)
    digest: bytes | None = None


def append(session: Session, vault: Vault, actor: str, entries: Iterable[Entry], now: dt.datetime) -> None:
    """Chain entries. The last step of a transaction; `actor` is `account:<id>`, `token:<id>` or SYSTEM."""
    entries = list(entries)
    if not entries:
        return
    session.flush()
    head = session.exec(select(LedgerHead).with_for_update().execution_options(populate_existing=True)).one()
    seq, mac, rows = head.seq, head.mac, []
    for entry in entries:
        seq += 1
        mac = chained(vault, seq, now, actor, entry, mac)
        detail = json.dumps(entry.detail, ensure_ascii=False)
        rows.append((seq, now, actor, entry.kind, entry.subject, detail, entry.digest, mac))
    copy_into(session, "ledger", _COLUMNS, rows)
    head.seq, head.mac = seq, mac
    session.add(head)
    session.flush()


def chained(vault: Vault, seq: int, at: dt.datetime, actor: str, entry: Entry, before: bytes) -> bytes:
    """The mac of an entry that follows the one with mac `before`."""
    digest = None if entry.digest is None else entry.digest.hex()
    at_text = at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    parts = [seq, at_text, actor, entry.kind, entry.subject, entry.detail, digest, before.hex()]
    return vault.mac(json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode())


def of_rows(session: Session, table: str, where: str, values: dict[str, Any]) -> list[Entry]:
    """An entry for each row of a digested table that a condition selects, in the order of their ids."""
    return [
        Entry(table, f"{table}:{row_id}", digest=digest) for row_id, digest in digests(session, table, where, values)
    ]


def digests(session: Session, table: str, where: str, values: dict[str, Any]) -> Sequence[tuple[int, bytes]]:
    """(id, SHA-256) of rows of a digested table, in the order of their ids."""
    covered = f"sha256(convert_to(jsonb_build_array({DIGESTED[table]})::text, 'UTF8'))"
    query = text(f"SELECT id, {covered} FROM {table} WHERE {where} ORDER BY id")  # noqa: S608 - names of ours
    return [(row_id, bytes(digest)) for row_id, digest in session.connection().execute(query, values)]
