"""The audit: recomputes the whole ledger and everything it answers for, and names whatever does not fit."""

import contextlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session, select

from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.ledger import decision_tree, ledger, ledger_tree, seals, states
from forbear.ledger.dangling import astray, dangling, mentions
from forbear.ledger.ledger_tree import MissingNodeError
from models.ledger import LedgerHead

SHOWN = 20  # faults that are named; the others are counted
_BLOCK = 5000  # entries in memory at once
# Moments and details as text: what somebody put there need not be anything that Python can read.
_ENTRIES = text("""
    SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS at, actor, kind, subject,
        detail::text AS detail, digest, mac
    FROM ledger WHERE seq > :after ORDER BY seq LIMIT :size
""")
# Whoever is signed in came in by what its entry tells: on this account, so, then, and for no longer than a day's work.
_SESSIONS = text("""
    SELECT DISTINCT one.account_id FROM sign_in one
    WHERE one.created_at > (SELECT max(at) FROM ledger WHERE subject = 'ledger:1') AND NOT EXISTS (
        SELECT FROM ledger WHERE subject = 'account:' || one.account_id AND kind = 'sign_in' AND at = one.created_at
            AND detail ->> 'session' = encode(one.secret_hash, 'hex')
            AND (detail ->> 'way' IS NOT DISTINCT FROM 'oidc') = one.vouched
    ) OR one.expires_at > one.created_at + interval '12 hours' ORDER BY 1
""")


@dataclass(frozen=True)
class LedgerFault:
    """One thing that is not as it was written: where, and what is wrong there."""

    where: str
    what: str


@dataclass(frozen=True)
class Report:
    """What an audit came to. Who notes the head, the mac of the last entry, can tell later that none was cut off."""

    entries: int
    head: bytes
    faults: tuple[LedgerFault, ...]  # the first ones
    count: int  # of all of them


def verify(
    session: Session,
    vault: Vault,
    start: int = 1,
    expect: bytes | None = None,
    seen: Callable[[int], None] | None = None,
) -> Report:
    """Look at every entry from number `start` on, and at every row that must have one.

    `expect` is a mac noted at an earlier audit: an entry must have it. The session must be a snapshot (repeatable
    read), or what is written meanwhile looks like a fault. `seen` is told how many more entries were looked at.
    """
    walk = _Walk(session, vault, start, expect)
    faults: list[LedgerFault] = []
    count = 0
    about = (_inserted(session), _dangling(session), _desk(session, vault), _resealed(session, vault))
    for fault in chain(walk.faults(seen or (lambda _: None)), *about):
        count += 1
        if len(faults) < SHOWN:
            faults.append(fault)
    return Report(walk.entries, walk.mac, tuple(faults), count)


