"""Account, SignIn, SignInAttempt, Token: who may come in, from a browser or a program, and what they may do."""

import datetime as dt

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel


class Account(SQLModel, table=True):
    """A person who signs in. Disabled rather than deleted: the ledger names it."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("role IN ('submitter', 'counsellor', 'supervisor', 'admin')", name="role"),
        CheckConstraint("role <> 'submitter' OR submitter IS NOT NULL", name="submitter"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    name: str = Field(max_length=64, description="To sign in with, in lower case")
    role: str
    submitter: str | None = Field(default=None, description="Whose cases a submitter hands in, sees and nobody else's")
    password_hash: str = Field(description="Argon2id")
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    disabled_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class SignIn(SQLModel, table=True):
    """A browser's session, known by the hash of its cookie."""

    __tablename__ = "sign_in"
    __table_args__ = (Index(None, "expires_at"), Index(None, "account_id"))

    secret_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: dt.datetime = Field(sa_type=DateTime(timezone=True))


class SignInAttempt(SQLModel, table=True):
    """A sign-in that failed, counted to slow down guessing."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "name", "place", "at"), Index(None, "place", "at"))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    name: str = Field(description="Keyed hash of what was typed: it could be a password in the wrong field")
    place: str = Field(description="Keyed hash of where it came from: a device known on the account, or an address")
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))


class Token(SQLModel, table=True):
    """A program's key to the API: an account's, narrowed to scopes."""

    __tablename__ = "token"
    __table_args__ = (UniqueConstraint("secret_hash"), Index(None, "account_id"))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    name: str = Field(max_length=64, description="What it is for")
    scopes: list[str] = Field(sa_type=ARRAY(Text))
    secret_hash: bytes = Field(sa_type=LargeBinary)
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    revoked_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
