"""The command that deletes what is past its retention: purge."""

import datetime as dt
from typing import Annotated

import typer

from forbear.cli import report
from forbear.cli.context import opened
from forbear.ops import retention
from models.database.session import session


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be deleted")] = False,
    as_of: Annotated[
        dt.datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the day that counts (today)")
    ] = None,
) -> None:
    """Delete every case that is past its retention, whole, and batches that are empty then. The ledger tells which."""
    day = dt.datetime.now(dt.UTC).date() if as_of is None else as_of.date()
    with opened() as context, report.bar() as bar:
        days = context.settings.retention_days
        with session(context.engine) as found:
            past = retention.past(found, day, days)
        if past.still_open:
            report.errors.print(
                f"Past their time but not closed, so they stay: {past.still_open}. Close them, or give each a date to "
                "be kept until."
            )
        if dry_run:
            typer.echo(f"Would be deleted: cases {past.due}")
            return
        task = bar.add_task("deleting", total=past.due)
        cases = batches = 0
        after: int | None = 0
        while after is not None:
            with context.work() as work:
                done = retention.purge(work, day, days, after)
            cases, batches, after = cases + done.cases, batches + done.batches, done.after
            bar.update(task, completed=cases)
    typer.echo(f"Deleted: cases {cases}, batches {batches}")
