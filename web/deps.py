"""What a request is given: its unit of work, the session of that, the vault, the pack, and the time."""

import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from forbear.accounts.accounts import Viewer, ViewerWork, work_by
from forbear.base.vault import Vault
from forbear.ledger.unit_of_work import Work, begin
from rules.pack.pack import Pack


def _vault(request: Request) -> Vault:
    """What opens the notes of a case, for the words that raised an alarm."""
    vault: Vault = request.app.state.vault
    return vault


def _pack(request: Request) -> Pack:
    """The pack that new facts are decided by."""
    pack: Pack = request.app.state.pack
    return pack


def now() -> dt.datetime:
    """The present moment; the one clock of the pages."""
    return dt.datetime.now(dt.UTC)


NowDep = Annotated[dt.datetime, Depends(now)]
VaultDep = Annotated[Vault, Depends(_vault)]
PackDep = Annotated[Pack, Depends(_pack)]


def _work(request: Request, vault: VaultDep, now: NowDep) -> Iterator[Work]:
    """One unit of work a request, nobody's as yet. The database itself refuses to let a GET write."""
    with begin(request.app.state.engine, vault, now) as work:
        if request.method in ("GET", "HEAD"):
            work.session.connection(execution_options={"postgresql_readonly": True})
        yield work


# Chained and committed before the answer is sent: what a person was told has happened, has.
WorkDep = Annotated[Work, Depends(_work, scope="function")]


async def _session(work: WorkDep) -> Session:
    return work.session


SessionDep = Annotated[Session, Depends(_session)]


def as_work_of(viewer: Callable[..., Viewer]) -> Callable[..., Awaitable[ViewerWork]]:
    """A dependency: the unit of work of the request, by whom this other dependency lets in."""

    async def work_of(viewer: Annotated[Viewer, Depends(viewer)], work: WorkDep, pack: PackDep) -> ViewerWork:
        return work_by(viewer, work, pack)

    return work_of
