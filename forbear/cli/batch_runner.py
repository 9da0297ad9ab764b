"""The line of a batch as commands drive it: open files, hand in, wait for the last decision, write what came out."""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from rich.progress import Progress, TaskID

from forbear.base.errors import ForbearError
from forbear.batch import chunks
from forbear.batch.progress import BatchProgress, progress_of, remaining
from forbear.batch.submission import danger, mappings
from forbear.batch.submission.submit import Head, Submitted, submit
from forbear.cli.context import Context
from forbear.intake import Accepted, Intake, Mapping, Rejected, SeveralTablesError, SourceFile, open_source, understand
from forbear.intake.mapping import check
from forbear.ops.processes import Part
from models.database.session import session
from rules.pack.pack import Pack
from workers.wake import under_way, wake

POLL_SECONDS = 0.1
SWEEP_AFTER = dt.timedelta(seconds=20)  # while we wait we sweep too, should a message be lost and no scheduler run


@dataclass(frozen=True)
class Handed:
    """Files that are handed in, and what was said of how to read them."""

    paths: list[Path]
    sources: list[SourceFile | SeveralTablesError]  # which of several tables is meant may be remembered
    given: Mapping | None


def open_files(paths: Sequence[Path], pack: Pack, given: Mapping | None = None) -> Handed:
    """Open every file before anything is submitted, so that an unreadable one stops nothing half-way."""
    sources = [_open(path, pack, given) for path in paths]
    return Handed(list(paths), sources, given)


def _open(path: Path, pack: Pack, given: Mapping | None) -> SourceFile | SeveralTablesError:
    with danger.told_in_refusal(path, pack):
        try:
            source = open_source(path, pack.vocabulary, given)
        except SeveralTablesError as error:
            return error
        if given is not None:
            check(given, pack.vocabulary, source.columns)
    return source


def understood(context: Context, handed: Handed, pack: Pack) -> list[Intake]:
    """The files as they are read: as it was said, as they were confirmed before, else as it is certain."""
    files = []
    with session(context.engine) as found:
        keeper = (found, context.vault, context.settings.submitter)
        for path, source in zip(handed.paths, handed.sources, strict=True):
            place = handed.given
            with danger.told_in_refusal(path, pack):
                if isinstance(source, SeveralTablesError):
                    place = mappings.place_of(*keeper, path, pack.vocabulary, handed.given, source)
                    source = open_source(path, pack.vocabulary, place)
                files.append(understand(source, pack.vocabulary, place, mappings.recall(*keeper, source.columns)))
    return files


def hand_in(
    context: Context, files: Sequence[Intake], pack: Pack, as_of: dt.date, bar: Progress, *, remembered: bool = False
) -> list[Submitted]:
    """Submit each file as a batch and wake the workers once it is committed; remember how it was said to be read."""
    submitted = []
    for file in files:
        task = bar.add_task(f"reading {file.path.name}", total=None)
        with danger.told_in_refusal(file.path, pack), context.work() as work:
            done = submit(
                work,
                _counted(file.on(as_of), bar, task),
                head=Head.of(file, file.path.name),
                notices=partial(danger.notices_of, file, pack),
                pack=pack,
                as_of=as_of,
                submitter=context.settings.submitter,
                chunk_size=context.settings.chunk_size,
            )
            if remembered:
                mappings.remember(work, context.settings.submitter, file)
        wake(done.wakes, context.urls.redis)
        bar.update(task, total=done.rows_read, completed=done.rows_read)
        submitted.append(done)
    return submitted


def _counted(rows: Iterable[Accepted | Rejected], bar: Progress, task: TaskID) -> Iterator[Accepted | Rejected]:
    for number, row in enumerate(rows):
        if number % 500 == 0:
            bar.update(task, completed=number)
        yield row


def wait(context: Context, batches: Sequence[UUID], bar: Progress, parts: Sequence[Part]) -> list[BatchProgress]:
    """Wait until every batch is complete, sweeping like the scheduler; a part of ours that ends is an error."""
    task = bar.add_task("triaging", total=None)
    swept, refused = time.monotonic(), False
    while True:
        with session(context.engine) as opened:
            left = [remaining(opened, batch) for batch in batches]
        total, open_cases = sum(each.total for each in left), sum(each.cases for each in left)
        bar.update(task, total=total, completed=total - open_cases)
        if all(each.complete for each in left):
            break
        _check(parts)
        if time.monotonic() - swept > SWEEP_AFTER.total_seconds():
            swept = time.monotonic()
            sent = under_way(context.urls.redis)
            with session(context.engine) as opened:
                wakes = chunks.sweep(opened, dt.datetime.now(dt.UTC), SWEEP_AFTER, sent)
            wake(wakes, context.urls.redis)
            refused = _check_broker(context, refused)
        time.sleep(POLL_SECONDS)
    with session(context.engine) as opened:
        return [found for batch in batches if (found := progress_of(opened, batch)) is not None]


def require_broker(context: Context) -> None:
    """Before any work: raise ForbearError where workers could not be told of it."""
    fault = context.broker_fault()
    if fault is not None:
        raise ForbearError(fault.why)


def _check_broker(context: Context, refused: bool) -> bool:
    """Whether Redis is of no use; the second time that it is, nobody waits any longer."""
    fault = context.broker_fault()
    if fault is not None and refused:
        raise ForbearError(f"{fault.why} Nothing is lost: run the same command again when it answers.", exit_code=1)
    return fault is not None


def _check(parts: Sequence[Part]) -> None:
    for part in parts:
        if told := part.ended():
            raise ForbearError(f"{told} Nothing is lost: run the same command again.", exit_code=1)
