"""The record: rows, row locks, advisory locks and transactions at READ COMMITTED, as far as the protocol needs them."""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]  # a table and a row
Subject = tuple[str, int]  # what an entry of the ledger is about
Entry = tuple[int, Subject, int, int]  # number, what it is about, the digest of that, the mac
CASES = 24  # whose versions are handed in again and again: more than stand in one batch


def case_of(version: int) -> int:
    """The case that a version is of; of two the one with the higher number is newer."""
    return version % CASES


class GoneError(Exception):
    """The connection is lost, a lock was not had in time, or the database is away: an OperationalError."""


class TakenError(Exception):
    """A unique key is there already."""


@dataclass(slots=True)
class Chunk:
    """A row of `chunk`."""

    batch: int
    cases: tuple[int, ...]
    turn: int
    woken_at: float
    status: str = "pending"
    tries: int = 0
    claimed_at: float | None = None
    done_at: float | None = None
    broken: bool = False  # whether it has an error


@dataclass(slots=True)
class Batch:
    """A row of `batch`."""

    status: str = "running"


@dataclass(slots=True)
class Delivery:
    """A row of `delivery`: an event of a batch on its way to a receiver."""

    batch: int
    next_at: float
    status: str = "pending"
    tries: int = 0


@dataclass(slots=True)
class Desk:
    """A row of `desk_case`."""

    version: int
    decided: bool
    failed: bool = False
    status: str = "open"
    assignee: int = 0
    revision: int = 1

    def digest(self, review: int) -> int:
        """What is sealed of it, with the number of its case's newest review."""
        return hash((self.version, self.decided, self.failed, self.status, self.assignee, self.revision, review))


@dataclass(slots=True)
class Head:
    """The row of `ledger_head`."""

    seq: int = 0
    mac: int = 0


HEAD: Key = ("head", 1)


def chained(mac: int, subject: Subject, digest: int) -> int:
    """The mac of an entry after the one with this mac."""
    return hash((mac, subject, digest))


def leaf_of(number: int, subject: Subject, digest: int) -> bytes:
    """What is hashed of an entry as a leaf of the ledger's tree."""
    return f"{number} {subject} {digest}".encode()


@dataclass(slots=True)
class Record:
    """What is committed, and who holds what."""

    rows: dict[Key, Any] = field(default_factory=lambda: {HEAD: Head()})
    ledger: list[Entry] = field(default_factory=list)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)  # of the ledger's tree, by level and place
    leaves: int = 0  # how many of them are of level 0
    newest: dict[int, int] = field(default_factory=dict)  # the newest version that was handed in, by case
    reviews: dict[int, int] = field(default_factory=dict)  # the newest review, by case
    desk: dict[int, None] = field(default_factory=dict)  # the cases that have a row there
    failed: list[int] = field(default_factory=list)  # chunks
    locks: dict[Key, "Connection"] = field(default_factory=dict)
    held: dict[int, "Connection"] = field(default_factory=dict)  # advisory locks of chunks
    chunks: list[int] = field(default_factory=list)  # all there are, as committed
    batches: list[int] = field(default_factory=list)
    deliveries: list[int] = field(default_factory=list)
    open: dict[str, dict[int, None]] = field(  # of each table those that are not settled: partial indexes, so to speak
        default_factory=lambda: {"chunk": {}, "batch": {}, "delivery": {}}
    )
    away: bool = False
    ids: int = 0

    def put(self, key: Key, row: Any) -> None:
        """Write a row for good."""
        table, number = key
        is_open = self.open.get(table)
        if is_open is not None:
            if key not in self.rows:
                {"chunk": self.chunks, "batch": self.batches, "delivery": self.deliveries}[table].append(number)
                if table == "chunk":
                    for version in row.cases:
                        self.newest[case_of(version)] = max(version, self.newest.get(case_of(version), 0))
            if row.status == "failed" and table == "chunk":
                self.failed.append(number)
            if row.status in ("pending", "running"):
                is_open[number] = None
            else:
                is_open.pop(number, None)
        elif table == "review":
            self.reviews[row] = max(number, self.reviews.get(row, 0))
        elif table == "desk":
            self.desk[number] = None
        self.rows[key] = row

    def unknown(self) -> list[int]:
        """Versions of failed chunks that are the newest of their case, and of which the desk does not know."""
        found: set[int] = set()
        for chunk in self.failed:
            (version,) = self.rows["chunk", chunk].cases
            row = self.rows.get(("desk", case_of(version)))
            known = row is not None and (row.failed or row.version >= version)
            if not known and self.newest[case_of(version)] == version:
                found.add(version)
        return sorted(found)

    def new_id(self) -> int:
        """The next one; a transaction that is rolled back leaves a gap."""
        self.ids += 1
        return self.ids


