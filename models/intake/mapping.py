"""ConfirmedMapping: how a submitter's files with certain columns are to be read, as somebody confirmed it."""

import datetime as dt

from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class ConfirmedMapping(SQLModel, table=True):
    """One mapping of a submitter for one set of headers; confirmed anew it is replaced, undone it is gone."""

    __tablename__ = "confirmed_mapping"
    __table_args__ = (UniqueConstraint("submitter", "headers_mac"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    submitter: str
    headers_mac: bytes = Field(sa_type=LargeBinary, description="Keyed hash of the submitter and the set of headers")
    content: bytes = Field(sa_type=LargeBinary, description="Sealed: the mapping, the file's name and columns")
    confirmed_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
