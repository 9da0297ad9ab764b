"""Case, CaseVersion: a debt, and what was submitted about it over time."""

import datetime as dt
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class Case(SQLModel, table=True):
    """One debt, known by its submitter's own reference."""

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("submitter", "case_ref"),
        Index(None, "submitter", "ref_form"),
        Index(None, "submitter", "borrower_ref", postgresql_where=text("borrower_ref IS NOT NULL")),
        Index(None, "ref_grams", postgresql_using="gin"),
        Index(None, "phone_key", postgresql_where=text("phone_key IS NOT NULL")),
        Index(None, "id_key", postgresql_where=text("id_key IS NOT NULL")),
        Index(None, "name_key", postgresql_where=text("name_key IS NOT NULL")),
        Index("ix_case_unkeyed", "id", postgresql_where=text("NOT keyed")),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    submitter: str
    case_ref: str
    ref_form: str = Field(
        default="",
        sa_column_kwargs={"server_default": ""},
        description="The reference as it is known by in whatever spelling",
    )
    ref_grams: list[str] = Field(sa_type=ARRAY(Text), description="Its letters by one, two and three, to search by")
    borrower_ref: str | None = Field(description="The borrower's reference as it is known by in whatever spelling")
    phone_key: bytes | None = Field(
        default=None, sa_type=LargeBinary, description="Keyed hash of the phone number: the same person's cases have it"
    )
    id_key: bytes | None = Field(default=None, sa_type=LargeBinary, description="The same of the ID number")
    name_key: bytes | None = Field(
        default=None, sa_type=LargeBinary, description="The same of the name: to search by, names are not one person's"
    )
    keyed: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": text("false")},
        description="All were worked out; false: taken in before there were any",
    )
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
    consent: list[str] | None = Field(
        default=None, sa_type=ARRAY(Text), description="Scopes consented to; NULL: unknown"
    )
    retain_until: dt.date | None = Field(default=None, description="NULL: as the settings say, from the last activity")


class CaseVersion(SQLModel, table=True):
    """The facts of a case as submitted once. Never changed: other facts make another version."""

    __tablename__ = "case_version"
    __table_args__ = (UniqueConstraint("case_id", "number"), Index(None, "batch_id"))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    case_id: int = Field(sa_type=BigInteger)
    number: int
    facts: bytes = Field(sa_type=LargeBinary, description="What the rules may see: forbear/base/compressed/")
    private: bytes | None = Field(sa_type=LargeBinary, description="Sealed: private facts and unknown columns")
    content_mac: bytes = Field(sa_type=LargeBinary, description="Keyed hash of the facts, private ones included")
    batch_id: UUID
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
