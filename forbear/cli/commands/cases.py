"""Commands on cases: triage, demo, submit, status, results, explain."""

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import typer
from sqlmodel import Session

from forbear.base.errors import ForbearError
from forbear.batch import export
from forbear.batch.progress import BatchProgress, failures, progress_of, recent, taken_over, worked_seconds
from forbear.batch.recorded_decision import decisions_of_batch, latest_decision
from forbear.batch.rejects import head_of
from forbear.batch.submission.submit import check_day, rejections_of, source_of
from forbear.cli import batch_runner, report
from forbear.cli.commands import accounts, serve
from forbear.cli.context import Context, load_pack, opened, today
from forbear.cli.mapping_options import HeaderRow, MapOption, Order, Set, Sheet, given
from forbear.intake import FORMATS, Intake, Rejected
from forbear.locale import said
from forbear.ops.processes import Part, running, worker_command
from models.database.session import session
from models.intake.batch import Batch
from rules.pack.pack import Pack
from workers.app import QUEUES

Inputs = Annotated[list[Path], typer.Argument(metavar="INPUT…", help=f"files: {' '.join(FORMATS)}")]
AsOf = Annotated[
    dt.datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the day to decide for (today)")
]
PackOption = Annotated[Path | None, typer.Option("--pack", help="folder of the policy pack (FORBEAR_PACK)")]
Force = Annotated[bool, typer.Option("--force", help="replace a file that Forbear did not write")]
_SHIPPED = Path(__file__).parents[1] / "cases.csv"  # in a wheel; a checkout has it among its samples
SAMPLES = _SHIPPED if _SHIPPED.exists() else Path(__file__).parents[3] / "samples/cases.csv"
DEMO_ACCOUNT = "demo"


def triage(
    inputs: Inputs,
    out: Annotated[Path, typer.Option(help="where the decisions go, format by its ending")],
    rejects: Annotated[Path | None, typer.Option(help="where rejected rows go, with what to correct")] = None,
    as_of: AsOf = None,
    pack: PackOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="exit 3 if any row was rejected")] = False,
    map_: MapOption = None,
    sheet: Sheet = None,
    header_row: HeaderRow = None,
    date_order: Order = None,
    set_: Set = None,
    force: Force = False,
) -> None:
    """The whole pipeline, one shot: submit, triage with workers, write results and rejects, print the summary."""
    _check_targets(out, rejects, inputs, force=force)
    policy = load_pack(pack)
    day = _day(as_of, policy)
    told = given(map_, sheet, header_row, date_order, set_)
    handed = batch_runner.open_files(inputs, policy, told)
    with opened() as context:
        batch_runner.require_broker(context)
        files = batch_runner.understood(context, handed, policy)
        with workers_for(context) as parts:
            done, show = run(context, files, policy, day, parts, remembered=map_ is not None)
        _write(context, "triage", done, out, rejects, policy)
        show()
        _tell(context, [batch.batch_id for batch in done], remembered=map_ is not None)
    if any(batch.decided < batch.accepted + batch.unchanged for batch in done):
        raise ForbearError("Not every case could be decided: `forbear status` counts them.", exit_code=1)
    if strict and any(batch.rejected for batch in done):
        raise typer.Exit(3)


def demo(
    once: Annotated[bool, typer.Option("--once", help="end after the summary")] = False,
    port: Annotated[int | None, typer.Option(help="port of the desk (FORBEAR_WEB_PORT)")] = None,
) -> None:
    """Triage the sample cases, show the summary, and serve the pages until Ctrl-C."""
    policy = load_pack()
    handed = batch_runner.open_files([SAMPLES], policy)
    with serve.until_stopped(), opened() as context, contextlib.ExitStack() as stack:
        batch_runner.require_broker(context)
        files = batch_runner.understood(context, handed, policy)
        if once:
            parts = stack.enter_context(workers_for(context))
        else:
            parts = stack.enter_context(serve.everything(context, port))
        done, show = run(context, files, policy, today(policy), parts)
        show()
        _show_rejects(context, done)
        if not once:
            _show_way_in(context, port)
            serve.attend(context, parts)


