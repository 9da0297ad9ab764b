"""The tasks: triage a chunk, sweep, heartbeat, upkeep. Each does its own units of work and logs ids only."""

import contextlib
import datetime as dt
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import psycopg
import structlog
from celery import signals
from sqlalchemy import Engine
from sqlalchemy.exc import InterfaceError, OperationalError

from forbear.accounts import idempotency
from forbear.base import trace
from forbear.base.errors import ForbearError
from forbear.base.packs import configured
from forbear.base.settings import settings
from forbear.base.vault import Vault, load_vault
from forbear.batch import ageing, chunks, unevaluated
from forbear.batch.submission import uploads
from forbear.batch.triage import prepare, triage_chunk
from forbear.conversation import agreements, presence
from forbear.desk import dealing, maintenance, siblings
from forbear.ledger.unit_of_work import Work, begin
from forbear.ops import heartbeat, portfolio, retention
from forbear.webhooks import messages, notifications, outbox
from models.database.session import Waits, make_engine
from rules.pack.pack import Pack
from workers.app import TASK_SECONDS, app
from workers.schedule import PURGE_SECONDS
from workers.wake import under_way, wake

_log = structlog.get_logger()
DELIVER_FOR = 20.0  # seconds that one task sends webhooks: well within its time, and others wait for the process
PACK_FOR = 20.0  # seconds that one task packs decided cases
_PAUSES = (0.2, 0.5, 1, 2, 4, 8)  # seconds between attempts while the database is away
_STEADY_FOR = TASK_SECONDS / 2  # seconds after which no attempt begins: each may wait for a lock, and a task ends
T = TypeVar("T")


class DatabaseAwayError(Exception):
    """PostgreSQL did not come back while a task waited for it."""


@dataclass(frozen=True)
class _Process:
    """What one worker process works with."""

    engine: Engine
    vault: Vault
    owed: set[int] = field(default_factory=set)  # chunks that are to have a try back


@cache
def _process() -> _Process:
    chosen = settings()
    waits = Waits(chosen.lock_seconds, chosen.idle_seconds)
    return _Process(make_engine(chosen.database_url or "", f"forbear worker {os.getpid()}", waits), load_vault(chosen))


@signals.worker_init.connect
def _load(**_: Any) -> None:
    """Read the policy before processes are forked: each has it then, and so has one that takes the place of another."""
    with contextlib.suppress(ForbearError):  # told of each chunk that needs it
        prepare(_active(), _day(_now()))


@signals.worker_process_init.connect
def _start(**_: Any) -> None:
    """Connections cannot be shared over a fork: each child makes its own."""
    _process.cache_clear()


@app.task(name="chunk.triage")
def triage(chunk_id: int) -> None:
    """Evaluate what is next in the queue of a chunk, and wake what that leaves to do."""
    try:
        wake(_work(chunk_id))
    except DatabaseAwayError:
        _log.warning("chunk.postponed", woken_for=chunk_id)  # the sweep comes back to it


@app.task(name="upkeep.sweep")
def sweep(idle_seconds: int | None = None) -> None:
    """Wake the chunks that should be done and that nobody touched for so long, by default for one sweep's interval."""
    interval = dt.timedelta(seconds=settings().sweep_seconds if idle_seconds is None else idle_seconds)
    sent = under_way()
    wakes = _steady(lambda work: chunks.sweep(work.session, work.now, interval, sent))
    if wakes:
        _log.info("chunks.swept", count=len(wakes))
        wake(wakes)


@app.task(name="upkeep.notice")
def notice() -> None:
    """Put on the desk what could not be evaluated, should that have been missed when it was given up."""
    _put_on_desk()


@app.task(name="upkeep.heartbeat")
def beat(queue: str) -> None:
    """Note that this queue is consumed."""
    _steady(lambda work: heartbeat.beat(work.session, queue, work.now))


@app.task(name="upkeep.fold")
def fold() -> None:
    """Add up the tallies."""
    _steady(lambda work: maintenance.fold(work.session, work.now.date()))


@app.task(name="upkeep.return")
def bring_back() -> None:
    """Open cases again whose follow-up has come."""
    while (returned := _steady(maintenance.bring_back)) > 0:
        _log.info("cases.returned", count=returned)


