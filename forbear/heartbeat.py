"""Heartbeat: the proof that somebody consumes a queue."""

import datetime as dt

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from models.heartbeat import Heartbeat


def beat(session: Session, queue: str, now: dt.datetime) -> None:
    """Note that a worker consumed from this queue."""
    row = insert(Heartbeat).values(queue=queue, consumed_at=now)
    later = row.on_conflict_do_update(index_elements=["queue"], set_={"consumed_at": row.excluded.consumed_at})
    session.exec(later)
