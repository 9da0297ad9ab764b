"""The command that makes stored decisions once more: replay."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

import typer

from forbear.base.errors import ForbearError
from forbear.cli import report
from forbear.cli.context import opened
from forbear.ops import replay as replays
from models.database.session import snapshot

_SHOWN = 20  # decisions whose differences are printed


@dataclass
class _Tally:
    """What replaying some decisions came to."""

    same: int = 0
    different: int = 0
    mended: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)

    def add(self, replayed: replays.Replayed) -> None:
        if replayed.unreadable is not None:
            self.unreadable[replayed.unreadable] += 1
        elif replayed.differences:
            self.different += 1
        else:
            self.same += 1
            self.mended.update(replayed.mended)

    def told(self) -> Iterator[str]:
        for fault, count in self.mended.items():
            yield f"{count} identical but for what has been mended since: {fault}"
        for reason, count in self.unreadable.items():
            yield f"{count} could not be replayed: {reason}"
        lost = self.unreadable.total()
        yield f"{self.same} identical, {self.different} different, {lost} could not be replayed"


def replay(
    case_ref: Annotated[str | None, typer.Argument(help="the submitter's reference of the case")] = None,
    everything: Annotated[bool, typer.Option("--all", help="every decision of every case")] = False,
    submitter: Annotated[str | None, typer.Option(help="whose case; with --all: only theirs")] = None,
) -> None:
    """Make stored decisions again from the facts, pack and day they were made by.

    Exit 1 if one comes out otherwise, or could not be made again.
    """
    if (case_ref is None) != everything:
        raise ForbearError("Give one case reference, or --all.")
    tally = _Tally()
    with opened() as context, snapshot(context.engine) as found, report.bar() as bar:
        whose = submitter or (None if everything else context.settings.submitter)
        total = replays.count(found, whose, case_ref)
        if total == 0:
            what = "any case" if case_ref is None else f"a case {case_ref!r}"
            raise ForbearError(f"There is no decision on {what}: `forbear status` shows what was submitted.")
        task = bar.add_task("replaying", total=total)
        url, processes = context.urls.database, context.settings.worker_processes
        every = replays.replay_all(url, whose, processes) if everything else replays.replay(found, whose, case_ref)
        for each in every:
            bar.advance(task)
            tally.add(each)
            if each.differences and tally.different <= _SHOWN:
                typer.echo(f"decision {each.decision_id} of {each.case_ref} comes out otherwise:")
                for difference in each.differences:
                    typer.echo(f"  {difference}")
    for line in tally.told():
        typer.echo(line)
    if tally.different or tally.unreadable:
        raise typer.Exit(1)
