"""What a request is given: its session, the vault, and the time."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel import Session

from forbear.base.vault import Vault
from models.session import session
from rules.pack.pack import Pack


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
SessionDep = Annotated[Session, Depends(_session, scope="function")]
VaultDep = Annotated[Vault, Depends(_vault)]
PackDep = Annotated[Pack, Depends(_pack)]
NowDep = Annotated[dt.datetime, Depends(now)]
