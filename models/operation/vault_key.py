"""VaultKey, ResealedRow: which keys this database's personal data was sealed with, and which rows were sealed anew."""

import datetime as dt

from sqlalchemy import BigInteger, DateTime, LargeBinary, SmallInteger, text
from sqlmodel import Field, SQLModel


class VaultKey(SQLModel, table=True):
    """A key of the line, told by a hash of it; the last one is used."""

    __tablename__ = "vault_key"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    fingerprint: bytes = Field(sa_type=LargeBinary)
    since: int = Field(
        default=1,
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": text("1")},
        description="The first entry of the ledger that is chained with it",
    )
    kept: bytes | None = Field(
        default=None,
        sa_type=LargeBinary,
        description="Sealed with the key that is used: what old hashes need of it; NULL: it is used itself",
    )
    done_at: dt.datetime | None = Field(
        default=None, sa_type=DateTime(timezone=True), description="When nothing was left under the key before"
    )


class ResealedRow(SQLModel, table=True):
    """That a row was sealed anew: which digests it had, and which it has by that. Keyed: nobody else can say it."""

    __tablename__ = "resealed"

    subject: str = Field(primary_key=True, description="<table>:<id>; rejects:<batch> is all rejected rows of one")
    told: bytes = Field(sa_type=LargeBinary, description="The digests it had, one after the other")
    now: bytes = Field(sa_type=LargeBinary)
    generation: int = Field(sa_type=SmallInteger, description="The key that it was sealed with, and `mac` is of")
    mac: bytes = Field(sa_type=LargeBinary)
