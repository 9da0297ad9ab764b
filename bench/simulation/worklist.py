"""The worklist, step by step: workers put decisions on it, people act upon it, and whoever changes a row seals it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from bench.simulation.record import Connection, Desk, case_of
from bench.simulation.transactions import IDLE, STEP, DatabaseAwayError, RefusedError, Steps, Transactions

PAUSE = 20.0  # seconds that a person takes


def place(process: Transactions, open_: Connection, versions: Iterable[int]) -> Steps:
    """forbear/desk/worklist.py:place: an INSERT … ON CONFLICT DO UPDATE, in the order of the cases."""
    yield STEP
    open_.usable()
    for case, version in sorted((case_of(version), version) for version in versions):
        process.seen[case] = open_.newest_review(case)
        yield from process.had(open_, ("desk", case))
        row = open_.read(("desk", case))
        if row is None:
            open_.insert(("desk", case), Desk(version, decided=True))
        elif version > row.version or (version == row.version and not row.decided):
            row = open_.edit(("desk", case))
            row.version, row.decided, row.status = version, True, "open"
            row.revision += 1
            if version >= process.world.record.newest[case]:
                row.failed = False
        else:
            continue
        if process.world.bug != "a row of the desk is not sealed":
            process.touched.add(case)


def put_on_desk(process: Transactions, open_: Connection) -> Steps:
    """forbear/batch/unevaluated.py:put_on_desk."""
    yield STEP
    open_.usable()
    placed = []
    for version in process.world.record.unknown():
        case = case_of(version)
        yield from process.locked(open_, ("desk", case))
        row = open_.read(("desk", case))
        if row is None:
            open_.insert(("desk", case), Desk(version, decided=False, failed=True))
        elif row.failed or row.version >= version:
            continue
        else:
            row = open_.edit(("desk", case))
            row.failed, row.status = True, "open"
            row.version = row.version if row.decided else version
            row.revision += 1
        process.touched.add(case)
        process.noted.append(("moved", case))
        placed.append(version)
    return placed


@dataclass(slots=True, eq=False)
class Person(Transactions):
    """A counsellor: takes cases and acts upon them, each a request of its own that is not tried again."""

    def working(self) -> Steps:
        """Look at the desk, take what is first, act upon it as it was seen."""
        name = self.world.record.new_id()
        while True:
            self.asleep_until = self.world.time + PAUSE * self.world.chance.random()
            yield IDLE
            try:
                case = yield from self.steady(lambda open_: self.take_next(open_, name), ())
                if case is None:
                    continue
                yield STEP
                seen = self.world.record.rows["desk", case]
                self.asleep_until = self.world.time + PAUSE * self.world.chance.random()
                yield IDLE
                yield from self.steady(partial(self.act, case=case, seen=seen), ())
            except (DatabaseAwayError, RefusedError):
                continue

    def take_next(self, open_: Connection, name: int) -> Steps:
        """forbear/desk/assignment.py:take_next: FOR UPDATE SKIP LOCKED."""
        yield STEP
        open_.usable()
        for case in self.world.record.desk:
            row = self.world.record.rows["desk", case]
            if row.status == "open" and row.assignee in (0, name) and open_.lock(("desk", case)):
                break
        else:
            return None
        open_.edit(("desk", case)).assignee = name
        yield from self.perform(open_, case)
        return case

    def act(self, open_: Connection, case: int, seen: Desk) -> Steps:
        """forbear/case/acting.py:act, with forbear/desk/review.py:take_case."""
        yield from self.locked(open_, ("desk", case))
        if self.world.bug == "what was seen is written back":
            open_.writes["desk", case] = Desk(
                seen.version, seen.decided, seen.failed, seen.status, seen.assignee, seen.revision
            )
        elif open_.read(("desk", case)).revision != seen.revision:
            raise RefusedError
        open_.edit(("desk", case)).status = "closed"
        open_.edit(("desk", case)).assignee = 0
        yield from self.perform(open_, case)

    def perform(self, open_: Connection, case: int) -> Steps:
        """forbear/desk/review.py:perform: the review, and the row it changes."""
        yield STEP
        open_.usable()
        review = self.world.record.new_id()
        open_.insert(("review", review), case)
        self.noted.append(("review", review))
        yield STEP
        open_.usable()
        open_.edit(("desk", case)).revision += 1
        self.touched.add(case)
