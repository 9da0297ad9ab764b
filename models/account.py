"""Account, SignIn, Passkey, Token, Team, Absence: who may come in, what they may do, and who works with whom."""

import datetime as dt
from typing import Literal

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
    text,
)
from sqlmodel import Field, SQLModel


class Account(SQLModel, table=True):
    """A person who signs in. Disabled rather than deleted: the ledger names it."""

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("role IN ('submitter', 'counsellor', 'supervisor', 'admin')", name="role"),
        CheckConstraint("role <> 'submitter' OR submitter IS NOT NULL", name="submitter"),
        UniqueConstraint("oidc_issuer", "oidc_subject"),
        CheckConstraint("(oidc_issuer IS NULL) = (oidc_subject IS NULL)", name="oidc"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    name: str = Field(max_length=64, description="To sign in with, in lower case")
    role: str
    submitter: str | None = Field(default=None, description="Whose cases a submitter hands in, sees and nobody else's")
    password_hash: str = Field(description="Argon2id")
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    disabled_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    first_password: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="The password was given by somebody else, and is to be changed before anything else",
    )
    second_factor: bytes | None = Field(
        default=None, sa_type=LargeBinary, description="Sealed: what the codes of an authenticator are made from"
    )
    recovery: list[str] = Field(
        default=[],
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'")},
        description="Salt and hash of each recovery code that is left",
    )
    code_step: int | None = Field(
        default=None, sa_type=BigInteger, description="Of which half minute the last code was: none up to it is taken"
    )
    passkeys: int = Field(
        default=0,
        sa_column_kwargs={"server_default": text("0")},
        description="How many it has, so that no request has to count them",
    )

    @property
    def has_second_factor(self) -> bool:
        """Whether the password alone does not sign it in."""
        return self.second_factor is not None or self.passkeys > 0

    @property
    def second_step(self) -> Literal["code", "recovery"] | None:
        """What its owner may type beside the password: a code, or where there are passkeys alone one for recovery."""
        return "code" if self.second_factor is not None else "recovery" if self.passkeys else None

    oidc_issuer: str | None = Field(default=None, description="The identity provider that this account is linked to")
    oidc_subject: str | None = Field(default=None, description="What that provider calls its owner")


class SignIn(SQLModel, table=True):
    """A browser's session, known by the hash of its cookie."""

    __tablename__ = "sign_in"
    __table_args__ = (Index(None, "expires_at"), Index(None, "account_id"))

    secret_hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    expires_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    seen_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": text("now()")},
        description="When somebody last did something in it, at most a minute behind",
    )
    vouched: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="An identity provider said who it is, and no password was given",
    )


class SignInAttempt(SQLModel, table=True):
    """A sign-in that failed, counted to slow down guessing."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "name", "place", "at"), Index(None, "place", "at"))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    name: str = Field(description="Keyed hash of what was typed: it could be a password in the wrong field")
    place: str = Field(description="Keyed hash of where it came from: a device known on the account, or an address")
    at: dt.datetime = Field(sa_type=DateTime(timezone=True))


class Passkey(SQLModel, table=True):
    """A key pair that a person's device keeps for this account and host, by its public half."""

    __tablename__ = "passkey"
    __table_args__ = (UniqueConstraint("credential_id"), Index(None, "account_id"))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    name: str = Field(max_length=64, description="What its owner calls it")
    host: str = Field(description="Under which name of ours it was made and works: WebAuthn's RP ID")
    credential_id: bytes = Field(sa_type=LargeBinary, description="By which the device knows it")
    public_key: bytes = Field(sa_type=LargeBinary, description="As COSE has it")
    uses: int = Field(sa_type=BigInteger, description="The device's counter as it was last; 0: it does not count")
    transports: list[str] = Field(sa_type=ARRAY(Text), description="How a browser reaches the device: a hint for it")
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    used_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class UsedChallenge(SQLModel, table=True):
    """A challenge that was answered: it is taken once, and forgotten when it is too old to be taken."""

    __tablename__ = "used_challenge"
    __table_args__ = (Index(None, "expires_at"),)

    hash: bytes = Field(primary_key=True, sa_type=LargeBinary)
    expires_at: dt.datetime = Field(sa_type=DateTime(timezone=True))


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


class Team(SQLModel, table=True):
    """Counsellors who share cases of some kind. Closed rather than deleted: the ledger names it."""

    __tablename__ = "team"
    __table_args__ = (
        Index("uq_team_name", "name", unique=True, postgresql_where=text("closed_at IS NULL")),
        CheckConstraint("load_limit BETWEEN 1 AND 500", name="load_limit"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    name: str = Field(max_length=64)
    skills: list[str] = Field(default=[], sa_type=ARRAY(Text), description="Strategies and products; none: every case")
    cities: list[str] = Field(default=[], sa_type=ARRAY(Text), description="Where its cases live; none: anywhere")
    load_limit: int = Field(description="Cases that a counsellor is given automatically, at most")
    automatic: bool = Field(description="Whether free cases are assigned to it without anybody asking")
    closed_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class TeamMember(SQLModel, table=True):
    """That an account is of a team: of one at a time."""

    __tablename__ = "team_member"
    __table_args__ = (Index(None, "team_id"),)

    account_id: int = Field(primary_key=True, foreign_key="account.id", sa_type=BigInteger)
    team_id: int = Field(foreign_key="team.id", sa_type=BigInteger)


class Absence(SQLModel, table=True):
    """Days on which somebody is away, the last one included."""

    __tablename__ = "absence"
    __table_args__ = (Index(None, "account_id", "last"), CheckConstraint("first <= last", name="days"))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    first: dt.date
    last: dt.date
    cancelled_at: dt.datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
