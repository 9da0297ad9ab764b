"""Decision: what one pack recommended for one case version on one day. Never changed."""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Decision(SQLModel, table=True):
    """The outcome of evaluating a case version, with the facts as evaluated."""

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("case_version_id", "pack_sha256", "as_of"), Index(None, "chunk_id"))

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    case_version_id: int = Field(foreign_key="case_version.id", sa_type=BigInteger)
    pack_sha256: str = Field(foreign_key="pack.sha256")
    as_of: dt.date
    strategy: str
    urgency: str
    certain: bool
    engines_agree: bool
    facts: dict[str, Any] = Field(sa_type=JSONB, description="Submitted and derived, as the engines saw them")
    outcome: dict[str, Any] = Field(sa_type=JSONB)
    valid_until: dt.date | None = Field(
        default=None, description="First day on which time alone could change it; NULL: decided before this was kept"
    )
    chunk_id: int = Field(foreign_key="chunk.id", sa_type=BigInteger)
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
