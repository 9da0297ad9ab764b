"""StoredPack, FactsDictionary: what it takes to read decisions and facts for as long as they exist."""

import datetime as dt

from sqlalchemy import DateTime, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class StoredPack(SQLModel, table=True):
    """The files of a policy pack, kept under their digest."""

    __tablename__ = "pack"

    sha256: str = Field(primary_key=True, max_length=64)
    pack_id: str
    version: str
    files: dict[str, str] = Field(sa_type=JSONB)
    dictionary: bytes | None = Field(
        default=None, sa_type=LargeBinary, description="That the bodies of its decisions are compressed by; NULL: none"
    )
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))


class FactsDictionary(SQLModel, table=True):
    """That the facts of case versions are compressed by. Never changed: better ones come beside it."""

    __tablename__ = "facts_dictionary"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False}, description="As each frame names it")
    content: bytes = Field(sa_type=LargeBinary)
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
