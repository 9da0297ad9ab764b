"""PortfolioBlock, PortfolioChunk: what was given of decided cases once more, as columns, for whoever asks what-if.

They say nothing that decisions do not say and may be deleted at any time: what is missing is made anew.
"""

import datetime as dt

from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, LargeBinary
from sqlmodel import Field, SQLModel


class PortfolioBlock(SQLModel, table=True):
    """Some thousand cases as columns. Facts without names, numbers and texts, as they stand in case versions too."""

    __tablename__ = "portfolio_block"

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    cases: int = Field(description="That were current when it was made")
    first_decision: int = Field(sa_type=BigInteger)
    last_decision: int = Field(sa_type=BigInteger)
    columns: list[bytes] = Field(
        sa_type=ARRAY(LargeBinary), description="Those together whose columns are of the same types"
    )
    looked_at: dt.datetime = Field(
        sa_type=DateTime(timezone=True), description="When it was last seen how many of its cases are still current"
    )


class PortfolioChunk(SQLModel, table=True):
    """Which block has the decisions of a chunk."""

    __tablename__ = "portfolio_chunk"

    chunk_id: int = Field(
        primary_key=True,
        foreign_key="chunk.id",
        ondelete="CASCADE",
        sa_type=BigInteger,
        sa_column_kwargs={"autoincrement": False},
    )
    block_id: int = Field(foreign_key="portfolio_block.id", ondelete="CASCADE", sa_type=BigInteger, index=True)
