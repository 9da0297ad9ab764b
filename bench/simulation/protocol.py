"""The protocol, step by step: each function names the one it mirrors, and yields before each statement and message.

Whatever a process does between two yields happens at once; anything may happen at a yield: another process goes on,
this one dies or stops, a connection is lost, a clock jumps, messages are lost, doubled or late.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.simulation.outbox import deliver
from bench.simulation.record import Batch, Chunk, Connection, Delivery, Key, TakenError
from bench.simulation.transactions import (
    IDLE,
    STEP,
    BrokenError,
    DatabaseAwayError,
    Steps,
    Transactions,
)
from bench.simulation.worklist import place, put_on_desk
from forbear.batch.chunks import MAX_TRIES

AT_ONCE = 16  # forbear/batch/chunks.py:_AT_ONCE
ABOUT_TO = 10.0  # forbear/batch/chunks.py:_ABOUT_TO
TRY = 60.0  # forbear/batch/chunks.py:_TRY
SWEEP_SECONDS = 2.0  # forbear/base/settings.py:Settings, sweep_seconds
NOTICE_SECONDS = 60.0  # workers/schedule.py:UPKEEP_SECONDS
DELIVER_SECONDS = 5.0  # workers/schedule.py:DELIVER_SECONDS
Wakes = tuple[int, ...]


@dataclass(slots=True, eq=False)
class Process(Transactions):
    """A worker's process, its connection and what it remembers."""

    owed: set[int] = field(default_factory=set)
    claimed: int | None = None  # the chunk that it is at
    message: int | None = None

    def worker(self) -> Steps:
        """A process of `forbear worker`: messages, one after the other, acknowledged when they are done."""
        while True:
            self.message = self.world.broker.take()
            if self.message is None:
                yield IDLE
                continue
            yield STEP
            yield from self.triage(self.message)
            yield STEP
            self.message = None

    def upkeep(self) -> Steps:
        """A process that consumes `upkeep`: a sweep when it starts (workers/app.py:_look_around), then by the clock."""
        interval, delivered, swept, noticed = 0.0, 0.0, -SWEEP_SECONDS, 0.0
        while True:
            if self.world.time - swept >= SWEEP_SECONDS:
                swept = self.world.time
                yield from self._excused(self.sweep(interval))
                interval = SWEEP_SECONDS
            if self.world.time - delivered >= DELIVER_SECONDS:
                delivered = self.world.time
                yield from self._excused(deliver(self))
            if self.world.time - noticed >= NOTICE_SECONDS:
                noticed = self.world.time
                yield from self._excused(self.unevaluated())
            self.asleep_until = self.world.time + SWEEP_SECONDS
            yield IDLE

    def submitter(self, cases: list[tuple[int, ...]]) -> Steps:
        """forbear/batch/submission/submit.py:submit in a unit of work, then workers/wake.py:wake."""

        def submit(open_: Connection) -> Steps:
            yield STEP
            open_.usable()
            batch = self.world.record.new_id()
            open_.insert(("batch", batch), Batch())
            self.noted.append(("batch", batch))
            turn, made = 0, []
            for part in cases:
                chunk = self.world.record.new_id()
                open_.insert(("chunk", chunk), Chunk(batch, part, turn, self.now()))
                turn += len(part)
                made.append(chunk)
            return tuple(made)

        try:
            wakes = yield from self.steady(submit)
        except DatabaseAwayError:
            return  # whoever handed it in was told so
        yield from self.wake(wakes)

    def _excused(self, task: Steps) -> Steps:
        with contextlib.suppress(DatabaseAwayError):  # as Celery goes on with the next message
            yield from task

    def triage(self, chunk_id: int) -> Steps:
        """workers/tasks.py:triage and _work."""
        try:
            mine, halves = yield from self.steady(lambda open_: self.claim_next(open_, chunk_id))
            self.owed.clear()
            self.claimed = mine
            wakes = (yield from self.evaluate(mine)) if mine is not None else halves
            self.claimed = None
            if mine is None and not halves:
                yield from self.unevaluated()
            yield from self.wake(wakes)
        except DatabaseAwayError:
            self.claimed = None

    def evaluate(self, mine: int) -> Steps:
        """workers/tasks.py:_evaluate."""
        try:
            decided = yield from self.steady(lambda open_: self.triage_chunk(open_, mine))
            if decided is None:
                self.owed.add(mine)
        except DatabaseAwayError:
            if self.world.bug != "outages count as tries":
                self.owed.add(mine)
            raise
        except BrokenError:
            yield from self.steady(lambda open_: self.give_up(open_, mine))
            return (mine,)
        return ()

    def unevaluated(self) -> Steps:
        """workers/tasks.py:_put_on_desk."""
        if self.world.bug == "what failed is on no desk":
            return
        while (yield from self.steady(lambda open_: put_on_desk(self, open_))):
            pass

    def give_up(self, open_: Connection, mine: int) -> Steps:
        """workers/tasks.py:_give_up."""
        yield from self.locked(open_, ("chunk", mine))
        if open_.read(("chunk", mine)).status == "pending":
            open_.edit(("chunk", mine)).broken = True
        yield STEP
        open_.usable()
        open_.let_go()

    def claim_next(self, open_: Connection, chunk_id: int) -> Steps:
        """workers/tasks.py:_claim, with chunks.py:give_back."""
        for owed in sorted(self.owed):
            yield from self.locked(open_, ("chunk", owed))
            row = open_.read(("chunk", owed))
            if row.status == "pending" and row.tries > 0:
                open_.edit(("chunk", owed)).tries -= 1
        first = yield from self.next_up(open_)
        if first is None:
            return None, ()
        return (yield from self.claim(open_, first))

    def next_up(self, open_: Connection) -> Steps:
        """forbear/batch/chunks.py:next_up."""
        yield STEP
        open_.usable()
        open_.let_go()
        passed: set[int] = set()
        while True:
            yield STEP
            open_.usable()
            rows = self.world.record.rows
            waiting = [
                (row.turn, chunk)
                for chunk in self.world.record.open["chunk"]
                if chunk not in passed and not self.is_last_try(row := rows["chunk", chunk])
            ]
            if not waiting:
                return None
            waiting.sort()
            for _, first in waiting[:AT_ONCE]:
                yield STEP
                open_.usable()
                if (yield from self.chosen(open_, first)):
                    return first
                passed.add(first)

    def chosen(self, open_: Connection, chunk_id: int) -> Steps:
        """forbear/batch/chunks.py:_had, with _hold."""
        if not open_.hold(chunk_id):
            yield STEP
            return self.is_stopped(open_, chunk_id) and self.take(open_, chunk_id) is not None
        yield STEP
        if self.take(open_, chunk_id) is not None:
            return True
        yield STEP
        open_.usable()
        open_.release(chunk_id)
        return False

    def is_stopped(self, open_: Connection, chunk_id: int) -> bool:
        """Of forbear/batch/chunks.py:take the condition `claimed_until`."""
        claimed_at = open_.read(("chunk", chunk_id)).claimed_at
        return claimed_at is not None and abs(self.now() - claimed_at) >= ABOUT_TO

    def take(self, open_: Connection, chunk_id: int) -> Chunk | None:
        """forbear/batch/chunks.py:take: FOR UPDATE SKIP LOCKED."""
        open_.usable()
        row: Chunk = open_.read(("chunk", chunk_id))
        return row if row.status == "pending" and open_.lock(("chunk", chunk_id)) else None

    def claim(self, open_: Connection, chunk_id: int) -> Steps:
        """forbear/batch/chunks.py:claim, with next_turn and _split."""
        yield STEP
        row = self.take(open_, chunk_id)
        if row is None:
            return None, ()
        if row.tries < MAX_TRIES:
            row = open_.edit(("chunk", chunk_id))
            if row.tries:
                row.turn = max(each.turn + len(each.cases) for _, each in self.pending(open_))
            row.tries += self.world.bug != "a try is counted with the work"
            row.claimed_at = self.now()
            return chunk_id, ()
        if len(row.cases) > 1:
            yield STEP
            open_.usable()
            row = open_.edit(("chunk", chunk_id))
            row.done_at = self.now()
            row.status = "split"
            middle = len(row.cases) // 2
            halves = (row.cases[:middle], row.cases[middle:])
            if self.world.bug == "a split loses a case":
                halves = (row.cases[:middle], row.cases[-middle:])
            made = []
            for part in halves:
                made.append(self.world.record.new_id())
                open_.insert(("chunk", made[-1]), Chunk(row.batch, part, row.turn, self.now()))
            return None, tuple(made)
        yield STEP
        open_.usable()
        if self.is_last_try(row):
            return None, ()
        row = open_.edit(("chunk", chunk_id))
        row.status, row.done_at = "failed", self.now()
        yield from self.complete(open_, row.batch)
        return None, ()

    def is_last_try(self, row: Chunk) -> bool:
        """forbear/batch/chunks.py:_is_last_try."""
        if len(row.cases) > 1 or row.tries < MAX_TRIES or row.broken or row.claimed_at is None:
            return False
        return 0 <= self.now() - row.claimed_at <= TRY

    def triage_chunk(self, open_: Connection, chunk_id: int) -> Steps:
        """forbear/batch/triage.py:triage_chunk, with _load."""
        bug = self.world.bug
        yield STEP
        row = self.take(open_, chunk_id)
        if row is None:
            return None
        yield STEP
        open_.usable()
        left = [case for case in row.cases if open_.read(("decision", case)) is None]
        yield STEP
        self.world.evaluate(left)
        left = yield from self.write(open_, row, chunk_id, left)
        if bug == "decisions are committed before the chunk is done":
            yield from self.append(open_)
            yield STEP
            self.world.committed(open_)
            self.noted.clear()
            open_.lock(("chunk", chunk_id))
        yield from place(self, open_, left)
        yield STEP
        open_.usable()
        row = open_.edit(("chunk", chunk_id))
        if bug == "a try is counted with the work":
            row.tries += 1
        row.status, row.done_at = "done", self.now()
        yield from self.complete(open_, row.batch)
        return len(left)

    def write(self, open_: Connection, row: Chunk, chunk_id: int, left: list[int]) -> Steps:
        """forbear/batch/triage.py:_write."""
        while left:
            copied: set[Key] = set()
            try:
                for case in left:
                    key: Key = ("decision", case)
                    if self.world.bug != "decisions have no unique key":
                        yield from self.locked(open_, key)
                        copied.add(key)
                        if key in self.world.record.rows:
                            raise TakenError
                    open_.insert(key, chunk_id)
            except TakenError:
                open_.discard(copied)
                yield STEP
                open_.usable()
                left = [case for case in left if open_.read(("decision", case)) is None]
            else:
                break
        if left:  # forbear/ledger/decision_tree.py:plant
            yield STEP
            open_.usable()
            open_.insert(
                ("tree", chunk_id), row.cases if self.world.bug == "a tree tells what others decided" else tuple(left)
            )
            self.noted.append(("tree", chunk_id))
        return left

    def complete(self, open_: Connection, batch: int) -> Steps:
        """forbear/batch/chunks.py:complete, with webhooks.py:tell_complete."""
        bug, key = self.world.bug, ("batch", batch)
        if bug != "nobody waits for the batch":
            yield from self.locked(open_, key)
        if open_.read(key).status != "running" and bug != "a batch completes twice":
            return
        yield STEP
        open_.usable()
        if any(row.batch == batch for _, row in self.pending(open_)):
            return
        open_.edit(key).status = "complete"
        if bug == "events are told after the commit":
            self.world.told_later(batch)
            return
        yield STEP
        open_.usable()
        open_.insert(("delivery", self.world.record.new_id()), Delivery(batch, self.now()))

    def pending(self, open_: Connection) -> Iterable[tuple[int, Chunk]]:
        """The pending chunks that a transaction sees, its own among them."""
        record = self.world.record
        own = [key[1] for key in open_.writes if key[0] == "chunk" and key not in record.rows]
        for chunk in (*record.open["chunk"], *own):
            row = open_.read(("chunk", chunk))
            if row.status == "pending":
                yield chunk, row

    def idle(self, now: float, interval: float) -> list[int]:
        """Of forbear/batch/chunks.py:sweep the conditions."""
        before, found = now - interval, []
        believed = self.world.bug == "a moment to come is believed"
        for chunk in self.world.record.open["chunk"]:
            row = self.world.record.rows["chunk", chunk]
            claimed = row.claimed_at
            if claimed is not None and self.world.bug == "what was claimed once is not swept":
                continue
            moments = (row.woken_at,) if claimed is None else (row.woken_at, claimed)
            if all(each <= before or (each > now and not believed) for each in moments):
                found.append(chunk)
        return found

    def sweep(self, interval: float) -> Steps:
        """workers/tasks.py:sweep, with forbear/batch/chunks.py:sweep and workers/wake.py:under_way."""
        bug = self.world.bug
        yield STEP
        sent = len(self.world.broker.messages)

        def look(open_: Connection) -> Steps:
            now, wakes = self.now(), list[int]()
            yield STEP
            open_.usable()
            missing = len(self.idle(now, interval)) - sent
            if missing > 0:
                yield STEP
                open_.usable()
                for chunk in self.idle(now, interval):
                    if len(wakes) < missing and open_.lock(("chunk", chunk)):
                        open_.edit(("chunk", chunk)).woken_at = now
                        wakes.append(chunk)
            yield STEP
            open_.usable()
            working = {row.batch for _, row in self.pending(open_)}
            record = self.world.record
            batches = record.batches if bug == "a batch completes twice" else record.open["batch"]
            for batch in list(batches):
                if batch not in working and bug != "nobody waits for the batch":
                    yield from self.complete(open_, batch)
            return tuple(wakes)

        wakes = yield from self.steady(look)
        if bug != "nobody sweeps":
            yield from self.wake(wakes)

    def wake(self, chunks: Wakes) -> Steps:
        """workers/wake.py:wake."""
        for chunk in chunks:
            yield STEP
            self.world.broker.send(chunk)
