"""A process and its transactions: statements that wait for rows; seals, ledger and commit at the end; tries again."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.simulation.record import HEAD, Connection, GoneError, Key, Record, Subject, chained, leaf_of
from forbear.ledger import merkle

if TYPE_CHECKING:
    from bench.simulation.world import World

Steps = Generator[str, None, Any]
STEP, WAIT, IDLE = "step", "wait", "idle"  # what a process says of itself: only steps are counted
RETRIES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # workers/tasks.py:_PAUSES
STEADY_FOR = 30.0  # workers/tasks.py:_STEADY_FOR
LOCK_SECONDS = 10.0  # forbear/base/settings.py:Settings, lock_seconds


class DatabaseAwayError(Exception):
    """workers/tasks.py:DatabaseAwayError; to a person, 503."""


class BrokenError(Exception):
    """A case breaks the evaluation."""


class KilledError(Exception):
    """A case kills the process that evaluates it."""


class RefusedError(Exception):
    """What somebody wanted to do is not done, because the case changed: forbear/desk/review.py:StaleError."""


@dataclass(slots=True, eq=False)
class Transactions:
    """Who works on the record: a connection, and what is told and sealed at the end of its transaction."""

    world: "World"
    connection: Connection | None = None
    noted: list[Subject] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)  # cases whose row of the worklist changed
    seen: dict[int, int] = field(default_factory=dict)  # one of the planted faults: reviews as they were before a lock
    steps: Steps | None = None
    asleep_until: float = 0.0
    stopped_until: float = 0.0

    def now(self) -> float:
        """The database's clock: forbear/ledger/unit_of_work.py:begin."""
        return self.world.time + self.world.offset

    def steady(self, use_case: Callable[[Connection], Steps], pauses: tuple[float, ...] = RETRIES) -> Steps:
        """workers/tasks.py:_steady, with forbear/ledger/unit_of_work.py:begin; a request is tried once."""
        end = self.world.time + STEADY_FOR
        for pause in (*pauses, None):
            self.noted.clear()
            self.touched.clear()
            open_ = self.connected()
            try:
                yield STEP
                open_.usable()
                answer = yield from use_case(open_)
                yield from self.seal(open_)
                apart = self.world.bug == "the ledger is written apart"
                if not apart:
                    yield from self.append(open_)
                yield STEP
                self.world.committed(open_)
                if apart and self.noted:
                    yield from self.append(open_)
                    yield STEP
                    self.world.committed(open_)
            except GoneError:
                open_.discard()
                if pause is None or self.world.time + pause > end:
                    break
                self.asleep_until = self.world.time + pause
                yield IDLE
            except (BrokenError, KilledError, RefusedError):
                open_.discard()
                raise
            else:
                return answer
        raise DatabaseAwayError

    def seal(self, open_: Connection) -> Steps:
        """forbear/ledger/seals.py:seal."""
        if not self.touched:
            return
        yield STEP
        open_.usable()
        cases = sorted(self.touched)
        reviews = {case: open_.newest_review(case) for case in cases}
        if self.world.bug == "what is sealed was read before its lock":
            reviews |= {case: review for case, review in self.seen.items() if case in reviews}
            self.seen.clear()
        macs = [(case, open_.read(("desk", case)).digest(reviews[case])) for case in cases]
        yield STEP
        open_.usable()
        for case, mac in macs:
            yield from self.had(open_, ("seal", case))
            open_.writes["seal", case] = mac

    def append(self, open_: Connection) -> Steps:
        """forbear/ledger/ledger.py:append, with _digested, _locked_head and forbear/ledger/ledger_tree.py:grow."""
        if not self.noted:
            return
        bug, record = self.world.bug, self.world.record
        yield STEP
        open_.usable()
        told = [(subject, hash(open_.read(subject)) if subject[0] == "tree" else 0) for subject in self.noted]
        early = self._frontier(record) if bug == "the ledger's tree grows before the head is locked" else None
        if bug != "the ledger's head is not locked":
            yield from self.locked(open_, HEAD)
        yield STEP
        open_.usable()
        head = open_.edit(HEAD)
        before, leaves = head.seq, []
        yield STEP
        open_.usable()
        for subject, digest in told:
            head.seq += 1
            head.mac = chained(head.mac, subject, digest)
            open_.entries.append((head.seq, subject, digest, head.mac))
            leaves.append(leaf_of(head.seq, subject, digest))
        yield STEP
        open_.usable()
        stored, waiting = early or self._frontier(record)
        if stored == before or early:
            yield STEP
            open_.usable()
            for at, leaf in enumerate(leaves, stored):
                open_.nodes += merkle.completed(waiting, merkle.leaf_hash(leaf), at)

    def _frontier(self, record: Record) -> tuple[int, list[bytes | None]]:
        """forbear/ledger/ledger_tree.py:frontier, with size."""
        size = record.leaves
        levels = range(size.bit_length())
        return size, [record.nodes[each, (size >> each) - 1] if size >> each & 1 else None for each in levels]

    def locked(self, open_: Connection, key: Key) -> Steps:
        """A statement that waits for a row, or for whoever is writing the same key."""
        yield STEP
        open_.usable()
        yield from self.had(open_, key)

    def had(self, open_: Connection, key: Key) -> Steps:
        """Within a statement, wait for a row as long as lock_timeout allows."""
        since = self.world.time
        while not open_.lock(key):
            if self.world.time - since > LOCK_SECONDS:
                raise GoneError
            yield WAIT
            open_.usable()

    def connected(self) -> Connection:
        """The process's connection, a new one where that is gone (pool_pre_ping)."""
        if self.connection is None or not self.connection.alive:
            self.connection = Connection(self.world.record, fenced=self.world.bug != "a lost lease commits")
        return self.connection
