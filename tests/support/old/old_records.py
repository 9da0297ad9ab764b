"""The records of past forms in tests/records, brought back as databases."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from forbear.ledger import ledger
from forbear.ops.embedded import Urls
from models.database.migrate import upgrade
from models.database.session import session
from tests.support.desk.cases import NOW, VAULT, engine_of

RECORDS = Path(__file__).parents[2] / "records"
PAST = ("0.1", "0.2", "0.3", "0.3-desk", "0.4")
FORMS = (*PAST, "0.5")  # the last is the first edition of today's form


def pack_of(form: str) -> dict[str, str]:
    """The files of the pack that a record's decisions were made by."""
    with tarfile.open(RECORDS / form / "pack.tar.xz") as archive:
        return {
            entry.name: taken.read().decode()
            for entry in archive.getmembers()
            if (taken := archive.extractfile(entry)) is not None
        }


def _named(form: str) -> str:
    return form.replace(".", "_").replace("-", "_")


@contextmanager
def _database(servers: Urls, name: str, terms: str = "") -> Iterator[str]:
    with psycopg.connect(servers.database, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {terms}".encode())
        try:
            yield servers.database.replace("/forbear?", f"/{name}?")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def restored(servers: Urls, form: str) -> Iterator[str]:
    """A database with a record as that form left it."""
    with _database(servers, f"record_{_named(form)}") as url:
        with psycopg.connect(url) as filling:
            filling.execute((RECORDS / form / "record.sql").read_bytes())
            filling.execute("SET session_replication_role = replica")
            filling.execute("UPDATE public.pack SET files = %s", [Jsonb(pack_of(form))])
        yield url


@contextmanager
def migrated(servers: Urls, form: str) -> Iterator[str]:
    """That record as this version opens it: brought here once a session, and copied for whoever asks."""
    template = f"migrated_{_named(form)}"
    with psycopg.connect(servers.database, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            with restored(servers, form) as url:
                upgrade(url)
                with engine_of(url) as engine, session(engine) as opened:
                    ledger.start(opened, VAULT, NOW)
                made = f"CREATE DATABASE {template} TEMPLATE record_{_named(form)} STRATEGY file_copy"
                connection.execute(made.encode())
    with _database(servers, f"record_{_named(form)}", f"TEMPLATE {template} STRATEGY file_copy") as url:
        yield url
