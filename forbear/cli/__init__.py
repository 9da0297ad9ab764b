"""The command line: `forbear`. Faults are one sentence on standard error and an exit code."""

import sys
from io import TextIOWrapper
from typing import NoReturn

from forbear.base.errors import ForbearError


def main() -> None:
    """Run a command; whatever goes wrong is told in one line."""
    for stream in (sys.stdout, sys.stderr):  # whose letters may be fewer than ours: an ASCII or a Latin terminal
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        from forbear.cli.commands import app  # only now: a fault in it is told like any other

        app()
    except ForbearError as error:
        _end(error.message, error.exit_code)
    except KeyboardInterrupt:
        _end("Stopped.", 130)
    except Exception as error:
        from sqlalchemy.exc import DBAPIError  # only now: it takes a quarter of a second, and most commands end well

        if isinstance(error, DBAPIError):
            _end(f"The database failed: {str(error.orig).strip().splitlines()[0]}", 1)
        from forbear.base import extras
        from forbear.base.settings import settings

        if isinstance(error, ImportError):
            _end(f"Forbear cannot start: {extras.overwritten() or error}.", 1)
        # A fault of ours: told in one line too, and whole to whoever looks for it.
        if settings().log_level == "DEBUG":
            raise
        _end(
            f"Forbear failed ({type(error).__name__}): with FORBEAR_LOG_LEVEL=DEBUG it says where. Please report it.", 1
        )


def _end(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr)  # noqa: T201 - this is where a command speaks
    sys.exit(code)
