"""What a request is given: its session, the vault, and the time."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from forbear.base.vault import Vault
from models.session import CONNECTIONS, session
from rules.pack.pack import Pack

# A request keeps its session from one step to the next, and needs a thread for each. So no thread may ever wait for
# what such a request holds, or a crowd would take all threads and nobody could go on: requests wait for their turn
# before they are on a thread, and there are fewer turns than connections. The others are for sessions that are opened
# and closed within one step, which end whatever anybody waits for.
_TURNS = CONNECTIONS * 2 // 3
STEPS = CONNECTIONS - _TURNS


def _session(request: Request) -> Iterator[Session]:
    """One session a request. The database itself refuses to let a GET write."""
    with session(request.app.state.engine) as opened:
        if request.method in ("GET", "HEAD"):
            opened.connection(execution_options={"postgresql_readonly": True})
        yield opened


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


# Committed before the answer is sent: what a person was told has happened, has.
SessionDep = Annotated[Session, Depends(_session, scope="function", max_concurrency=_TURNS)]
VaultDep = Annotated[Vault, Depends(_vault)]
PackDep = Annotated[Pack, Depends(_pack)]
NowDep = Annotated[dt.datetime, Depends(now)]