class _Walk:
    """One pass over the chain."""

    def __init__(self, session: Session, vault: Vault, start: int, expect: bytes | None) -> None:
        self._session = session
        self._vault = vault
        self._expect = expect
        self._missing: dict[str, int] = {}  # row that is not there: its entry; a later purge may say why
        self._seq, self.mac = self._before(start)
        self._frontier = self._grown_before(start)  # of the tree over what was seen; None: it is broken already
        self.entries = 0
        self._told: dict[str, tuple[int, bytes]] = {}  # of rows that people change: the newest entry and digest

    def faults(self, seen: Callable[[int], None]) -> Iterator[LedgerFault]:
        for (seq,) in self._session.connection().execute(text("SELECT seq FROM ledger WHERE seq < 1 ORDER BY seq")):
            yield LedgerFault(f"entry {seq}", "not written by Forbear: the chain begins with entry 1")
        if self._frontier is None:
            yield LedgerFault("the tree", f"nodes of the entries before {self._seq + 1} are missing")
        while block := self._next():
            sound, leaves = [], []
            for row in block:
                leaf = self._leaf(row)
                if leaf is None:
                    yield self._fault(row)
                else:
                    sound.append(row)
                    leaves.append(leaf)
                self._seq, self.mac = row.seq, row.mac
                self._expect = None if self._expect == self.mac else self._expect
            yield from self._tree(block[0].seq - 1, leaves if len(leaves) == len(block) else None)
            self._states(sound)
            yield from self._changed(sound)
            yield from self._purged(sound)
            self.entries += len(block)
            seen(len(block))
        yield from self._end()

    def _before(self, start: int) -> tuple[int, bytes]:
        if start == 1:
            return 0, ledger.GENESIS
        before = self._session.connection().execute(_ENTRIES, {"after": start - 2, "size": 1}).first()
        if before is None or before.seq != start - 1:
            raise ForbearError(
                f"There is no entry {start - 1} to begin after: choose another number, or verify it all."
            )
        return start - 1, bytes(before.mac)

    def _grown_before(self, start: int) -> list[bytes | None] | None:
        with contextlib.suppress(MissingNodeError):
            return ledger_tree.frontier(self._session, start - 1)
        return None

    def _next(self) -> Sequence[Row[Any]]:
        return self._session.connection().execute(_ENTRIES, {"after": self._seq, "size": _BLOCK}).all()

    def _leaf(self, row: Row[Any]) -> bytes | None:
        """What the tree has of a sound entry; None of any other, and one behind a gap cannot be told from a forged."""
        if row.seq != self._seq + 1:
            return None
        try:
            detail = json.loads(row.detail)
            leaf = ledger_tree.leaf_of(row.seq, row.at, row.actor, row.kind, row.subject, detail, row.digest)
        except (ValueError, RecursionError):
            return None
        return leaf if row.mac == ledger.chained(self._vault, row.seq, leaf, self.mac) else None

    def _fault(self, row: Row[Any]) -> LedgerFault:
        """What is wrong with an entry that is not sound."""
        if row.seq == self._seq + 2:
            return LedgerFault(f"entry {row.seq - 1}", "missing")
        if row.seq > self._seq + 2:
            return LedgerFault(f"entries {self._seq + 1} to {row.seq - 1}", "missing")
        return LedgerFault(f"entry {row.seq} ({row.kind} of {row.subject})", "changed, or not written by Forbear")

    def _tree(self, before: int, leaves: Sequence[bytes] | None) -> Iterator[LedgerFault]:
        """Compare the nodes that entries complete with those that are stored; over unsound entries none is made."""
        if leaves is None:
            self._frontier = None
        if self._frontier is None or leaves is None:
            return
        made = list(ledger_tree.grown(self._frontier, before, leaves))
        for level, at in ledger_tree.differing(self._session, made):
            yield LedgerFault(f"node {at} of level {level}", "not that of the entries under it")

    def _states(self, block: Sequence[Row[Any]]) -> None:
        """Note what was told last of each row that people change; of one that was purged nothing more is told."""
        for row in block:
            if row.kind == ledger.PURGE:
                self._told.pop(row.subject, None)
            elif states.table_of(row.subject) is not None and row.digest is not None:
                self._told[row.subject] = row.seq, bytes(row.digest)

    def _changed(self, block: Sequence[Row[Any]]) -> Iterator[LedgerFault]:
        """Compare the rows that entries are about with their digests, and note which are gone."""
        about: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in block:
            if row.kind in ledger.DIGESTED:
                about[row.kind].append(row)
        for kind, rows in about.items():
            found = ledger.digests(self._session, kind, [ledger.row_id(row.subject) for row in rows])
            for row in rows:
                digest = found.get(ledger.row_id(row.subject))
                if digest is None:
                    self._missing[row.subject] = row.seq
                elif digest != row.digest and not states.had(self._session, row.subject, digest, row.digest):
                    yield LedgerFault(row.subject, f"changed since entry {row.seq} was written")
                elif kind == ledger.DECISIONS:
                    yield from self._leaves(row)
                elif kind == "batch":
                    yield from self._rejects(row)

    def _rejects(self, entry: Row[Any]) -> Iterator[LedgerFault]:
        """Compare the rows of a batch that were rejected with what its entry tells; those of before tell nothing."""
        told = json.loads(entry.detail)
        now = ledger.rejects(self._session, ledger.row_id(entry.subject))
        sealed_anew = f"rejects:{ledger.row_id(entry.subject)}"
        was = bytes.fromhex(told.get("rejects", now))
        if was.hex() != now and not states.had(self._session, sealed_anew, bytes.fromhex(now), was):
            yield LedgerFault(entry.subject, f"its rejected rows changed since entry {entry.seq} was written")
        elif told.get("rejected") == 0 and now != ledger.NO_REJECTS:
            yield LedgerFault(entry.subject, f"has rejected rows, of which entry {entry.seq} tells none")

    def _leaves(self, entry: Row[Any]) -> Iterator[LedgerFault]:
        """Compare the decisions of a chunk with their tree, and note which are gone."""
        for decision, what in decision_tree.differing(self._session, int(ledger.row_id(entry.subject))):
            subject = f"decision:{decision}"
            if what == "missing":
                self._missing[subject] = entry.seq
            else:
                yield LedgerFault(subject, f"{what} since entry {entry.seq} was written")

    def _purged(self, block: Sequence[Row[Any]]) -> Iterator[LedgerFault]:
        """What was purged is missing for a reason, unless it is there again."""
        purged: dict[str, list[str]] = defaultdict(list)
        for row in block:
            if row.kind == ledger.PURGE:
                for kind, ids in json.loads(row.detail)["gone"].items():
                    purged[kind] += map(str, ids)
        for table in states.OF_CASES:  # rows that people changed, of which nothing more is told
            gone = [f"{table}:{each}" for each in purged.pop(table, ())]
            for subject in gone:
                self._told.pop(subject, None)
            for subject in states.digests(self._session, gone):
                yield LedgerFault(subject, "there again, though it was purged")
        for kind, each in ((kind, each) for kind, ids in purged.items() for each in ids):
            self._missing.pop(f"{ledger.DIGESTED[kind].table}:{each}", None)
        for kind, ids in purged.items():
            for each in ledger.digests(self._session, kind, ids):
                yield LedgerFault(f"{ledger.DIGESTED[kind].table}:{each}", "there again, though it was purged")

    def _end(self) -> Iterator[LedgerFault]:
        for subject, seq in self._missing.items():
            yield LedgerFault(subject, f"missing: entry {seq} is about it, and no purge")
        for subject, there in states.otherwise(self._session, {each: told[1] for each, told in self._told.items()}):
            what = "changed since entry {} was written" if there else "missing: entry {} is about it, and no purge"
            yield LedgerFault(subject, what.format(self._told[subject][0]))
        grown = ledger_tree.size(self._session)
        if grown != self._seq:
            yield LedgerFault("the tree", f"has {grown} entries, but the chain has {self._seq}")
        head = self._session.exec(select(LedgerHead)).first()
        if head is None:
            yield LedgerFault("the head", "missing")
        elif (head.seq, head.mac) != (self._seq, self.mac):
            yield LedgerFault(
                "the head", f"names entry {head.seq}, but the chain ends with entry {self._seq}, or another mac"
            )
        elif head.seq and head.seal != ledger.sealed(self._vault, head.seq, head.mac):
            yield LedgerFault(
                "the head", "not sealed by Forbear: the end of the chain was cut off, or the head changed"
            )
        if self._expect is not None:
            yield LedgerFault(
                "the expected mac", "no entry has it: the end of the chain was cut off, or the chain rewritten"
            )