def submit(
    inputs: Inputs,
    wait: Annotated[bool, typer.Option("--wait", help="until every case is decided")] = False,
    as_of: AsOf = None,
    pack: PackOption = None,
    map_: MapOption = None,
    sheet: Sheet = None,
    header_row: HeaderRow = None,
    date_order: Order = None,
    set_: Set = None,
    force: Annotated[bool, typer.Option("--force", help="as with triage; there is no file to replace here")] = False,
) -> None:
    """Hand files in to running workers and print the batch ids."""
    del force  # who scripts both commands may give both the same options
    policy = load_pack(pack)
    day = _day(as_of, policy)
    told = given(map_, sheet, header_row, date_order, set_)
    handed = batch_runner.open_files(inputs, policy, told)
    with opened() as context, report.bar() as bar:
        fault = context.broker_fault()
        if fault is not None and (wait or not fault.away):
            raise ForbearError(fault.why)
        files = batch_runner.understood(context, handed, policy)
        submitted = batch_runner.hand_in(context, files, policy, day, bar, remembered=map_ is not None)
        _tell(context, [each.batch_id for each in submitted], remembered=map_ is not None)
        for each in submitted:
            typer.echo(each.batch_id)
            report.errors.print(
                f"Rows read {each.rows_read} = accepted {each.accepted} + rejected {each.rejected}"
                f" + unchanged {each.unchanged}"
            )
        if fault is not None:
            report.errors.print(f"{fault.why} The cases are kept, and decided when it is back.", soft_wrap=True)
        if wait:
            report.status(batch_runner.wait(context, [each.batch_id for each in submitted], bar, ()))


def status(batch: Annotated[UUID | None, typer.Argument(help="one batch; all recent ones without it")] = None) -> None:
    """How far batches are, counted from the record."""
    with opened() as context, session(context.engine) as found:
        ids = recent(found) if batch is None else [batch]
        known = [progress for each in ids if (progress := progress_of(found, each)) is not None]
        broken = [] if batch is None else failures(found, batch)
        moved = [] if batch is None else taken_over(found, batch)
    if batch is not None and not known:
        raise ForbearError(f"There is no batch {batch}: `forbear status` lists the recent ones.")
    if not known:
        typer.echo("No batch was submitted yet.")
    report.status(known)
    report.taken_over(moved)
    for failure in broken:
        typer.echo(f"failed: case {failure.case_ref}: {failure.error}")


def results(
    batch: Annotated[UUID, typer.Argument(help="the batch")],
    out: Annotated[Path, typer.Option(help="where the decisions go, format by its ending")],
    rejects: Annotated[Path | None, typer.Option(help="where rejected rows go, with what to correct")] = None,
    force: Force = False,
) -> None:
    """Write the decisions of a batch that are there by now."""
    _check_targets(out, rejects, force=force)
    with opened() as context:
        with session(context.engine) as found:
            progress = progress_of(found, batch)
        if progress is None:
            raise ForbearError(f"There is no batch {batch}: `forbear status` lists the recent ones.")
        _write(context, "results", [progress], out, rejects, None if rejects is None else load_pack())
    if progress.pending:
        report.errors.print(
            f"{progress.pending} cases are not decided yet: run it again when `forbear status` says so."
        )


def explain(
    case_ref: Annotated[str, typer.Argument(help="the submitter's reference of the case")],
    language: Annotated[Literal["zh", "en"], typer.Option("--lang", help="zh or en")] = "zh",
) -> None:
    """One decision in words: why, why not, what would change it."""
    with opened() as context, session(context.engine) as found:
        decided = latest_decision(found, context.settings.submitter, case_ref, context.vault)
        if decided is None:
            raise ForbearError(
                f"There is no decision on a case {case_ref!r}: `forbear status` shows what was submitted."
            )
        typer.echo(decided.explained(language))


@contextlib.contextmanager
def workers_for(context: Context) -> Iterator[list[Part]]:
    """A worker of our own: that one consumed a minute ago does not say that it still does. Two share the work."""
    chosen = context.settings
    command = worker_command(QUEUES, chosen.worker_processes, chosen.log_level)
    with running({"worker": command}, chosen, context.urls) as parts:
        yield parts


def run(
    context: Context,
    files: Sequence[Intake],
    pack: Pack,
    as_of: dt.date,
    parts: Sequence[Part],
    *,
    remembered: bool = False,
) -> tuple[list[BatchProgress], Callable[[], None]]:
    """Hand in and wait; answers what came of it, and what prints the summary once the results are written."""
    started = time.monotonic()
    with report.bar() as bar:
        submitted = batch_runner.hand_in(context, files, pack, as_of, bar, remembered=remembered)
        done = batch_runner.wait(context, [each.batch_id for each in submitted], bar, parts)
    with session(context.engine) as found:
        worked = worked_seconds(found, [each.batch_id for each in submitted])
    return done, partial(report.summary, pack, done, time.monotonic() - started, worked)


