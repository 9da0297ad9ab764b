"""SaidOfPerson, HouseholdBudget: which person a case is of, where somebody said so, and what the household lives on."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

CHANGES = ("merge", "split", "apart", "undo")
_NONE = {"server_default": text("'{}'")}


class SaidOfPerson(SQLModel, table=True):
    """What people said of whose a case is. Without a row, or a `head`, its borrower's reference says it."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint(f"what IN ({', '.join(map(repr, CHANGES))})", name="what"),
        Index(None, "head", postgresql_where=text("head IS NOT NULL")),
        Index(None, "change"),
    )

    id: int = Field(primary_key=True, sa_type=BigInteger, description="The case")
    head: int | None = Field(default=None, sa_type=BigInteger, description="The case that the person is known by")
    apart: list[int] = Field(
        default=[], sa_type=ARRAY(BigInteger), sa_column_kwargs=_NONE, description="Cases said to be of somebody else"
    )
    head_before: int | None = Field(default=None, sa_type=BigInteger, description="Before the last change")
    apart_before: list[int] = Field(default=[], sa_type=ARRAY(BigInteger), sa_column_kwargs=_NONE)
    change: UUID = Field(description="The last change: that of all rows it changed")
    what: str
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))


class HouseholdBudget(SQLModel, table=True):
    """The household's money a month by line, in fen: what the lines of the pack are called, and nothing personal."""

    __tablename__ = "household_budget"

    id: int = Field(primary_key=True, sa_type=BigInteger, description="The case that the person is known by")
    lines: dict[str, Any] = Field(sa_type=JSONB)
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))