@app.task(name="upkeep.deal")
def deal() -> None:
    """Take what cannot wait from who is away, then give free cases to the teams that wish it, some at a time."""
    zone = _active().manifest.timezone
    while (back := _steady(lambda work: dealing.put_back(work, _today(work), zone))) > 0:
        _log.info("cases.put_back", count=back)
    while (given := _steady(lambda work: dealing.deal(work, _today(work)))) > 0:
        _log.info("cases.dealt", count=given)


@app.task(name="upkeep.tie")
def tie() -> None:
    """Tie the cases of one person, and let a crisis in one of them stand over the others."""
    while _steady(maintenance.key_people) > 0:
        pass
    spread = _steady(siblings.reconcile)
    if spread:
        _log.info("crises.spread", cases=spread)


@app.task(name="upkeep.tidy")
def tidy() -> None:
    """Delete what expired."""
    _steady(lambda work: maintenance.tidy(work.session, work.now))
    _steady(lambda work: presence.forget(work.session, work.now))
    _steady(lambda work: uploads.purge(work.session, work.now))


@app.task(name="upkeep.pack")
def pack() -> None:
    """Pack what has been decided for what-if, and what is hardly current any more."""
    _steady(portfolio.look_through)
    end = time.monotonic() + PACK_FOR
    while time.monotonic() < end and (packed := _steady(portfolio.pack)) > 0:
        _log.info("portfolio.packed", decisions=packed)


@app.task(name="upkeep.purge")
def purge(after: int = 0) -> None:
    """Delete some cases that are past their retention, and send the rest of the work on as another message."""
    days = settings().retention_days
    done = _steady(lambda work: retention.purge(work, work.now.date(), days, after))
    if done.cases or done.batches:
        _log.info("cases.purged", cases=done.cases, batches=done.batches)
    if done.after is not None:
        app.send_task("upkeep.purge", (done.after,), queue="upkeep", expires=PURGE_SECONDS)


@app.task(name="upkeep.age")
def age() -> None:
    """Have the open cases decided again whose day has come; what is left when the task's time is up waits an hour."""
    end = time.monotonic() + _STEADY_FOR
    size = settings().chunk_size
    while (wakes := _steady(lambda work: ageing.claim(work, _active, size))) is not None:
        _log.info("cases.aged", chunks=len(wakes))
        wake(wakes)
        if time.monotonic() > end:
            return


@app.task(name="upkeep.follow")
def follow() -> None:
    """Bring the cases back whose instalments' day has passed, some at a time; nobody knows of a payment."""
    while (returned := _steady(lambda work: agreements.follow(work, _today(work)))) > 0:
        _log.info("instalments.lapsed", cases=returned)


@app.task(name="upkeep.deliver")
def deliver() -> None:
    """Send the webhooks that are due, round by round; what is left waits for the next task."""
    end = time.monotonic() + DELIVER_FOR
    while time.monotonic() < end:
        parcels = _steady(lambda work: outbox.claim(work.session, work.now))
        if not parcels:
            return
        errors = outbox.send(parcels, _process().vault, _now, private=settings().webhook_private)
        _steady(
            lambda work, tried=parcels, came=errors: outbox.settle(work.session, tried, came, work.now)  # type: ignore[misc] # mypy infers no defaults
        )
        _log.info("webhooks.tried", count=len(parcels), failed=sum(error is not None for error in errors.values()))


@app.task(name="upkeep.tell")
def tell() -> None:
    """Tell people of what time brought and what changed in their accounts; then send mail and chats, round by round."""
    _steady(lambda work: notifications.tell_of_time(work, _today(work)))
    _steady(notifications.tell_of_accounts)
    end = time.monotonic() + DELIVER_FOR
    send = messages.sender(_process().vault, settings().mail_url, settings().mail_from)
    while time.monotonic() < end:
        waiting = _steady(lambda work: messages.claim(work.session, work.now))
        if not waiting:
            return
        for message in waiting:
            error = send(message)
            _steady(lambda work, one=message, came=error: messages.settle(work.session, one, came, work.now))  # type: ignore[misc]
            _log.info("message.tried", address=message.address_id, count=len(message.told), error=error)


@app.task(name="upkeep.forget")
def forget() -> None:
    """Delete what nobody asks for any more: settled deliveries, old idempotency keys."""
    _steady(lambda work: outbox.forget(work.session, work.now))
    _steady(lambda work: idempotency.forget(work.session, work.now))
    _steady(lambda work: notifications.forget(work.session, work.now))


