"""The world: who goes on next, what breaks, what time it is; all of it by one seed."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.simulation import invariants
from bench.simulation.protocol import Process
from bench.simulation.record import HEAD, Connection, Delivery, Key, Record
from bench.simulation.transactions import STEP, BrokenError, KilledError, Steps, Transactions
from bench.simulation.worklist import Person

IDLE_SECONDS = 120.0  # forbear/base/settings.py:Settings, idle_seconds
NOTICED = 1.0  # seconds until PostgreSQL has noticed that a client is gone: models/database/session.py:_OPTIONS
RESTART = 1.0  # seconds until a process that died is there again
SETTLE_WORK = 900.0  # seconds within which all work is done when nothing breaks any more
SETTLE_TOLD = 12.5 * 3600  # seconds within which everybody is told: a receiver that was down may be asked in 12 h only
FAULTS = ("kill", "stop", "restart", "outage", "flush", "drop", "repeat", "clock", "deaf", "poison", "killer")
# Each of these must be found: a step of the protocol left out or done in the wrong place.
BUGS = (
    "nobody sweeps",
    "what was claimed once is not swept",
    "a moment to come is believed",
    "outages count as tries",
    "a try is counted with the work",
    "decisions are committed before the chunk is done",
    "decisions have no unique key",
    "a lost lease commits",
    "nobody waits for the batch",
    "a batch completes twice",
    "the ledger's head is not locked",
    "the ledger is written apart",
    "events are told after the commit",
    "a delivery is settled before it is sent",
    "an event to come is believed",
    "a split loses a case",
    "a tree tells what others decided",
    "the ledger's tree grows before the head is locked",
    "a row of the desk is not sealed",
    "what is sealed was read before its lock",
    "what was seen is written back",
    "what failed is on no desk",
)


@dataclass(slots=True)
class Broker:
    """Redis: messages in any order. It may lose them all at any time."""

    chance: random.Random
    messages: list[int] = field(default_factory=list)

    def send(self, chunk: int) -> None:
        """A message that wakes for a chunk."""
        self.messages.append(chunk)

    def take(self) -> int | None:
        """Any of them; None where there is none."""
        if not self.messages:
            return None
        at = int(self.chance.random() * len(self.messages))
        self.messages[at], self.messages[-1] = self.messages[-1], self.messages[at]
        return self.messages.pop()


class World:
    """One run: what is handed in, processes that work on it, faults for a while, and what must hold."""

    def __init__(self, seed: int, bug: str | None = None) -> None:
        self.chance = random.Random(seed)
        self.bug = bug
        self.time = 0.0
        self.steps = 0
        self.record = Record()
        self.broker = Broker(self.chance)
        self.accepted: dict[int, tuple[int, ...]] = {}
        self.excuses: Counter[int] = Counter()  # by chunk, how often its process died or was stopped
        self.received: set[int] = set()
        self.poison: dict[int, str] = {}
        self.dying: list[tuple[float, Connection]] = []
        self.away_until = 0.0
        self.stopped_until = 0.0  # of any process
        self.offset = 0.0  # by which the database's clock is wrong
        self.deaf = False
        chance = self.chance
        self.faults = [fault for fault in FAULTS if chance.random() < 0.4]  # a few at once find more than all of them
        self.rate = chance.choice((0.003, 0.02, 0.1))
        self.workers = [Process(self) for _ in range(chance.randint(2, 4))]
        self.upkeep = [Process(self) for _ in range(2)]
        self.people = [Person(self) for _ in range(chance.randint(0, 2))]
        self.grown: list[bytes | None] = []  # the ends of the ledger's tree as it must be
        self.submitters: list[Process] = []
        for person in self.people:
            person.steps = person.working()
        for each in self.workers:
            each.steps = each.worker()
        for each in self.upkeep:
            each.steps = each.upkeep()
        self.cases = 0  # how many there are
        self.everybody: list[Transactions] = [*self.workers, *self.upkeep, *self.people]

    def run(self, steps: int) -> None:
        """Hand in, work and break things for so many steps, then let everything settle. Raises ViolationError."""
        chance = self.chance
        open_chunks, rate = self.record.open["chunk"], self.rate if self.faults else 0.0
        while self.steps < steps:
            roll = chance.random()
            if roll < rate:
                self._break()
            elif roll > 0.995 or (roll > 0.9 and not open_chunks):
                self._hand_in()
            self._go_on(self.everybody)
        self._mend()
        end = self.time + SETTLE_WORK
        while self.time < end and not self._at_rest():
            self._go_on(self.everybody)
        if self._at_rest():
            end = self.time + SETTLE_TOLD
            while self.time < end and not invariants.settled(self.record):
                self._go_on(self.upkeep)
        invariants.check_end(self)

    def committed(self, open_: Connection) -> None:
        """Commit, and see whether what that did may be."""
        rows = self.record.rows
        before: dict[Key, Any] = {}
        for key in open_.writes:
            was = rows.get(key)
            if was is not None:
                before[key] = _before(key, was)
        entries, nodes = list(open_.entries), list(open_.nodes)
        written = open_.commit()
        invariants.check_commit(self.record, before, written, entries)
        invariants.check_tree(self.record, self.grown, entries, nodes)
        for key in written:
            if key[0] == "chunk" and rows[key].status == "failed":
                # Who lost a try to an outage and had nothing to do since could not give it back yet.
                self.excuses[key[1]] += sum(key[1] in process.owed for process in self.workers)
            if key[0] == "batch" and key not in before:
                chunks = (rows["chunk", chunk] for chunk in self.record.chunks)
                self.accepted[key[1]] = tuple(case for row in chunks if row.batch == key[1] for case in row.cases)

    def evaluate(self, cases: list[int]) -> None:
        """What evaluating these does to whoever evaluates them."""
        kinds = {self.poison[case] for case in cases if case in self.poison}
        if "kills" in kinds:
            raise KilledError
        if "breaks" in kinds:
            raise BrokenError

    def receive(self, delivery: int) -> bool:
        """A webhook's receiver gets a message, or does not answer."""
        if self.deaf and self.chance.random() < 0.7:
            return False
        self.received.add(delivery)
        return True

    def told_later(self, batch: int) -> None:
        """One of the planted faults: an event is written by the one who remembers it."""

        def tell() -> Steps:
            yield STEP
            self.record.put(("delivery", number), Delivery(batch, self.time))

        number = self.record.new_id()
        later = Process(self)
        later.steps = tell()
        self._join(later)

    def _hand_in(self) -> None:
        chance = self.chance
        new = int(chance.random() * 6) + 1
        cases = list(range(self.cases + 1, self.cases + new + 1))
        self.cases += new
        if chance.random() < 0.3:  # somebody else hands the last ones in as well, for the same day
            cases = list(range(max(1, self.cases - 2 * new), self.cases + 1))
        for kind, fault in (("breaks", "poison"), ("kills", "killer")):
            if fault in self.faults and chance.random() < 0.1:
                self.poison.setdefault(chance.choice(cases), kind)
        size = int(chance.random() * 4) + 1
        process = Process(self)
        process.steps = process.submitter([tuple(cases[at : at + size]) for at in range(0, len(cases), size)])
        self._join(process)

    def _join(self, process: Process) -> None:
        self.submitters.append(process)
        self.everybody.append(process)

    def _leave(self, process: Process) -> None:
        self.submitters.remove(process)
        self.everybody.remove(process)

    def _at_rest(self) -> bool:
        open_ = self.record.open
        return not (self.submitters or open_["chunk"] or open_["batch"] or self.record.unknown())

    def _go_on(self, everybody: Sequence[Transactions]) -> None:
        """One statement or message of somebody who can; where nobody can, time passes until somebody could."""
        roll = self.chance.random()
        self._pass(0.001 if roll < 0.95 else 0.3)
        now, count = self.time, len(everybody)
        start = int(roll * 1e6) % count
        for at in range(start, start - count, -1):
            process = everybody[at]
            if process.asleep_until > now or process.stopped_until > now:
                continue
            try:
                said = next(process.steps)  # type: ignore[arg-type] # who is run has steps
            except StopIteration:
                self._leave(process)  # type: ignore[arg-type] # only submitters come to an end
                return
            except KilledError:
                self._kill(process)
                return
            if process.connection is not None:
                process.connection.used_at = now
            if said is STEP:
                self.steps += 1
                return
        waiting = [max(each.asleep_until, each.stopped_until) for each in everybody]
        later = min((at for at in waiting if at > now), default=now + 1.0)
        self._pass(min(later - now, 30.0))

    def _pass(self, seconds: float) -> None:
        """Time goes on, and with it what others do by the clock."""
        self.time += seconds
        if self.record.away and self.away_until <= self.time:
            self.record.away = False
        if self.dying:
            for at, connection in self.dying:
                if at <= self.time:
                    connection.end()
            self.dying = [(at, connection) for at, connection in self.dying if at > self.time]
        if self.stopped_until > self.time:
            for process in self.everybody:
                open_ = process.connection
                if process.stopped_until <= self.time or open_ is None or not open_.alive:
                    continue
                if open_.in_transaction and self.time - open_.used_at > IDLE_SECONDS:
                    open_.end()

    def _break(self) -> None:
        chance = self.chance
        fault = chance.choice(self.faults)
        if fault == "kill":
            self._kill(chance.choice(self.everybody))
        elif fault == "stop":
            process = chance.choice([*self.workers, *self.upkeep])
            process.stopped_until = self.time + chance.choice((5.0, 30.0, 200.0))
            self.stopped_until = max(self.stopped_until, process.stopped_until)
            self._excuse(process)
        elif fault in ("restart", "outage"):
            self._end_connections()
        if fault == "outage":
            self.record.away, self.away_until = True, self.time + chance.choice((1.0, 20.0, 60.0))
        elif fault == "flush":
            self.broker.messages.clear()
        elif fault == "drop":
            self.broker.take()
        elif fault == "repeat":
            self.broker.messages += self.broker.messages[:8] or self.record.chunks[-2:]
        elif fault == "clock":
            self._step_clock()
        elif fault == "deaf":
            self.deaf = not self.deaf

    def _step_clock(self) -> None:
        """The database's clock jumps: by how long ago they claimed, all who are at work may seem stopped."""
        self.offset = self.chance.choice((0.0, -30.0, 15.0, 3600.0, 86400.0))
        for process in self.workers:
            self._excuse(process)

    def _kill(self, process: Transactions) -> None:
        """kill -9: the connection is ended a little later, the message comes back, and so does the process."""
        if process.connection is not None and process.connection.alive:
            self.dying.append((self.time + NOTICED * self.chance.random(), process.connection))
        process.steps.close()  # type: ignore[union-attr] # who is run has steps
        process.asleep_until = self.time + RESTART
        if isinstance(process, Person):
            process.connection, process.steps = None, process.working()
        elif isinstance(process, Process):
            self._end(process)

    def _end(self, process: Process) -> None:
        self._excuse(process)
        if process in self.submitters:
            self._leave(process)
            return
        if process.message is not None and self.chance.random() < 0.5:
            self.broker.send(process.message)
        process.connection, process.message, process.claimed = None, None, None
        process.owed.clear()
        process.steps = process.upkeep() if process in self.upkeep else process.worker()

    def _excuse(self, process: Process) -> None:
        """A try that was cut short by the end or stop of its process counts, and may."""
        for chunk in process.owed | ({process.claimed} if process.claimed is not None else set()):
            self.excuses[chunk] += 1

    def _end_connections(self) -> None:
        for process in self.everybody:
            if process.connection is not None:
                process.connection.end()

    def _mend(self) -> None:
        """Faults are over: clocks are right, everybody runs, receivers answer."""
        self.deaf = self.record.away = False
        self.offset = 0.0
        for process in (*self.workers, *self.upkeep):
            process.stopped_until = min(process.stopped_until, self.time + 5.0)


def _before(key: Key, row: Any) -> Any:
    """What of a row is compared with what is written in its place."""
    if key == HEAD:
        return row.seq, row.mac
    if key[0] == "desk":
        return row.revision
    return row.status if key[0] in ("chunk", "batch", "delivery") else row
