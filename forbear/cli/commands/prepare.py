"""The command that writes a negotiation pack: prepare."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Final, Literal

import typer
from sqlmodel import select

from forbear.base.errors import ForbearError
from forbear.batch.recorded_decision import current_decision
from forbear.case import consent
from forbear.case.negotiation import negotiation_files as packs
from forbear.cli.context import opened
from forbear.ledger import receipt as receipts
from models.case import Case
from rules.locale import Language
from rules.text.safety_notice import safety_notice

_LANGUAGES: Final[dict[str, tuple[Language, ...]]] = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}
_NO_CONSENT: Final[dict[consent.ConsentStatus, str]] = {
    "unknown": "Whether the borrower agrees that the lender is contacted is not recorded: ask before you contact it.",
    "not_given": "The borrower did not agree that the lender is contacted: this is for the borrower alone to use.",
}


def prepare(
    case_ref: Annotated[str, typer.Argument(help="the submitter's reference of the case")],
    out: Annotated[Path, typer.Option(help="the folder the files go to; it may exist")],
    language: Annotated[Literal["zh", "en", "both"], typer.Option("--lang", help="zh, en or both")] = "zh",
    with_pdf: Annotated[bool, typer.Option("--pdf", help="write kit.pdf too (needs Pango and a Chinese font)")] = False,
) -> None:
    """Write the negotiation pack of a case: what to say, letters, plans, deadlines."""
    with opened() as context, context.work() as work:
        case = work.session.exec(
            select(Case).where(Case.submitter == context.settings.submitter, Case.case_ref == case_ref)
        ).first()
        decided = None if case is None else current_decision(work.session, case.id, context.vault)
        kit = None if decided is None else decided.negotiation_pack()
        if case is not None and kit is not None:
            consented = consent.status(case, "contact_lender")
            receipt = receipts.known(work.session, work.vault, case.id)
            work.note("export", f"case:{case.id}", {"command": "prepare", "files": ["kit"]})
    if decided is None:
        raise ForbearError(f"There is no decision on a case {case_ref!r}: `forbear status` shows what was submitted.")
    if kit is None and decided.hold is not None:
        raise ForbearError(safety_notice(decided.hold).en)
    if kit is None:
        raise ForbearError(
            f"The policy pack that decided {case_ref!r} has no texts for a negotiation pack: triage the case again."
        )
    now = dt.datetime.now(dt.UTC)
    for path in packs.write(out, kit, _LANGUAGES[language], now, with_pdf=with_pdf, receipt=receipt):
        typer.echo(path)
    if decided.hold is not None:
        typer.echo(safety_notice(decided.hold).en, err=True)
    elif consented != "given":
        typer.echo(_NO_CONSENT[consented], err=True)
    if kit.staff:
        typer.echo("This is a protocol for staff: nothing in it goes to the borrower.")
