"""The processes a command starts beside itself: Celery workers and the scheduler, stopped when it ends."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from forbear.base.settings import Settings, child_environment
from forbear.ops.embedded import Urls

STOP_SECONDS = 30  # what a worker gets to finish its chunk before it is killed; the chunk is then done again


def worker_command(queues: Sequence[str], processes: int, log_level: str) -> list[str]:
    """The Celery worker that consumes `queues`."""
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "--quiet", "worker"]
    command += ["--queues", ",".join(queues), "--concurrency", str(processes), "--hostname", f"{'-'.join(queues)}@%h"]
    return [*command, "--loglevel", log_level, "--without-gossip", "--without-mingle"]


def scheduler_command(home: Path, log_level: str) -> list[str]:
    """Celery beat, its small state in `home`."""
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "--quiet", "beat"]
    return [*command, "--schedule", str(home / "schedule"), "--pidfile", "", "--loglevel", log_level]


def web_command(settings: Settings, port: int | None = None) -> list[str]:
    """The web server."""
    command = [sys.executable, "-m", "uvicorn", "web.app:app", "--host", settings.web_host, "--no-server-header"]
    command.append("--no-access-log")  # addresses of pages carry case references
    # Unless told so uvicorn would believe whoever connects from this computer about where a request came from.
    proxy = settings.web_proxy
    command += ["--no-proxy-headers"] if proxy is None else ["--proxy-headers", "--forwarded-allow-ips", proxy]
    return [*command, "--port", str(port or settings.web_port), "--log-level", settings.log_level.lower()]


@contextlib.contextmanager
def running(
    commands: dict[str, list[str]], settings: Settings, urls: Urls, *, log: bool = True
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run each command until the block ends, its output in FORBEAR_HOME/<name>.log, or on ours without `log`."""
    home = settings.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    environment = child_environment(
        FORBEAR_DATABASE_URL=urls.database, FORBEAR_REDIS_URL=urls.redis, FORBEAR_HOME=str(home)
    )
    started: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            with (home / f"{name}.log").open("ab") if log else contextlib.nullcontext() as output:
                started[name] = subprocess.Popen(
                    command,
                    env=environment,
                    stdout=output,
                    stderr=output,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
        yield started
    finally:
        _stop(list(started.values()))


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask all to finish, then kill what does not. Own sessions keep Ctrl-C from reaching them twice."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
