"""The command that makes stored decisions once more: replay."""

from typing import Annotated

import typer

from forbear.base.errors import ForbearError
from forbear.cli import report
from forbear.cli.context import opened
from forbear.ops import replay as replays
from models.session import snapshot

_SHOWN = 20  # decisions whose differences are printed


def replay(
    case_ref: Annotated[str | None, typer.Argument(help="the submitter's reference of the case")] = None,
    everything: Annotated[bool, typer.Option("--all", help="every decision of every case")] = False,
    submitter: Annotated[str | None, typer.Option(help="whose case; with --all: only theirs")] = None,
) -> None:
    """Make stored decisions again from the facts, pack and day they were made by. Exit 1 if one comes out otherwise."""
    if (case_ref is None) != everything:
        raise ForbearError("Give one case reference, or --all.")
    same = different = unreadable = 0
    with opened() as context, snapshot(context.engine) as found, report.bar() as bar:
        whose = submitter or (None if everything else context.settings.submitter)
        total = replays.count(found, whose, case_ref)
        if total == 0:
            what = "any case" if case_ref is None else f"a case {case_ref!r}"
            raise ForbearError(f"There is no decision on {what}: `forbear status` shows what was submitted.")
        task = bar.add_task("replaying", total=total)
        for each in replays.replay(found, whose, case_ref):
            bar.advance(task)
            same += not each.unreadable and not each.differences
            unreadable += each.unreadable
            different += bool(each.differences)
            if each.differences and different <= _SHOWN:
                typer.echo(f"decision {each.decision_id} of {each.case_ref} comes out otherwise:")
                for difference in each.differences:
                    typer.echo(f"  {difference}")
    typer.echo(f"{same} identical, {different} different, {unreadable} by a policy pack that cannot be read any more")
    if different:
        raise typer.Exit(1)