@dataclass(slots=True)
class Connection:
    """A connection with the transaction that is open on it."""

    record: Record
    alive: bool = True
    writes: dict[Key, Any] = field(default_factory=dict)
    locked: set[Key] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)
    nodes: list[tuple[int, int, bytes]] = field(default_factory=list)
    used_at: float = 0.0
    fenced: bool = True  # what it held is lost with it; False is one of the planted faults

    def usable(self) -> None:
        """What begins every statement."""
        if self.record.away or (not self.alive and self.fenced):
            raise GoneError

    def read(self, key: Key) -> Any:
        """The row as this transaction sees it; None if there is none."""
        found = self.writes.get(key)
        return self.record.rows.get(key) if found is None else found

    def newest_review(self, case: int) -> int:
        """The number of a case's newest review, one of this transaction among them."""
        own = [key[1] for key, row in self.writes.items() if key[0] == "review" and row == case]
        return max([self.record.reviews.get(case, 0), *own])

    def edit(self, key: Key) -> Any:
        """The row to be changed."""
        found = self.writes.get(key)
        if found is None:
            found = self.writes[key] = copy(self.record.rows[key])
        return found

    def insert(self, key: Key, row: Any) -> None:
        """A new row, locked as any that a transaction wrote."""
        self.writes[key] = row
        self.record.locks[key] = self
        self.locked.add(key)

    def lock(self, key: Key) -> bool:
        """FOR UPDATE; False while another transaction has it."""
        holder = self.record.locks.get(key)
        if holder is self:
            return True
        if holder is not None:
            return False
        self.record.locks[key] = self
        self.locked.add(key)
        return True

    def hold(self, chunk: int) -> bool:
        """pg_try_advisory_lock: for the connection, over its transactions."""
        return self.record.held.setdefault(chunk, self) is self

    def release(self, chunk: int) -> None:
        """pg_advisory_unlock."""
        if self.record.held.get(chunk) is self:
            del self.record.held[chunk]

    def let_go(self) -> None:
        """pg_advisory_unlock_all."""
        for chunk in [chunk for chunk, holder in self.record.held.items() if holder is self]:
            del self.record.held[chunk]

    @property
    def in_transaction(self) -> bool:
        """Whether it is idle in transaction when nothing is done on it."""
        return bool(self.locked or self.writes)

    def discard(self, keys: "set[Key] | None" = None) -> None:
        """Roll back: all of it, or to a savepoint what was written since."""
        for key in list(self.locked if keys is None else keys):
            if self.record.locks.get(key) is self:
                del self.record.locks[key]
            self.locked.discard(key)
            self.writes.pop(key, None)
        if keys is None:
            self.writes.clear()
            self.entries.clear()
            self.nodes.clear()

    def end(self) -> None:
        """The server ends the connection."""
        self.alive = False
        if self.fenced:
            self.discard()
        else:
            for key in list(self.locked):
                if self.record.locks.get(key) is self:
                    del self.record.locks[key]
        self.let_go()

    def commit(self) -> dict[Key, Any]:
        """Everything at once; answers what was written."""
        self.usable()
        record, written = self.record, dict(self.writes)
        for key, row in written.items():
            record.put(key, row)
        record.ledger.extend(self.entries)
        for level, at, node in self.nodes:
            record.nodes[level, at] = node
            record.leaves += level == 0
        self.discard()
        return written
