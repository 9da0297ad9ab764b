"""Heartbeat: when a worker last consumed from each queue."""

import datetime as dt

from sqlalchemy import DateTime
from sqlmodel import Field, SQLModel


class Heartbeat(SQLModel, table=True):
    """One row a queue: alive means consumed lately, not that a process is up."""

    __tablename__ = "heartbeat"

    queue: str = Field(primary_key=True)
    consumed_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
