"""Mention, Task, Agreement, Instalment, Attachment: what people who work on a case tell, owe and keep of it.

What was said and done is a review, appended and never changed. These are the rows that change: who has yet to read
what, what is to be done by when, what a lender agreed to and whether it is kept, and sealed files.
"""

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

INSTALMENT_STATES = ("due", "late", "broken", "kept")
AGREEMENT_STATES = ("running", "broken", "kept", "ended")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(repr, values))})", name=column)


class Mention(SQLModel, table=True):
    """That a note names an account, and when its owner had seen it. The review says whom it names."""

    __tablename__ = "mention"
    __table_args__ = (
        Index(None, "case_id"),
        Index("ix_mention_unseen", "account_id", "review_id", postgresql_where=text("seen_at IS NULL")),
    )

    review_id: int = Field(primary_key=True, foreign_key="review.id", sa_type=BigInteger)
    account_id: int = Field(primary_key=True, foreign_key="account.id", sa_type=BigInteger)
    case_id: int = Field(foreign_key="case.id", sa_type=BigInteger)
    seen_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Task(SQLModel, table=True):
    """Something to be done on a case by a day, and who does it."""

    __tablename__ = "task"
    __table_args__ = (
        Index(None, "case_id"),
        Index("ix_task_open", "owner_id", "due_on", postgresql_where=text("done_at IS NULL")),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    case_id: int = Field(foreign_key="case.id", sa_type=BigInteger)
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger, description="Who made it")
    owner_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    due_on: dt.date
    words: bytes = Field(sa_type=LargeBinary, description="Sealed: what is to be done")
    made_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    done_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class Agreement(SQLModel, table=True):
    """What a lender and a borrower agreed on: so much, so many times, from a day on."""

    __tablename__ = "agreement"
    __table_args__ = (Index(None, "case_id"), _one_of("status", AGREEMENT_STATES))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    case_id: int = Field(foreign_key="case.id", sa_type=BigInteger)
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger, description="Who put it down")
    made_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    agreed_on: dt.date
    in_writing: bool
    terms: bytes | None = Field(default=None, sa_type=LargeBinary, description="Sealed: what else was agreed")
    status: str = "running"


class Instalment(SQLModel, table=True):
    """One payment of an agreement."""

    __tablename__ = "instalment"
    __table_args__ = (
        _one_of("status", INSTALMENT_STATES),
        Index("ix_instalment_open", "last_day", postgresql_where=text("status IN ('due', 'late')")),
    )

    agreement_id: int = Field(primary_key=True, foreign_key="agreement.id", sa_type=BigInteger)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    due_on: dt.date
    last_day: dt.date = Field(description="The next working day, where the agreed one is a day off")
    amount: int = Field(sa_type=BigInteger, description="Fen")
    status: str = "due"
    paid_on: dt.date | None = None


class Attachment(SQLModel, table=True):
    """A file of a case, sealed; taken away, nothing but its row is left."""

    __tablename__ = "attachment"
    __table_args__ = (Index(None, "case_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    case_id: int = Field(foreign_key="case.id", sa_type=BigInteger)
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    name: bytes | None = Field(sa_type=LargeBinary, description="Sealed: the file's name")
    content: bytes | None = Field(sa_type=LargeBinary, description="Sealed; NULL: taken away")
    content_type: str
    size: int = Field(sa_type=BigInteger, description="Bytes of the file")
    fact: str | None = Field(default=None, description="The fact that it is evidence of")
    evidence: str | None = Field(default=None, description="How strong: a value of that fact")
