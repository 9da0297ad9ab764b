"""What every command needs: servers, a migrated database, the vault and the pack."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from forbear.base import log, packs
from forbear.base.errors import ForbearError
from forbear.base.settings import Settings, settings
from forbear.base.vault import Vault, check_key, load_vault
from forbear.ledger import ledger
from forbear.ledger.unit_of_work import Work, begin
from forbear.ops import doctor, embedded
from models.database import migrate
from models.database.session import make_engine, session
from rules.pack.pack import Pack


@dataclass(frozen=True)
class Context:
    """An open record and broker, for as long as a command runs."""

    settings: Settings
    urls: embedded.Urls
    engine: Engine
    vault: Vault

    def broker_fault(self) -> doctor.BrokerFault | None:
        """Why messages to workers would go nowhere, in a sentence that names the setting; None where they arrive."""
        fault = doctor.broker_fault(self.urls.redis)
        if fault is None:
            return None
        setting = "the embedded one" if self.settings.redis_url is None else "FORBEAR_REDIS_URL"
        return replace(fault, why=f"Redis cannot be used ({setting}): {fault.why}.")

    def work(self) -> AbstractContextManager[Work]:
        """A unit of work, at this moment."""
        return begin(self.engine, self.vault, dt.datetime.now(dt.UTC))


@contextlib.contextmanager
def opened(*, to_verify: bool = False) -> Iterator[Context]:
    """Start or find the servers, bring the database up to date and open it.

    To verify what it holds nothing is adopted: a ledger that was emptied would be whole again before anybody looked.
    """
    configured = settings()
    log.configure(configured.log_level)
    with embedded.servers(configured) as urls:
        prepare_database(urls.database, embedded=configured.database_url is None)
        vault = load_vault(configured)
        engine = make_engine(urls.database, "forbear")
        try:
            with session(engine) as opened_session:
                vault = check_key(opened_session, vault, note=not to_verify)
                if not to_verify:
                    ledger.start(opened_session, vault, dt.datetime.now(dt.UTC))
            yield Context(configured, urls, engine, vault)
        finally:
            engine.dispose()


def prepare_database(url: str, *, embedded: bool) -> None:
    """Migrate an embedded or an empty database; a configured one with data is only migrated when asked to."""
    try:
        current = migrate.current(url)
        if current == migrate.head():
            return
        if current is not None and not embedded:
            raise ForbearError("The database belongs to another version of Forbear: run `forbear migrate` first.")
        migrate.upgrade(url)
    except doctor.UNREACHABLE as error:
        setting = "the embedded one" if embedded else "FORBEAR_DATABASE_URL"
        raise ForbearError(
            f"The database cannot be used ({setting}): {doctor.first_line(error)}. Start it, or correct its address."
        ) from None


def load_pack(folder: Path | None = None) -> Pack:
    """The pack of this folder, else of FORBEAR_PACK, else the one that ships."""
    return packs.configured(folder or settings().pack)


def today(pack: Pack) -> dt.date:
    """The date where the pack's law applies."""
    return dt.datetime.now(ZoneInfo(pack.manifest.timezone)).date()
