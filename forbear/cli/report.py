"""What commands print: the progress bar, the summary of a run, the status of batches."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from forbear.batch.progress import BatchProgress, TakenOver
from forbear.locale import said
from rules.pack.pack import Pack

console = Console()
errors = Console(stderr=True)


def bar() -> Progress:
    """A progress bar on standard error; nothing but its last state where that is not a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=errors, disable=not errors.is_terminal)


def summary(pack: Pack, batches: Sequence[BatchProgress], seconds: float, worked: float) -> None:
    """Counts by strategy and urgency, rejects and speed of one run of `seconds`, `worked` of them by the workers."""
    strategies, urgencies = _added(batch.strategies for batch in batches), _added(batch.urgencies for batch in batches)
    decided = sum(strategies.values())
    heading = said("summary.strategy")
    table = Table(heading.en, heading.zh, "cases", title="Recommended strategies", title_justify="left")
    table.columns[2].justify = "right"
    for name, count in sorted(strategies.items(), key=lambda item: (-item[1], item[0])):
        title = pack.strategies[name].title
        table.add_row(title.en, title.zh, str(count))
    console.print(table)
    console.print("Urgency: " + ", ".join(f"{name} {urgencies[name]}" for name in sorted(urgencies)))
    console.print(
        f"Rows read {sum(b.rows_read for b in batches)} = accepted {sum(b.accepted for b in batches)}"
        f" + rejected {sum(b.rejected for b in batches)} + unchanged {sum(b.unchanged for b in batches)}"
    )
    console.print(
        f"Decisions {decided}, uncertain {sum(b.uncertain for b in batches)},"
        f" engines disagree on {sum(b.disagreements for b in batches)}, failed {sum(b.failed for b in batches)}"
    )
    speed = f", the workers at {decided / worked:,.0f} cases a second" if worked else ", decided before"
    console.print(f"{seconds:.1f} s from reading to the last decision{speed}")


def _added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(total)


def taken_over(batches: Iterable[TakenOver]) -> None:
    """What another policy decided than the one that cases were handed in for."""
    for each in batches:
        console.print(
            f"{each.cases} cases of it were decided by the policy {each.by}, because {each.retired} is retired.",
            highlight=False,
            soft_wrap=True,
        )


def status(batches: Sequence[BatchProgress]) -> None:
    """One line a batch."""
    for batch in batches:
        console.print(
            f"{batch.batch_id}  {batch.status:9}  {batch.rows_read} rows = {batch.accepted} accepted"
            f" + {batch.rejected} rejected + {batch.unchanged} unchanged"
            f"{f' + {batch.cancelled} cancelled' if batch.cancelled else ''};"
            f" {batch.decided} decided, {batch.failed} failed, {batch.pending} open",
            highlight=False,
            soft_wrap=True,
        )
