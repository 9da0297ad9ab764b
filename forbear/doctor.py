"""What is configured, reachable, migrated and consuming: for `forbear doctor` and the readiness page."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import redis
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from forbear import embedded
from forbear.errors import ForbearError
from forbear.privacy import load_vault
from forbear.settings import Settings
from models import migrate
from models.heartbeat import Heartbeat
from models.session import make_engine
from rules import loader
from rules.pack import PackError

ALIVE = dt.timedelta(minutes=1)  # a queue whose last consumed heartbeat is older has no live worker


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(settings: Settings, urls: embedded.Urls, queues: Sequence[str], now: dt.datetime) -> list[Finding]:
    """Look at everything; what is wrong says what to do."""
    database = check_database(urls.database)
    findings = [_pack(settings), _key(settings), database, check_broker(urls.redis)]
    if database.ok:
        findings += check_queues(urls.database, queues, now)
    return findings


def _pack(settings: Settings) -> Finding:
    folder = settings.pack or loader.DEFAULT_PACK
    try:
        pack = loader.load(folder)
    except PackError as error:
        return Finding("pack", False, f"{error.errors[0]} (see `forbear rules check`)")
    return Finding("pack", True, f"{pack.manifest.id} {pack.manifest.version}, {len(pack.rules)} rules, {folder}")


def _key(settings: Settings) -> Finding:
    try:
        load_vault(settings)
    except ForbearError as error:
        return Finding("key", False, error.message)
    return Finding("key", True, "FORBEAR_KEY" if settings.key else str(settings.home / "key"))


def check_database(url: str) -> Finding:
    """Reachable, and at the newest revision."""
    try:
        current = migrate.current(url)
    except DBAPIError as error:
        return Finding("database", False, f"not reachable: {str(error.orig).strip().splitlines()[0]}")
    if current != migrate.head():
        return Finding("database", False, "reachable, but not migrated: run `forbear migrate`")
    return Finding("database", True, f"reachable, migrated to {current}")


def check_broker(url: str) -> Finding:
    """Redis answers."""
    try:
        with embedded.redis_client(url) as client:
            client.ping()
    except redis.RedisError as error:
        return Finding("broker", False, f"not reachable: {str(error).splitlines()[0]}")
    return Finding("broker", True, "reachable")


def check_queues(url: str, queues: Sequence[str], now: dt.datetime) -> list[Finding]:
    """Each queue had a heartbeat consumed within the last minute."""
    engine = make_engine(url, "forbear doctor")
    try:
        with Session(engine) as session:
            seen = {row.queue: row.consumed_at for row in session.exec(select(Heartbeat))}
    finally:
        engine.dispose()
    return [_queue(name, seen.get(name), now) for name in queues]


def _queue(name: str, consumed_at: dt.datetime | None, now: dt.datetime) -> Finding:
    what = f"queue {name}"
    if consumed_at is None:
        return Finding(what, False, "no worker ever consumed from it: run `forbear worker` and `forbear scheduler`")
    age = int((now - consumed_at).total_seconds())
    if now - consumed_at > ALIVE:
        return Finding(what, False, f"last consumed {age} s ago: start a worker and the scheduler, or restart them")
    return Finding(what, True, f"consumed {age} s ago")
