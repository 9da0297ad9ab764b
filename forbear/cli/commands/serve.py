"""Commands that run parts: up, web, worker, scheduler, migrate, doctor."""

import contextlib
import datetime as dt
import functools
import signal
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Annotated

import typer

from forbear.base import log
from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.cli.commands.accounts import has_accounts
from forbear.cli.context import Context, opened
from forbear.ops import doctor as diagnosis
from forbear.ops import embedded
from forbear.ops.processes import Part, keep_up, running, scheduler_command, watch, web_commands, worker_command
from models.database import migrate as migrations
from workers.app import QUEUES

BULK = ("bulk", "upkeep", "urgent")  # the last as well: nobody waits for the urgent worker to start again
URGENT = ("urgent",)


@contextlib.contextmanager
def until_stopped() -> Iterator[None]:
    """Turn SIGTERM and Ctrl-C into the end of the block, so that what was started is stopped."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    with contextlib.suppress(KeyboardInterrupt):
        yield


def _run_part(name: str, command: list[str]) -> None:
    """Run one part, its output on ours, until it ends or we are stopped."""
    with (
        until_stopped(),
        opened() as context,
        running({name: command}, context.settings, context.urls, log=False) as part,
    ):
        watch(part)


def _run_web(port: int | None) -> None:
    """Run the web processes; of several, one that ends is started again."""
    with (
        until_stopped(),
        opened() as context,
        web_commands(context.settings, port) as (commands, shared),
        running(commands, context.settings, context.urls, log=False, shared=shared) as parts,
    ):
        if shared is None:
            watch(parts)
        attend(context, parts)


def worker(
    queues: Annotated[str, typer.Option(help="queues to consume, with commas")] = "urgent,bulk,upkeep",
    processes: Annotated[int | None, typer.Option(min=1, help="processes (FORBEAR_WORKER_PROCESSES)")] = None,
) -> None:
    """Evaluate cases from the queues until stopped."""
    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = sorted(set(names) - set(QUEUES))
    if unknown or not names:
        raise ForbearError(f"There is no queue {', '.join(unknown) or queues!r}: choose from {', '.join(QUEUES)}.")
    _run_part("worker", worker_command(names, processes or settings().worker_processes, settings().log_level))


def scheduler() -> None:
    """Send the periodic tasks (sweep, heartbeat) until stopped. Run exactly one; it needs no key."""
    chosen = settings()
    log.configure(chosen.log_level)
    command = scheduler_command(chosen.home, chosen.log_level)
    with (
        until_stopped(),
        embedded.servers(chosen) as urls,
        running({"scheduler": command}, chosen, urls, log=False) as part,
    ):
        watch(part)


def web(port: Annotated[int | None, typer.Option(help="port (FORBEAR_WEB_PORT)")] = None) -> None:
    """Serve the desk until stopped."""
    _run_web(port)


def up(port: Annotated[int | None, typer.Option(help="port of the web server (FORBEAR_WEB_PORT)")] = None) -> None:
    """Run web, workers and scheduler until Ctrl-C; what ends by itself is started again."""
    with until_stopped(), opened() as context, everything(context, port) as parts:
        typer.echo(f"Forbear is up at {address(context, port)} (Ctrl-C stops it; logs are in {context.settings.home}).")
        if not has_accounts(context):
            typer.echo("Nobody can sign in yet: `forbear user add NAME --role admin` adds the first account.")
        attend(context, parts)


def attend(context: Context, parts: Sequence[Part]) -> None:
    """Start again, until stopped, what ends by itself, and say so."""
    for told in keep_up(parts, functools.partial(embedded.mend_redis, context.settings, context.urls)):
        typer.echo(told, err=True)


def address(context: Context, port: int | None) -> str:
    """Where the desk is."""
    return f"http://{context.settings.web_host}:{port or context.settings.web_port}/"


@contextlib.contextmanager
def everything(context: Context, port: int | None) -> Iterator[list[Part]]:
    """Web, a bulk and an urgent worker, and the scheduler."""
    chosen = context.settings
    others = {
        "worker": worker_command(BULK, chosen.worker_processes, chosen.log_level),
        "urgent-worker": worker_command(URGENT, 1, chosen.log_level),
        "scheduler": scheduler_command(chosen.home, chosen.log_level),
    }
    with (
        web_commands(chosen, port) as (commands, shared),
        running({**commands, **others}, chosen, context.urls, shared=shared) as parts,
    ):
        yield parts


def migrate() -> None:
    """Bring the database to this version's tables."""
    with embedded.servers(settings()) as urls:
        migrations.upgrade(urls.database)
    typer.echo(f"The database is at revision {migrations.head()}.")


def doctor(
    queue: Annotated[str | None, typer.Option(help="look at one queue only (for health checks)")] = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="where the key is not, as in the scheduler")
    ] = False,
) -> None:
    """Tell what is configured, reachable, migrated and consuming. Exit 1 if something is not."""
    chosen = settings()
    with embedded.servers(chosen) as urls:
        findings = diagnosis.examine(
            chosen, urls, [queue] if queue else QUEUES, dt.datetime.now(dt.UTC), key=not without_key
        )
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.what}: {finding.detail}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
