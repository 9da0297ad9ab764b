"""Patience: how long somebody who handed in facts waits for the decision before the page comes without it."""

import time
from collections.abc import Iterable

from sqlalchemy import Engine

from forbear.batch import chunks
from forbear.batch.chunks import Wake
from models.database.session import session

_PATIENCE = 5.0  # seconds
_PAUSE = 0.1


def wait(engine: Engine, wakes: Iterable[Wake]) -> None:
    """Until the chunks are done with, or patience is at its end; nobody holds a connection meanwhile."""
    pending = [wake.chunk_id for wake in wakes]
    end = time.monotonic() + _PATIENCE
    while not _done(engine, pending) and time.monotonic() < end:
        time.sleep(_PAUSE)


def _done(engine: Engine, pending: list[int]) -> bool:
    """A fresh session sees what the worker committed."""
    with session(engine) as fresh:
        return not chunks.pending(fresh, pending)
