"""What a request is given: its unit of work, the session of that, the vault, the pack, and the time.

What waits for nothing is `async`, here and wherever else routes depend on something: it is worked out on the thread
that speaks to all clients. The rest goes to another thread and back, which takes longer than such a thing does.
"""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from forbear.accounts import accounts
from forbear.accounts.accounts import Viewer, ViewerWork, work_by
from forbear.base.vault import Vault
from forbear.ledger.unit_of_work import Work, begin
from models.database.session import CONNECTIONS, session
from rules.pack.pack import Pack

# A request keeps its session from one step to the next, and needs a thread for each. So no thread may ever wait for
# what such a request holds, or a crowd would take all threads and nobody could go on: requests wait for their turn
# before they are on a thread, and there are fewer turns than connections. The others are for sessions that are opened
# and closed within one step, which end whatever anybody waits for.
_TURNS = CONNECTIONS * 2 // 3
STEPS = CONNECTIONS - _TURNS


async def _vault(request: Request) -> Vault:
    """What opens the notes of a case, for the words that raised an alarm."""
    vault: Vault = request.app.state.vault
    return vault


async def _pack(request: Request) -> Pack:
    """The pack that new facts are decided by."""
    pack: Pack = request.app.state.pack
    return pack


async def now() -> dt.datetime:
    """The present moment; the one clock of the pages."""
    return dt.datetime.now(dt.UTC)


NowDep = Annotated[dt.datetime, Depends(now)]
VaultDep = Annotated[Vault, Depends(_vault)]
PackDep = Annotated[Pack, Depends(_pack)]


def _work(request: Request, vault: VaultDep, now: NowDep) -> Iterator[Work]:
    """One unit of work a request, nobody's as yet. One that asks for something only reads."""
    try:
        with begin(request.app.state.engine, vault, now, to_read=request.method in ("GET", "HEAD")) as work:
            yield work
    finally:
        _write_seen(request, now)


def _write_seen(request: Request, now: dt.datetime) -> None:
    """Write down that whoever is signed in did something: once the request, which may only read or fail, is over.

    A request never has two connections at once: those who wait for a second one would keep each other waiting. If it
    cannot be written it is the next time; what was asked for is done.
    """
    secret: str | None = getattr(request.state, "seen", None)
    if secret is not None:
        with suppress(SQLAlchemyError), session(request.app.state.engine) as alone:
            accounts.seen(alone, secret, now)


# Chained and committed before the answer is sent: what a person was told has happened, has.
WorkDep = Annotated[Work, Depends(_work, scope="function", max_concurrency=_TURNS)]


async def _session(work: WorkDep) -> Session:
    return work.session


SessionDep = Annotated[Session, Depends(_session)]


def as_work_of(viewer: Callable[..., Viewer | Awaitable[Viewer]]) -> Callable[..., Awaitable[ViewerWork]]:
    """A dependency: the unit of work of the request, by whom this other dependency lets in."""

    async def work_of(viewer: Annotated[Viewer, Depends(viewer)], work: WorkDep, pack: PackDep) -> ViewerWork:
        return work_by(viewer, work, pack)

    return work_of
