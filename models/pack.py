"""StoredPack: a policy as it was when it decided, so that its decisions can be told for as long as they exist."""

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
