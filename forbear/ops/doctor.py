"""What is configured, reachable, migrated and consuming: for `forbear doctor` and the readiness page."""

import contextlib
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
import redis
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session, col, select

from forbear.base import extras
from forbear.base.errors import ForbearError
from forbear.base.settings import Settings
from forbear.base.vault import load_vault, read_line
from forbear.batch.progress import STALLED, STUCK, oldest_claims, stalls
from forbear.ledger.dangling import dangling
from forbear.ledger.ledger import ASKED_ONCE_STOPPED
from forbear.ops import embedded
from forbear.ops.rotation import old_values
from models.database import migrate
from models.database.session import make_engine
from models.ledger import LedgerRow
from models.operation.heartbeat import Heartbeat
from rules.loading import loader
from rules.pack.pack import PackError

# What a database that cannot be used raises, from its address to its answer.
UNREACHABLE = (DBAPIError, ArgumentError, psycopg.Error, OSError, ValueError)
AHEAD = dt.timedelta(seconds=5)  # by which clocks of several machines may differ
_PATIENCE = {"socket_timeout": 5, "socket_connect_timeout": 5}  # with a Redis, in seconds
ALIVE = dt.timedelta(minutes=1)  # a queue whose last consumed heartbeat is older has no live worker


@dataclass(frozen=True)
class HealthFinding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(
    settings: Settings, urls: embedded.Urls, queues: Sequence[str], now: dt.datetime, *, key: bool = True
) -> list[HealthFinding]:
    """Look at everything; what is wrong says what to do. Without `key`, at nothing that needs one."""
    database = check_database(urls.database)
    findings = [_installation(), _pack(settings), database, check_broker(urls.redis)]
    if key:
        findings.insert(2, _key(settings))
    if database.ok:
        findings += check_consumption(urls.database, queues, now)
        findings += check_claims(urls.database, queues, now)
        findings += [check_references(urls.database), *(check_keys(urls.database, settings) if key else ())]
        findings += check_asked_once(urls.database, settings)
    return findings


def _installation() -> HealthFinding:
    wrong = extras.overwritten()
    return HealthFinding("installation", wrong is None, wrong or "no other package is in the place of ours")


def _pack(settings: Settings) -> HealthFinding:
    folder = settings.pack or loader.DEFAULT_PACK
    try:
        pack = loader.load(folder)
    except PackError as error:
        return HealthFinding("pack", False, f"{error.errors[0]} (see `forbear rules check`)")
    return HealthFinding("pack", True, f"{pack.manifest.id} {pack.manifest.version}, {len(pack.rules)} rules, {folder}")


def _key(settings: Settings) -> HealthFinding:
    try:
        load_vault(settings)
    except ForbearError as error:
        return HealthFinding("key", False, error.message)
    return HealthFinding("key", True, "FORBEAR_KEY" if settings.key else str(settings.home / "key"))


def check_database(url: str) -> HealthFinding:
    """Reachable, and at the newest revision."""
    try:
        current = migrate.current(url)
    except UNREACHABLE as error:
        return HealthFinding("database", False, f"not reachable: {first_line(error)}")
    if current != migrate.head():
        return HealthFinding("database", False, "reachable, but not migrated: run `forbear migrate`")
    return HealthFinding("database", True, f"reachable, migrated to {current}")


def check_broker(url: str) -> HealthFinding:
    """Redis answers, and opens as workers open it."""
    fault = broker_fault(url) or _transport_fault(url)
    if fault is not None:
        return HealthFinding("broker", False, fault.why)
    return HealthFinding("broker", True, "reachable, and opens as workers open it")


@dataclass(frozen=True)
class BrokerFault:
    """Why a Redis cannot be used, and what to do about it; away: it may be back without anybody changing anything."""

    why: str
    away: bool


def broker_fault(url: str) -> BrokerFault | None:
    """What is wrong with a Redis; None where it answers."""
    try:
        with embedded.redis_client(url) as client:
            client.ping()
    except redis.AuthenticationError as error:
        return BrokerFault(f"the password is wrong or missing ({first_line(error)}): correct its address", away=False)
    except redis.ResponseError as error:
        return BrokerFault(f"it refuses ({first_line(error)}): correct its address", away=False)
    except redis.InvalidResponse:
        return BrokerFault("what answers there is no Redis: correct host and port of its address", away=False)
    except (redis.RedisError, OSError, ValueError) as error:
        told = f"not reachable ({first_line(error)}): start it, or correct its address"
        return BrokerFault(f"{told} (rediss:// only where it wants TLS)", away=True)
    return None


def _transport_fault(url: str) -> BrokerFault | None:
    """What is wrong with the way that messages take to a Redis that answers; None where it opens."""
    from kombu import exceptions
    from kombu.connection import Connection  # only now: other commands need none of it

    try:
        with Connection(url, transport_options=_PATIENCE) as opened:  # type: ignore[no-untyped-call]  # kombu has no types
            opened.connect()
    except ImportError as error:
        why = f"workers cannot open it ({first_line(error)}): install Forbear with the versions of its lock file"
        return BrokerFault(why, away=False)
    except (exceptions.KombuError, redis.RedisError, OSError) as error:
        return BrokerFault(f"workers cannot open it ({first_line(error)}): restart it", away=True)
    return None


