"""VaultKey: which key this database's personal data is sealed with, told by a hash of it."""

from sqlalchemy import CheckConstraint, LargeBinary
from sqlmodel import Field, SQLModel


class VaultKey(SQLModel, table=True):
    """At most one row: data sealed with two keys would be half lost, whichever of them is kept."""

    __tablename__ = "vault_key"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    fingerprint: bytes = Field(sa_type=LargeBinary)