def _work(chunk_id: int) -> tuple[chunks.Wake, ...]:
    """Claim in one transaction, so that a try counts even if the process dies of it; evaluate in the next."""
    claim, of = _steady(lambda work: _claim(work, chunk_id))
    _process().owed.clear()
    if claim.mine is None:
        if not claim.halves:  # there was nothing to do, or nothing could be done
            _put_on_desk()
        return claim.halves
    with trace.told(chunk=claim.mine.chunk_id, **of):
        return _evaluate(claim.mine)


def _evaluate(mine: chunks.Wake) -> tuple[chunks.Wake, ...]:
    try:
        once = settings().asked_once
        decided = _steady(lambda work: triage_chunk(work, mine.chunk_id, _clock_of(work), _active, once))
    except DatabaseAwayError:
        _process().owed.add(mine.chunk_id)  # it was no fault of its cases
        raise
    except Exception as error:
        # Whatever a case does to the code, the chunk's row tells it and the other cases go on. The message of an
        # unforeseen error may quote the case, so only its kind and its place are kept.
        what = error.message if isinstance(error, ForbearError) else _place(error)
        _log.warning("chunk.broken", error=what)
        _steady(lambda work: _give_up(work, mine.chunk_id, what))
        return (mine,)
    if decided is None:  # it was done by somebody else, or its row was locked: this was no try
        _process().owed.add(mine.chunk_id)
    _log.info("chunk.triaged", decisions=decided)
    return ()


def _give_up(work: Work, chunk_id: int, error: str) -> None:
    chunks.note_error(work.session, chunk_id, error)
    chunks.let_go(work.session)  # whoever is woken for it next may be another process


def _put_on_desk() -> None:
    """What could not be evaluated is a person's work now. What broke it may break looking through it, too."""
    while versions := _steady(lambda work: unevaluated.put_on_desk(work, _active)):
        _log.warning("cases.unevaluated", count=len(versions))
        for version in versions:
            try:
                _steady(lambda work, this=version: unevaluated.heed(work, this, _active))  # type: ignore[misc]
            except DatabaseAwayError:
                raise
            except Exception as error:
                _log.warning("case.unreadable", version=version, error=_place(error))


def _active() -> Pack:
    return configured(settings().pack)


def _claim(work: Work, chunk_id: int) -> tuple[chunks.Claim, dict[str, str | None]]:
    """What the message came to, with the batch of the work and its trace, for the log."""
    chunks.give_back(work.session, _process().owed)
    next_up = chunks.next_up(work.session, chunk_id, work.now)
    claim = chunks.NOTHING if next_up is None else chunks.claim(work.session, next_up, work.now)
    if claim.mine is None:
        return claim, {}
    # Behind a long queue the scheduler's heartbeats come late.
    heartbeat.beat(work.session, claim.mine.queue, work.now)
    batch, of = chunks.origin(work.session, claim.mine.chunk_id)
    return claim, {"batch": str(batch), "trace": of}


def _steady(use_case: Callable[[Work], T]) -> T:
    """Run a use case in a unit of work of its own, again while the database is away or breaks a deadlock."""
    end = time.monotonic() + _STEADY_FOR
    for pause in (*_PAUSES, None):
        try:
            # At the database's time: it decides order and life, whatever the clocks of the workers' machines show.
            with begin(_process().engine, _process().vault) as work:
                return use_case(work)
        except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
            if isinstance(getattr(error, "orig", error), psycopg.errors.ProgramLimitExceeded):
                raise  # something is larger than PostgreSQL takes: trying it again for ever would help nobody
            _log.warning("database.away", error=type(error).__name__)
            if pause is None or time.monotonic() + pause > end:
                break
            time.sleep(pause)
    raise DatabaseAwayError


def _place(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).stem}, line {frame.lineno}"


def _clock_of(work: Work) -> Callable[[], dt.datetime]:
    """The database's clock as it goes on from the moment of a unit of work."""
    began = time.monotonic()
    return lambda: work.now + dt.timedelta(seconds=time.monotonic() - began)


def _today(work: Work) -> dt.date:
    """The date where the pack's law applies."""
    return _day(work.now)


def _day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(ZoneInfo(_active().manifest.timezone)).date()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
