"""The line of a batch as commands drive it: open files, hand in, wait for the last decision, write what came out."""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import Popen
from uuid import UUID

from rich.progress import Progress, TaskID

from forbear.base.errors import ForbearError
from forbear.batch import chunks
from forbear.batch.progress import BatchProgress, progress_of, remaining
from forbear.batch.submit import Head, Submitted, submit
from forbear.cli.context import Context
from forbear.intake import Accepted, Intake, Rejected, open_intake
from models.database.session import session
from rules.pack.pack import Pack
from workers.wake import wake

POLL_SECONDS = 0.1
SWEEP_AFTER = dt.timedelta(seconds=20)  # while we wait we sweep too, should a message be lost and no scheduler run


def open_files(paths: Sequence[Path], pack: Pack) -> list[Intake]:
    """Open every file before anything is submitted, so that an unreadable one stops nothing half-way."""
    return [open_intake(path, pack.vocabulary) for path in paths]


def hand_in(context: Context, files: Sequence[Intake], pack: Pack, as_of: dt.date, bar: Progress) -> list[Submitted]:
    """Submit each file as a batch and wake the workers once it is committed."""
    submitted = []
    for file in files:
        task = bar.add_task(f"reading {file.path.name}", total=None)
        with context.work() as work:
            done = submit(
                work,
                _counted(file.on(as_of), bar, task),
                head=Head.of(file, file.path.name),
                notices=lambda file=file: file.notices,
                pack=pack,
                as_of=as_of,
                submitter=context.settings.submitter,
                chunk_size=context.settings.chunk_size,
            )
        wake(done.wakes, context.urls.redis)
        bar.update(task, total=done.rows_read, completed=done.rows_read)
        submitted.append(done)
    return submitted


def _counted(rows: Iterable[Accepted | Rejected], bar: Progress, task: TaskID) -> Iterator[Accepted | Rejected]:
    for number, row in enumerate(rows):
        if number % 500 == 0:
            bar.update(task, completed=number)
        yield row


def wait(
    context: Context, batches: Sequence[UUID], bar: Progress, parts: Mapping[str, Popen[bytes]]
) -> list[BatchProgress]:
    """Wait until every batch is complete, sweeping like the scheduler; a part of ours that ends is an error."""
    task = bar.add_task("triaging", total=None)
    swept = time.monotonic()
    while True:
        with session(context.engine) as opened:
            left = [remaining(opened, batch) for batch in batches]
        total, open_cases = sum(each.total for each in left), sum(each.cases for each in left)
        bar.update(task, total=total, completed=total - open_cases)
        if all(each.complete for each in left):
            break
        _check(parts, context)
        if time.monotonic() - swept > SWEEP_AFTER.total_seconds():
            swept = time.monotonic()
            with session(context.engine) as opened:
                wakes = chunks.sweep(opened, dt.datetime.now(dt.UTC), SWEEP_AFTER)
            wake(wakes, context.urls.redis)
        time.sleep(POLL_SECONDS)
    with session(context.engine) as opened:
        return [found for batch in batches if (found := progress_of(opened, batch)) is not None]


def _check(parts: Mapping[str, Popen[bytes]], context: Context) -> None:
    for name, process in parts.items():
        if process.poll() is not None:
            log = context.settings.home / f"{name}.log"
            raise ForbearError(
                f"The {name} ended by itself (see {log}); nothing is lost: run the same command again.", exit_code=1
            )
