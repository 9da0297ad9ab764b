"""The command that takes back what of a batch is not decided yet."""

from typing import Annotated
from uuid import UUID

import typer

from forbear.base.errors import ForbearError
from forbear.batch.submission import cancellation
from forbear.cli.context import opened
from forbear.ledger.unit_of_work import begin
from models.intake.batch import Batch


def cancel(batch: Annotated[UUID, typer.Argument(help="the batch")]) -> None:
    """Take back the cases of a batch that are not decided yet; those with danger in them are decided all the same."""
    with opened() as context, begin(context.engine, context.vault) as work:
        found = work.session.get(Batch, batch)
        if found is None:
            raise ForbearError(f"There is no batch {batch}: `forbear status` lists the recent ones.")
        if found.status == "complete":
            raise ForbearError("Everything in this batch is decided: what is wrong is closed case by case.")
        done = cancellation.cancel(work, found)
    typer.echo(f"{done.cases} cases are taken back.")
