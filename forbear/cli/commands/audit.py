"""The commands that prove the ledger, to us and to others, and that give the record another key."""

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import select

from forbear.base.errors import ForbearError
from forbear.cli import report
from forbear.cli.context import opened
from forbear.ledger import audit, ledger
from forbear.ledger.checkpoint import current, grown_from, read_checkpoint, verifier_keys
from forbear.ledger.cosigner import cosigned
from forbear.ledger.receipt import receipt
from forbear.ops import rotation
from models.database.session import snapshot
from models.desk import WorklistItem
from models.ledger import LedgerRow

app = typer.Typer(help="The ledger of everything that was decided, done, seen and given out.", no_args_is_help=True)

keys = typer.Typer(
    help="The key that personal data is sealed with, and the ledger is chained and signed with.", no_args_is_help=True
)


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
    with opened(to_verify=True) as context, snapshot(context.engine) as found, report.bar() as bar:
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


@app.command()
def key(
    every: Annotated[bool, typer.Option("--all", help="also those that signed before, the first one first")] = False,
) -> None:
    """Print the public key that checkpoints and receipts are signed by: for whoever is to check them."""
    with opened() as context:
        for each in verifier_keys(context.vault)[0 if every else -1 :]:
            typer.echo(str(each))


@keys.callback()
def _keys() -> None: ...


@keys.command("rotate")
def rotate_key() -> None:
    """Use FORBEAR_KEY from now on and bring everything from the key before to it. Killed, it goes on when run again.

    FORBEAR_PREVIOUS_KEYS has the key before, and everything was restarted with both.
    """
    with opened() as context, report.bar() as bar:
        task = bar.add_task("rows", total=None)
        clock = lambda: dt.datetime.now(dt.UTC)  # noqa: E731
        done = rotation.rotate(context.engine, context.vault, clock, lambda count: bar.advance(task, count))
    if done.broken:
        raise ForbearError(
            f"Everything is under the new key but {len(done.broken)} rows, which none of the keys opens: they are as "
            "they were, `forbear audit verify` tells of those that somebody changed.",
            exit_code=1,
        )
    typer.echo(f"Everything is under the new key, {done.done} rows by now. Unset FORBEAR_PREVIOUS_KEYS and restart.")


@app.command()
def checkpoint() -> None:
    """Print how many entries the ledger has and the root over them, signed: to be kept away from the database."""
    with opened() as context, snapshot(context.engine) as found:
        typer.echo(str(current(found, context.vault)), nl=False)


@app.command()
def consistency(
    noted: Annotated[Path, typer.Argument(help="a file with a checkpoint noted earlier, or - for standard input")],
) -> None:
    """Prove that the ledger begins with what it held when a checkpoint was noted. Exit 1 if it was cut or rewritten."""
    earlier = read_checkpoint(_text_of(noted))
    with opened() as context, snapshot(context.engine) as found:
        typer.echo(grown_from(found, context.vault, earlier))


@app.command()
def prove(
    case_ref: Annotated[str, typer.Argument(help="the submitter's reference of the case")],
    submitter: Annotated[str | None, typer.Option(help="whose case")] = None,
) -> None:
    """Print the receipt of a case's decision: that it is in the ledger. tools/verify_receipt.py checks it anywhere."""
    with opened() as context, snapshot(context.engine) as found:
        whose = submitter or context.settings.submitter
        of_case = select(WorklistItem.decision_id).where(
            WorklistItem.submitter == whose, WorklistItem.case_ref == case_ref
        )
        decision_id = found.exec(of_case).first()
        if decision_id is None:
            raise ForbearError(f"There is no decision on a case {case_ref!r} of {whose}: `forbear status` shows them.")
        typer.echo(receipt(found, context.vault, decision_id))


@app.command("witness")
def cosign(
    proof: Annotated[Path, typer.Argument(help="what `forbear audit consistency` printed, or - for standard input")],
    of: Annotated[str, typer.Option("--of", help="the public key of the ledger, as `forbear audit key` printed it")],
    state: Annotated[Path, typer.Option(help="folder of the witness: its key, and each ledger's last checkpoint")],
) -> None:
    """Sign a checkpoint for somebody else's ledger, once it is proved to have grown from the last one. Exit 1 if not.

    Needs no database and none of the ledger's keys: run it where those who run the ledger cannot come.
    """
    typer.echo(cosigned(_text_of(proof), of, state, dt.datetime.now(dt.UTC)), nl=False)


def _text_of(path: Path) -> str:
    try:
        return (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode()
    except (OSError, UnicodeDecodeError):
        raise ForbearError(f"{path} cannot be read as text: give a file that Forbear printed.") from None
