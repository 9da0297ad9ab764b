"""DailyTally: how often something happened on a day, appended where it happens and added up when read."""

import datetime as dt

from sqlalchemy import BigInteger, Identity, Index
from sqlmodel import Field, SQLModel


class DailyTally(SQLModel, table=True):
    """Counts of a transaction. Appending never waits for another writer; a task folds the rows now and then."""

    __tablename__ = "daily_tally"
    __table_args__ = (Index(None, "measure", "day", "subject"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=(Identity(),))
    day: dt.date
    submitter: str
    measure: str = Field(description="decided, disagreed, fired, reviewed, accepted, overridden, outcome, response")
    subject: str = Field(description="A strategy, rule, account or urgency, as the measure says")
    detail: str = Field(default="", description="An action or outcome, as the measure says")
    count: int = Field(sa_type=BigInteger)
