"""The processes a command starts beside itself: Celery workers and the scheduler, stopped when it ends."""

import contextlib
import ctypes
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from forbear.base import extras
from forbear.base.errors import ForbearError
from forbear.base.settings import Settings, child_environment
from forbear.ops.embedded import Urls

STOP_SECONDS = 30  # what a worker gets to finish its chunk before it is killed; the chunk is then done again
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LOOK, _BROKER = 0.1, 1.0  # seconds between looks at the parts, and at the broker
_STEADY: Final = 60.0  # seconds after which a part is known to work
_BY_OTHERS: Final = (
    0,
    -signal.SIGKILL,
    -signal.SIGTERM,
)  # how ends what somebody ended: there is nothing wrong with it
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds from one start to the next, at first and in the end


def worker_command(queues: Sequence[str], processes: int, log_level: str) -> list[str]:
    """The Celery worker that consumes `queues`."""
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "--quiet", "worker"]
    command += ["--queues", ",".join(queues), "--concurrency", str(processes), "--hostname", f"{'-'.join(queues)}@%h"]
    return [*command, "--loglevel", log_level, "--without-gossip", "--without-mingle"]


def scheduler_command(home: Path, log_level: str) -> list[str]:
    """Celery beat, its small state in `home`."""
    command = [sys.executable, "-m", "celery", "--app", "workers.app", "--quiet", "beat"]
    return [*command, "--schedule", str(home / "schedule"), "--pidfile", "", "--loglevel", log_level]


@contextlib.contextmanager
def web_commands(settings: Settings, port: int | None = None) -> Iterator[tuple[dict[str, list[str]], int | None]]:
    """The web processes by name, and the socket that several of them share until the block ends.

    Whichever is free takes the next connection; one that ends is missed by nobody who comes after.
    """
    if settings.counts is None:
        yield {"web": web_command(settings, port)}, None
        return
    with _listening(settings.web_host, settings.web_port if port is None else port) as shared:
        shutil.rmtree(settings.counts, ignore_errors=True)  # those of whoever listened there before us
        settings.counts.mkdir(parents=True)
        command = [*web_command(settings, port), "--fd", str(shared.fileno())]
        others = (f"web-{number}" for number in range(2, settings.web_processes + 1))
        yield dict.fromkeys(("web", *others), command), shared.fileno()


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise ForbearError(
            f"The web server cannot listen on {host}, port {port}: {error.strerror}. Choose another FORBEAR_WEB_PORT."
        ) from None


def web_command(settings: Settings, port: int | None = None) -> list[str]:
    """One web server by itself."""
    extras.require("The web server", "fastapi", "uvicorn", "vl_convert")
    command = [sys.executable, "-m", "uvicorn", "web.app:app", "--host", settings.web_host, "--no-server-header"]
    command += ["--http", "web.middleware.limits:Protocol"]
    command.append("--no-access-log")  # addresses of pages carry case references
    # Unless told so uvicorn would believe whoever connects from this computer about where a request came from.
    proxy = settings.web_proxy
    command += ["--no-proxy-headers"] if proxy is None else ["--proxy-headers", "--forwarded-allow-ips", proxy]
    return [*command, "--port", str(port or settings.web_port), "--log-level", settings.log_level.lower()]


@dataclass
class Part:
    """A process that is run beside a command, and can be started again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path | None  # where it writes; None: where we do
    kept_open: tuple[int, ...]  # the lock of the embedded servers that it uses, a socket that it shares
    process: "subprocess.Popen[bytes]" = field(init=False)
    started_at: float = field(init=False)  # by the monotonic clock

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again."""
        with self.log.open("ab") if self.log else contextlib.nullcontext() as output:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=self.kept_open,
                preexec_fn=_end_with_parent,
            )
        self.started_at = time.monotonic()

    def ended(self) -> str | None:
        """How it ended by itself and where that is told; None while it runs."""
        if self.process.poll() is None:
            return None
        where = f": {self.log} says why" if self.log else ""
        return f"The {self.name} ended by itself with status {self.process.returncode}{where}."


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent is gone, however it went (Linux; elsewhere the part stays)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def running(
    commands: dict[str, list[str]], settings: Settings, urls: Urls, *, log: bool = True, shared: int | None = None
) -> Iterator[list[Part]]:
    """Run each command until the block ends, its output in FORBEAR_HOME/<name>.log, or on ours without `log`.

    `shared` is the socket of commands that are told of one.
    """
    home = settings.home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "MALLOC_ARENA_MAX": "2",  # or the C library keeps for each thread what it freed: a third of a web process
        **child_environment(FORBEAR_DATABASE_URL=urls.database, FORBEAR_REDIS_URL=urls.redis, FORBEAR_HOME=str(home)),
    }
    if settings.counts is not None:
        environment["FORBEAR_WEB_PROCESSES"] = str(settings.web_processes)
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(settings.counts.resolve())
    parts: list[Part] = []
    try:
        for name, command in commands.items():
            kept = (urls.users, shared if "--fd" in command else None)
            kept_open = tuple(each for each in kept if each is not None)
            parts.append(Part(name, command, environment, home / f"{name}.log" if log else None, kept_open))
        yield parts
    finally:
        _stop([part.process for part in parts])


def watch(parts: Sequence[Part]) -> NoReturn:
    """Wait until one of the parts ends by itself, which is an error."""
    while True:
        for part in parts:
            if told := part.ended():
                raise ForbearError(told, exit_code=1)
        time.sleep(_LOOK)


def keep_up(parts: Sequence[Part], broker_mended: Callable[[], bool]) -> Iterator[str]:
    """Start again, for ever, what ends, and tell so each time; `broker_mended` looks after the broker likewise.

    A part that gives up soon after it was first started never worked: that is an error. One that fails again and again
    is given more and more time in between; one that was killed is not.
    """
    pauses: dict[str, float] = {}
    looked = 0.0
    while True:
        for part in parts:
            if told := part.ended():
                lasted = time.monotonic() - part.started_at
                if part.name not in pauses and lasted < _STEADY and part.process.returncode > 0:
                    raise ForbearError(told, exit_code=1)
                steady = lasted > _STEADY or part.process.returncode in _BY_OTHERS
                pause = _PAUSE if steady else pauses.get(part.name, _PAUSE)
                if lasted > pause:
                    pauses[part.name] = min(_LONGEST_PAUSE, 2 * pause)
                    part.start()
                    yield f"{told} It was started again."
        if time.monotonic() - looked > _BROKER:
            looked = time.monotonic()
            if broker_mended():
                yield "The embedded Redis was gone. It is there again, and nothing is lost."
        time.sleep(_LOOK)


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
