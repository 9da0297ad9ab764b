"""Fixtures on real parts: one PostgreSQL and one Redis a session, a fresh database a test that asks for one."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import psycopg
import pytest

from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.ops import embedded

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A machine ten times as slow is not a fault: nothing is timed here. The same inputs each time, so that what is red is
# red for everybody and through the change at hand; `make explore` looks for new ones.
_UNTIMED = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("same", _UNTIMED, derandomize=True, database=None)
hypothesis.settings.register_profile("explore", _UNTIMED, derandomize=False, max_examples=1000)
hypothesis.settings.load_profile("same")


@pytest.fixture(scope="session")
def servers() -> Iterator[embedded.Urls]:
    """Embedded servers in a home of their own, or those that bench/mutants runs for many sessions."""
    if running := os.environ.get("FORBEAR_TEST_SERVERS"):
        database, redis = running.split()
        yield embedded.Urls(database, redis)
        return
    home = Path(tempfile.mkdtemp(prefix="forbear-tests-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            # Processes are killed here, and never the machine: what the kernel has is as good as what the disk has.
            with psycopg.connect(urls.database, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
            yield urls
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template_database(servers: embedded.Urls) -> str:
    """The name of a migrated, empty database that others are copied from."""
    from models.database.migrate import upgrade

    name = "template_forbear"
    with psycopg.connect(servers.database, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        connection.execute(f"CREATE DATABASE {name}")
    upgrade(_url(servers, name))
    return name


_numbers = itertools.count()


@contextmanager
def _fresh(servers: embedded.Urls, template_database: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(servers.database, autocommit=True) as connection:
        # The files as they are: through the log it takes three times as long.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY file_copy")
    yield _url(servers, name)
    with psycopg.connect(servers.database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(servers: embedded.Urls, template_database: str) -> Iterator[str]:
    """A fresh, migrated database."""
    with _fresh(servers, template_database) as url:
        yield url


@pytest.fixture(scope="module")
def shared_database_url(servers: embedded.Urls, template_database: str) -> Iterator[str]:
    """The same for all tests of a file: for those that commit nothing."""
    with _fresh(servers, template_database) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Real Chromium."""
    from tests.support.desk.chromium import chromium

    with chromium() as launched:
        yield launched


@pytest.fixture
def redis_url(servers: embedded.Urls) -> str:
    """A real, emptied Redis."""
    with embedded.redis_client(servers.redis) as client:
        client.flushall()
    return servers.redis


@pytest.fixture
def vault() -> Vault:
    """A vault with a key of its own."""
    return Vault(bytes(range(32)))


def _url(servers: embedded.Urls, name: str) -> str:
    return servers.database.replace("/forbear?", f"/{name}?")
