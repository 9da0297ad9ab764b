"""Upload: a file between its preview and its submission, sealed."""

import datetime as dt
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, LargeBinary
from sqlmodel import Field, SQLModel


class Upload(SQLModel, table=True):
    """A file as it came and what it is to be submitted as; gone once submitted, given up, or a day old.

    Its id becomes the batch's, so that the same upload can make one batch only.
    """

    __tablename__ = "upload"
    __table_args__ = (Index(None, "account_id", "created_at"), Index(None, "created_at"))

    id: UUID = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", sa_type=BigInteger)
    name: bytes = Field(sa_type=LargeBinary, description="Sealed: the file's name")
    content: bytes = Field(sa_type=LargeBinary, description="Sealed, in the application's own way")
    size: int = Field(sa_type=BigInteger, description="Bytes of the file")
    submitter: str
    as_of: dt.date
    mapping: bytes | None = Field(
        default=None, sa_type=LargeBinary, description="Sealed: how its owner chose it to be read; null: as it seems"
    )
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
