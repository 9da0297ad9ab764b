"""Parts look after each other: what ends is started again, what was started ends with who started it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from forbear.ops import embedded
from forbear.ops.processes import keep_up, running, web_commands
from tests.support.desk.processes import DEADLINE

SLEEP = [sys.executable, "-c", "import time; time.sleep(3600)"]
NOWHERE = embedded.Urls("postgresql://nowhere/x", "redis://nowhere/0")
# A part that is told to end and cannot yet. (A stopped process would be let go on where its group is orphaned.)
LINGERING = """
import signal, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
def leave(*_):
    while not (folder / "may_end").exists():
        time.sleep(0.05)
    sys.exit()
signal.signal(signal.SIGTERM, leave)
(folder / "ready").touch()
time.sleep(3600)
"""
# Starts a part beside itself, with the embedded servers of a folder, and waits to be killed.
STARTER = f"""
import sys, time
from pathlib import Path
from forbear.ops import embedded
from forbear.ops.processes import running
from forbear.base.settings import Settings
settings = Settings(home=Path(sys.argv[1]), database_url=None, redis_url=None)
part = [sys.executable, "-c", {LINGERING!r}, sys.argv[1]]
with embedded.servers(settings) as urls, running({{"part": part}}, settings, urls) as parts:
    print(parts[0].process.pid, urls.database, urls.redis, flush=True)
    time.sleep(3600)
"""


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def test_what_ends_by_itself_is_started_again_and_said(tmp_path: Path) -> None:
    with running({"one": SLEEP, "two": SLEEP}, Settings(home=tmp_path), NOWHERE) as parts:
        first, other = parts[0].process, parts[1].process
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        parts[0].started_at -= 2  # the pause is over
        told = next(keep_up(parts, lambda: False))
        assert parts[0].process.pid != first.pid and parts[0].process.poll() is None
        assert parts[1].process is other
    assert told == f"The one ended by itself with status -9: {tmp_path}/one.log says why. It was started again."
    assert parts[0].process.poll() is not None, "the new one is stopped in the end"


def test_what_is_killed_again_and_again_is_there_at_once_each_time(tmp_path: Path) -> None:
    """Only who fails by itself waits longer and longer."""
    with running({"one": SLEEP}, Settings(home=tmp_path), NOWHERE) as parts:
        kept_up = keep_up(parts, lambda: False)
        for number in range(4):
            os.kill(parts[0].process.pid, signal.SIGTERM if number % 2 else signal.SIGKILL)
            parts[0].process.wait()
            parts[0].started_at -= 1
            assert "started again" in next(kept_up)
            assert parts[0].process.poll() is None


def test_what_never_worked_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit(3)"]
    with (
        running({"web": command}, Settings(home=tmp_path), NOWHERE) as parts,
        pytest.raises(ForbearError, match=r"The web ended by itself with status 3: .*web\.log says why\."),
    ):
        parts[0].process.wait()
        next(keep_up(parts, lambda: False))


def test_a_part_and_its_servers_end_with_a_starter_that_was_killed_and_not_before(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    pid, database, redis = starter.stdout.readline().split()
    part = psutil.Process(int(pid))
    eventually((tmp_path / "ready").exists)
    starter.kill()  # the part cannot end yet, and still uses the servers
    starter.communicate()
    with embedded.servers(Settings(home=tmp_path, database_url=None, redis_url=None)) as urls:
        assert (urls.database, urls.redis) == (database, redis)
    psycopg.connect(database).close()  # whoever came and went has left them to the part
    (tmp_path / "may_end").touch()
    eventually(lambda: not part.is_running() or part.status() == psutil.STATUS_ZOMBIE)
    with embedded.servers(Settings(home=tmp_path, database_url=None, redis_url=None)):
        pass
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(database)


def test_an_embedded_redis_that_was_killed_is_there_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url=None, redis_url=None)
    with embedded.servers(settings) as urls:
        assert not embedded.mend_redis(settings, urls)
        with embedded.redis_client(urls.redis) as client:
            process = psutil.Process(int(client.info("server")["process_id"]))
        process.kill()
        eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
        assert embedded.mend_redis(settings, urls)
        with embedded.redis_client(urls.redis) as client:
            assert client.ping()
        assert not embedded.mend_redis(settings, urls)


# Answers one connection after the other with its pid, on a socket that it was handed.
ANSWERER = """
import os, socket, sys
with socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1])) as shared:
    while True:
        with shared.accept()[0] as asked:
            asked.sendall(str(os.getpid()).encode())
            asked.recv(1)
"""


def test_several_web_processes_share_a_port_and_one_that_ends_is_missed_by_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings(home=tmp_path, web_processes=2)

    def answered(held: int) -> set[int]:
        """Who answers so many at once: an answerer that has one waits for its end."""
        with contextlib.ExitStack() as stack:
            asked = [stack.enter_context(socket.create_connection(("127.0.0.1", port), DEADLINE)) for _ in range(held)]
            return {int(each.recv(20)) for each in asked}

    with web_commands(settings, port) as (commands, shared):
        assert [*commands] == ["web", "web-2"] and all(str(shared) in command for command in commands.values())
        with pytest.raises(
            ForbearError, match=rf"cannot listen on 127.0.0.1, port {port}: .* another FORBEAR_WEB_PORT"
        ):
            web_commands(settings, port).__enter__()
        small = {name: [sys.executable, "-c", ANSWERER, "--fd", str(shared)] for name in commands}
        with running(small, settings, NOWHERE, shared=shared) as parts:
            pids = {part.process.pid for part in parts}
            assert answered(2) == pids
            assert {part.environment["PROMETHEUS_MULTIPROC_DIR"] for part in parts} == {str(tmp_path / "counts")}
            parts[0].process.kill()
            parts[0].process.wait()
            assert answered(1) == {parts[1].process.pid}
            parts[0].start()
            assert answered(2) == {part.process.pid for part in parts}
    with web_commands(Settings(home=tmp_path), port) as (commands, shared):
        assert [*commands] == ["web"] and shared is None and "--fd" not in commands["web"]