def _inserted(session: Session) -> Iterator[LedgerFault]:
    if ledger.tells_states(session):
        for each in states.untold(session):
            yield LedgerFault(each, "there, though no entry tells how it is")
        for account in session.connection().execute(_SESSIONS).scalars():
            yield LedgerFault(f"account:{account}", "signed in, though no entry tells of that")
    for kind, of in ledger.DIGESTED.items():
        for each in ledger.unchained(session, kind):
            yield LedgerFault(f"{of.table}:{each}", "there, though no entry tells of it")


def _dangling(session: Session) -> Iterator[LedgerFault]:
    for each in dangling(session):
        yield LedgerFault(each.row, f"names {each.missing}, which is not there")
    for row in astray(session):
        yield LedgerFault(row, "names a case version that this row did not come to")
    for row in mentions(session):
        yield LedgerFault(row, "not as the note has it")


def _desk(session: Session, vault: Vault) -> Iterator[LedgerFault]:
    if ledger.seals_desk(session):
        for case, what in seals.faults(session, vault):
            yield LedgerFault(f"desk_case:{case}", what)


def _resealed(session: Session, vault: Vault) -> Iterator[LedgerFault]:
    for subject in seals.resealed_faults(session, vault):
        yield LedgerFault(subject, "said to be sealed anew, but not by Forbear")
