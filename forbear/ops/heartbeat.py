"""Heartbeat: the proof that somebody consumes a queue."""

import datetime as dt

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_

from models.operation.heartbeat import Heartbeat

FRESH = dt.timedelta(seconds=5)  # a younger heartbeat is not written again: every chunk is one


def beat(session: Session, queue: str, now: dt.datetime) -> None:
    """Note that a worker consumed from this queue."""
    row = insert(Heartbeat).values(queue=queue, consumed_at=now)
    session.exec(
        row.on_conflict_do_update(
            index_elements=["queue"],
            set_={"consumed_at": row.excluded.consumed_at},
            where=or_(col(Heartbeat.consumed_at) < now - FRESH, col(Heartbeat.consumed_at) > now),
        )
    )
