"""The command that proves the ledger: audit verify."""

from typing import Annotated

import typer
from sqlmodel import select

from forbear.base.errors import ForbearError
from forbear.cli import report
from forbear.cli.context import opened
from forbear.ledger import audit, ledger
from models.database.session import snapshot
from models.ledger import LedgerRow

app = typer.Typer(help="The ledger of everything that was decided, done, seen and given out.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `verify` a command of its own, though it is the only one."""


@app.command()
def verify(
    start: Annotated[int, typer.Option("--from", min=1, help="the number of the first entry to look at")] = 1,
    expect: Annotated[str | None, typer.Option(help="a head noted earlier: some entry must have it")] = None,
) -> None:
    """Recompute the chain and the digest of every row it is about. Exit 1 if anything was changed, added or removed."""
    try:
        noted = None if expect is None else bytes.fromhex(expect)
    except ValueError:
        raise ForbearError(f"--expect takes a head as an earlier audit printed it, not {expect!r}.") from None
    with opened() as context, snapshot(context.engine) as found, report.bar() as bar:
        task = bar.add_task("entries", total=None)
        begun = found.exec(select(LedgerRow).where(LedgerRow.kind == ledger.START)).first()
        seen = audit.verify(found, context.vault, start, noted, lambda count: bar.advance(task, count))
    for fault in seen.faults:
        typer.echo(f"{fault.where}: {fault.what}")
    if seen.count:
        more = f" {seen.count - len(seen.faults)} more are not listed." if seen.count > len(seen.faults) else ""
        raise ForbearError(f"Entries {seen.entries}, faults {seen.count}.{more}", exit_code=1)
    typer.echo(f"{seen.entries} entries intact, head {seen.head.hex()}")
    if begun is not None:
        rows = sum(begun.detail["adopted"].values())
        typer.echo(f"The ledger began on {begun.at:%Y-%m-%d} and took over {rows} rows from before.")
