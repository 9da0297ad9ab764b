"""The record: SQLModel tables on PostgreSQL. Knows nothing of rules."""

from sqlmodel import SQLModel

# Set before any table exists, so that every constraint has one name, here and in the migrations.
SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
