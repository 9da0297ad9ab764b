"""Migrations: brings a database to the newest revision, from Python, without an ini file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from models.database.session import make_engine

_FOLDER = Path(__file__).parents[1] / "migrations"
_LOCK = 0x464F5242  # "FORB": any number, the same for everyone who migrates


def upgrade(url: str) -> None:
    """Apply every migration the database lacks. Several processes may do so at once: one works, the others wait."""
    engine = make_engine(url, "forbear migrate")
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            command.upgrade(_config(connection), "head")
    finally:
        engine.dispose()


def head() -> str:
    """The newest revision the code knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(url: str) -> str | None:
    """The revision a database is at; None if it was never migrated."""
    engine = make_engine(url, "forbear migrate")
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
