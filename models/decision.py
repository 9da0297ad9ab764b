"""Decision: what one pack recommended for one case version on one day. Never changed."""

import datetime as dt
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Identity, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

_PACK: Final = """"left"(pack_sha256::text, 16)"""  # as PostgreSQL gives it back


class Decision(SQLModel, table=True):
    """The outcome of evaluating a case version, with the facts as evaluated: in `body`, or as JSON in those of before.

    Rows that it names have no foreign key: checking those costs more than the row. `audit verify` and `doctor` look.
    """

    __tablename__ = "decision"
    # Of a pack's digest 64 bits tell it from all others; whole, it would be most of the index.
    __table_args__ = (
        Index("uq_decision_version_day_pack", "case_version_id", "as_of", text(_PACK), unique=True),
        Index(None, "chunk_id"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    case_version_id: int = Field(sa_type=BigInteger)
    pack_sha256: str
    as_of: dt.date
    strategy: str
    urgency: str
    certain: bool
    engines_agree: bool
    facts: dict[str, Any] | None = Field(
        default=None, sa_type=JSONB, description="Submitted and derived, as the engines saw them; NULL: in the body"
    )
    outcome: dict[str, Any] | None = Field(default=None, sa_type=JSONB, description="NULL: in the body")
    body: bytes | None = Field(
        default=None,
        sa_type=LargeBinary,
        description="Compressed: the outcome, and how the facts differ from those submitted",
    )
    valid_until: dt.date | None = Field(
        default=None, description="First day on which time alone could change it; NULL: decided before this was kept"
    )
    last_deadline: dt.date | None = Field(default=None, description="Of those in the body; NULL: there is none")
    chunk_id: int = Field(sa_type=BigInteger)
    created_at: dt.datetime = Field(sa_type=DateTime(timezone=True))
