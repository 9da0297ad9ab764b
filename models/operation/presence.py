"""Presence: who had a case's page open, and when last."""

import datetime as dt

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index
from sqlmodel import Field, SQLModel


class Presence(SQLModel, table=True):
    """That somebody looks at a case. Deleted soon after they stopped."""

    __tablename__ = "presence"
    __table_args__ = (Index(None, "seen_at"),)

    case_id: int = Field(
        primary_key=True, sa_type=BigInteger, sa_column_args=(ForeignKey("case.id", ondelete="CASCADE"),)
    )
    account_id: int = Field(primary_key=True, foreign_key="account.id", sa_type=BigInteger)
    seen_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
