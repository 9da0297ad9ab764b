"""Commands on a policy pack: rules check, test, lock, docs and compare."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer
from rich import print as show

from forbear.base.errors import ForbearError
from forbear.base.settings import settings
from forbear.batch.export import same_file
from forbear.cli.commands.compare import compare
from forbear.cli.context import load_pack, today
from rules.handbook import handbook
from rules.lint import check as checks
from rules.lint.lock import refusal
from rules.loading import loader

app = typer.Typer(help="Work on a policy pack.", no_args_is_help=True)
app.command()(compare)
HANDBOOK = Path("handbook")
AsOf = Annotated[
    dt.datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the day to look at it (that of its review)")
]
PackFolder = Annotated[Path | None, typer.Argument(metavar="PACK", help="folder of the pack")]


def _folder(pack: Path | None) -> Path:
    return pack or settings().pack or loader.DEFAULT_PACK


@app.command()
def check(pack: PackFolder = None, as_of: AsOf = None) -> None:
    """Validate a pack: structure, names, figures, reviews, tests and lock file. Exit 1 if something is wrong."""
    findings = checks.check(_folder(pack), None if as_of is None else as_of.date())
    for finding in findings:
        typer.echo(f"{finding.level}: {finding.where}: {finding.message}")
    errors = sum(finding.level == "error" for finding in findings)
    if errors:
        raise typer.Exit(1)
    loaded = load_pack(_folder(pack))
    many = "" if len(findings) == 1 else "s"
    rest = f"no errors, {len(findings)} warning{many}" if findings else "nothing wrong"
    show(f"{loaded.manifest.id} {loaded.manifest.version}: {len(loaded.rules)} rules, {rest}.")


@app.command()
def test(pack: PackFolder = None) -> None:
    """Run the tests that rules and formulas carry. Exit 1 if one fails."""
    loaded = load_pack(_folder(pack))
    failures = [*checks.run_formula_tests(loaded), *checks.run_tests(loaded)]
    for failure in failures:
        typer.echo(str(failure))
    if failures:
        raise typer.Exit(1)
    tests = sum(len(rule.rule.tests) for rule in loaded.rules)
    tests += sum(len(formula.entry.tests) for formula in loaded.formulas.values())
    show(f"{tests} tests of {len(loaded.rules)} rules and {len(loaded.formulas)} derived facts passed.")


@app.command()
def lock(pack: PackFolder = None) -> None:
    """Write pack.lock: the digest of each rule under the pack's version. Exit 1 if that version was other content."""
    folder = _folder(pack)
    loaded, path = load_pack(folder), folder / "pack.lock"
    if refused := refusal(loaded, path):
        raise ForbearError(refused, exit_code=1)
    path.write_text(checks.lock(loaded), encoding="utf-8")
    show(f"Wrote {path}.")


@app.command()
def docs(
    pack: PackFolder = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="folder to write into, made if need be")] = HANDBOOK,
    as_of: Annotated[
        dt.datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="the day to mark figures for (today)")
    ] = None,
) -> None:
    """Write the policy handbook of a pack, in Chinese and English, as HTML and Markdown."""
    loaded = load_pack(pack)
    if same_file(out, _folder(pack)):
        raise ForbearError(f"--out {out} is the policy pack itself: choose another folder.")
    files = handbook(loaded, today(loaded) if as_of is None else as_of.date())
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ForbearError(f"{out} cannot be written ({error.strerror}): give another folder with --out.") from None
    show(f"Wrote {', '.join(files)} into {out}.")
