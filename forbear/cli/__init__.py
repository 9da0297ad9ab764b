"""The command line: `forbear`. Faults are one sentence on standard error and an exit code."""

import sys

import typer
from sqlalchemy.exc import DBAPIError

from forbear.cli import cases, policy, serve
from forbear.errors import ForbearError

app = typer.Typer(
    help="Forbear: triage of debt-counselling cases.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    *(cases.triage, cases.demo, cases.submit, cases.status, cases.results, cases.explain),
    *(serve.up, serve.web, serve.worker, serve.scheduler, serve.migrate, serve.doctor),
):
    app.command()(command)
app.add_typer(policy.app, name="rules")


def main() -> None:
    """Run a command; whatever goes wrong is told in one line."""
    try:
        app()
    except ForbearError as error:
        _end(error.message, error.exit_code)
    except DBAPIError as error:
        _end(f"The database failed: {str(error.orig).strip().splitlines()[0]}", 1)
    except KeyboardInterrupt:
        _end("Stopped.", 130)


def _end(message: str, code: int) -> None:
    print(message, file=sys.stderr)  # noqa: T201 - this is where a command speaks
    sys.exit(code)
