"""Review: one thing a person did on a case. Appended, never changed."""

import datetime as dt
from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# What is done on a case by the table of actions; beside it: who has it, who saw personal data, what was consented to;
# and what people who work here say among themselves, which nobody else hears of.
ActionName: TypeAlias = Literal[
    "accept", "override", "contact", "answer", "ask", "escalate", "snooze", "resume", "outcome", "document"
]
OtherName: TypeAlias = Literal["assign", "release", "reveal", "consent"]
InternalName: TypeAlias = Literal["note", "task", "agreement", "attachment"]
INTERNAL: tuple[str, ...] = get_args(InternalName)
TOLD: tuple[str, ...] = (*get_args(ActionName), *get_args(OtherName))  # to programs of whoever handed the case in
ACTIONS: tuple[str, ...] = (*TOLD, *INTERNAL)


class Review(SQLModel, table=True):
    """An action of an account on a case, and the decision it was looking at."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint(f"action IN ({', '.join(map(repr, ACTIONS))})", name="action"),
        Index(None, "case_id", "id"),
        Index(None, "decision_id"),
        Index(None, "at", "action"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    case_id: int = Field(foreign_key="case.id", sa_type=BigInteger)
    decision_id: int | None = Field(foreign_key="decision.id", sa_type=BigInteger, description="What was on the screen")
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    action: str
    strategy: str | None = Field(default=None, description="Chosen by accept or override")
    reason: str | None = Field(default=None, description="A code: why overridden, or what came of it")
    detail: dict[str, Any] = Field(default={}, sa_type=JSONB, description="Names, codes and dates: nothing personal")
    words: bytes | None = Field(default=None, sa_type=LargeBinary, description="Sealed: what the person wrote")