def _tell(context: Context, batches: Sequence[UUID], *, remembered: bool) -> None:
    """What was not used of each file, adjusted or left open, and whether how it was read is remembered."""
    kept = (said("notice.kept"),) if remembered else ()
    with session(context.engine) as found:
        heads = [source_of(found.get_one(Batch, each), context.vault) for each in batches]
    for head in heads:
        for notice in (*head.notices, *kept):
            report.errors.print(f"{head.name}: {notice.en}", highlight=False, markup=False, soft_wrap=True)


def _check_targets(out: Path, rejects: Path | None, inputs: Sequence[Path] = (), *, force: bool) -> None:
    """Before the work, not after it: each can be written, and writing it replaces nothing that is read or written."""
    named = {"--out": out} if rejects is None else {"--out": out, "--rejects": rejects}
    for option, path in named.items():
        export.check_target(path)
        if any(export.same_file(path, given) for given in inputs):
            raise ForbearError(f"{option} {path} is the file that is handed in: choose another name.")
    if rejects is not None and export.same_file(out, rejects):
        raise ForbearError(f"--out and --rejects are both {out}: choose two names.")
    for option, path in named.items():
        if not force and not export.is_ours(path):
            raise ForbearError(
                f"{option} {path} was not written by Forbear: choose another name, or replace it with --force."
            )


def _write(
    context: Context,
    command: str,
    batches: Sequence[BatchProgress],
    out: Path,
    rejects: Path | None,
    pack: Pack | None,
) -> None:
    ids = [batch.batch_id for batch in batches]
    given = ["results"] if rejects is None else ["results", "rejects"]
    with context.work() as work:  # before the first byte is out
        for each in ids:
            work.note("export", f"batch:{each}", {"command": command, "files": given})
    with session(context.engine) as found:
        decided = (decision for each in ids for decision in decisions_of_batch(found, each, context.vault))
        export.write_results(out, decided)
        if rejects is not None and pack is not None:
            export.write_rejects(rejects, *_rejects(context, found, ids, pack))


def _rejects(context: Context, found: Session, ids: Sequence[UUID], pack: Pack) -> tuple[list[str], Iterator[Rejected]]:
    """The columns and the rejected rows of batches; the rows of several files are lined up by column name."""
    sources = (source_of(found.get_one(Batch, each), context.vault) for each in ids)
    heads = [head_of(pack.vocabulary, each.columns, each.mapping) for each in sources]
    columns = list(dict.fromkeys(name for head in heads for name in head))

    def lined_up() -> Iterator[Rejected]:
        for each, head in zip(ids, heads, strict=True):
            places = [head.index(name) if name in head else None for name in columns]
            for row in rejections_of(found, each, context.vault):
                yield replace(row, cells=tuple("" if at is None else row.cells[at] for at in places))

    if len(heads) == 1:  # as it came, columns of one name included
        return list(heads[0]), rejections_of(found, ids[0], context.vault)
    return columns, lined_up()


def _show_rejects(context: Context, batches: Sequence[BatchProgress]) -> None:
    with session(context.engine) as found:
        for batch in batches:
            for row in rejections_of(found, batch.batch_id, context.vault):
                report.console.print(f"Rejected row {row.row}: {row.en}", style="yellow", highlight=False)


def _show_way_in(context: Context, port: int | None) -> None:
    """The address, and who can sign in: the first time an account is made for it."""
    report.console.print(f"\nForbear is at {serve.address(context, port)} (Ctrl-C ends).", style="bold")
    password = accounts.first_account(context, DEMO_ACCOUNT)
    if password is None:
        report.console.print(
            "Sign in with an account of yours. `forbear user list` shows them; `forbear user password NAME` sets a new "
            "password.",
            highlight=False,
        )
    else:
        report.console.print(f"Account:  {DEMO_ACCOUNT}\nPassword: {password}   (shown only now)", highlight=False)


def _day(as_of: dt.datetime | None, pack: Pack) -> dt.date:
    day = today(pack) if as_of is None else as_of.date()
    check_day(day, pack, dt.datetime.now(dt.UTC))
    return day