def first_line(error: Exception) -> str:
    """What an error says, on one line; its kind where it says nothing."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def check_consumption(url: str, queues: Sequence[str], now: dt.datetime) -> list[HealthFinding]:
    """Whether these queues are consumed: somebody takes messages from them, and what waits in them gets done."""
    with _reading(url) as session:
        seen = {row.queue: row.consumed_at for row in session.exec(select(Heartbeat))}
        stalled = stalls(session, now)
    consumed = [_queue(name, seen.get(name), now) for name in queues]
    return consumed + [_stall(name, stalled[name]) for name in queues if name in stalled]


def check_claims(url: str, queues: Sequence[str], now: dt.datetime) -> list[HealthFinding]:
    """Of each queue that is being worked on, how long the chunk that is at work longest has been claimed."""
    with _reading(url) as session:
        ages = oldest_claims(session, now)
    return [_claim(name, ages[name]) for name in queues if name in ages]


def check_references(url: str) -> HealthFinding:
    """Whether rows name others that are not there."""
    with _reading(url) as session:
        found = next(dangling(session), None)
    if found is None:
        return HealthFinding("references", True, "every row names what is there")
    return HealthFinding(
        "references",
        False,
        f"{found.row} names {found.missing}, which is not there: run `forbear audit verify` and restore what it names",
    )


def check_asked_once(url: str, settings: Settings) -> list[HealthFinding]:
    """Whether answers that were looked up were found to be other than those in full: nothing where none were."""
    with _reading(url) as session:
        found = session.exec(
            select(LedgerRow).where(LedgerRow.kind == ASKED_ONCE_STOPPED).order_by(col(LedgerRow.seq).desc()).limit(1)
        ).first()
    if found is None:
        told = "no answer that was looked up was found to be wrong"
        return [HealthFinding("asked once", True, told)] if settings.asked_once else []
    told = (
        f"stopped at {found.at:%Y-%m-%d %H:%M} UTC for {found.subject[:17]}…: an answer looked up was not the engine's"
    )
    if not settings.asked_once:
        return [HealthFinding("asked once", True, f"{told}; it is off")]
    todo = "unset FORBEAR_ASKED_ONCE, run `forbear replay --all`, and report it"
    return [HealthFinding("asked once", False, f"{told}; {todo}")]


def check_keys(url: str, settings: Settings) -> list[HealthFinding]:
    """Whether the record's personal data opens, and how much of it is under a key of before."""
    with _reading(url) as session:
        try:
            vault = read_line(session, load_vault(settings))
        except ForbearError as error:
            return [HealthFinding("personal data", False, error.message)]
        if vault.rotating:
            left = f"{old_values(session, vault)} rows are under the key before: `forbear key rotate` brings them over"
        elif vault.successor() is not None:
            left = "everything is under the key in FORBEAR_PREVIOUS_KEYS: `forbear key rotate` brings it to FORBEAR_KEY"
        elif settings.previous_keys:
            left = "everything is under FORBEAR_KEY: unset FORBEAR_PREVIOUS_KEYS and restart"
        else:
            left = "everything is under the key that is set"
    return [HealthFinding("personal data", True, left)]


@contextlib.contextmanager
def _reading(url: str) -> Iterator[Session]:
    engine = make_engine(url, "forbear doctor")
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def _stall(name: str, age: dt.timedelta) -> HealthFinding:
    what, seconds = f"progress of {name}", int(age.total_seconds())
    if age <= STALLED:
        return HealthFinding(what, True, f"what waits came, or another was finished, {seconds} s ago")
    return HealthFinding(
        what, False, f"cases wait, and none was finished for {seconds} s: restart the workers, and look into their logs"
    )


def _claim(name: str, age: dt.timedelta) -> HealthFinding:
    what, seconds = f"work of {name}", int(age.total_seconds())
    if age <= STUCK:
        return HealthFinding(what, True, f"its oldest was claimed {max(0, seconds)} s ago")
    return HealthFinding(
        what,
        False,
        f"a chunk was claimed {seconds} s ago and is not done: its worker hangs or was stopped; restart the workers",
    )


def _queue(name: str, consumed_at: dt.datetime | None, now: dt.datetime) -> HealthFinding:
    what = f"queue {name}"
    if consumed_at is None:
        return HealthFinding(
            what, False, "no worker ever consumed from it: run `forbear worker` and `forbear scheduler`"
        )
    age = int((now - consumed_at).total_seconds())
    if now - consumed_at < -AHEAD:
        return HealthFinding(
            what,
            False,
            f"last consumed {-age} s from now: a clock was ahead, or is; set the clocks, restart the workers",
        )
    if now - consumed_at > ALIVE:
        return HealthFinding(
            what, False, f"last consumed {age} s ago: start a worker and the scheduler, or restart them"
        )
    return HealthFinding(what, True, f"consumed {age} s ago")
