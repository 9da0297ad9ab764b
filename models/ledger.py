"""LedgerRow, LedgerHead, DecisionTree, LedgerNode: the append-only chain of what happened, and the trees over it."""

import datetime as dt
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, LargeBinary, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class LedgerRow(SQLModel, table=True):
    """One entry: who did what to what, a digest of the content, and the keyed hash that chains it to the one before."""

    __tablename__ = "ledger"
    # Decisions are nearly all of it: what people do is found beside them, and of decisions the newest are at the end.
    __table_args__ = (
        Index(None, "subject", "seq"),
        Index(None, "kind", "seq", postgresql_where=text("kind <> 'decision'")),
        Index(None, "seq", postgresql_where=text("kind <> 'decision'")),
        Index(None, "actor", "seq", postgresql_where=text("actor <> 'system'")),
        Index(None, "at", postgresql_using="brin"),  # entries come in the order of their time, nearly
    )

    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    actor: str = Field(description="account:<id>, token:<id> or system")
    kind: str
    subject: str = Field(description="<table>:<id>")
    detail: dict[str, Any] = Field(sa_type=JSONB, description="Names, codes and counts: nothing personal")
    digest: bytes | None = Field(sa_type=LargeBinary, description="SHA-256 of the row the entry is about")
    mac: bytes = Field(sa_type=LargeBinary, description="Keyed hash of this entry and the mac before it")


class LedgerHead(SQLModel, table=True):
    """One row: where the chain ends. Locked by whoever appends, so that the chain has one order."""

    __tablename__ = "ledger_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(default=0, sa_type=BigInteger)
    generation: int = Field(
        default=1,
        sa_type=SmallInteger,
        sa_column_kwargs={"server_default": text("1")},
        description="Which key of the line the next entry is chained with",
    )
    mac: bytes = Field(sa_type=LargeBinary, description="That of the last entry")
    seal: bytes = Field(
        sa_type=LargeBinary, description="Keyed hash of both: the end cannot be cut off and the head set back"
    )


class DecisionTree(SQLModel, table=True):
    """The decisions of one chunk as leaves of a tree, whose root their one entry has. Stays when they are purged."""

    __tablename__ = "decision_tree"

    chunk_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    ids: list[int] = Field(sa_type=ARRAY(BigInteger), description="Of the decisions, in ascending order")
    digests: bytes = Field(sa_type=LargeBinary, description="SHA-256 of each, one after the other")


class LedgerNode(SQLModel, table=True):
    """A complete subtree of the tree over all entries: that of 2**level of them from number at * 2**level + 1 on."""

    __tablename__ = "ledger_node"

    level: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    at: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    hash: bytes = Field(sa_type=LargeBinary)
