"""COPY: rows into a table in bulk, inside the session's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlmodel import Session


def copy_into(
    session: Session, table: str, columns: Sequence[str] | Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Append rows to a table. JSON columns take text that is already JSON.

    Where each column is given with its type they go as bytes, which neither side has to write or read as words: for
    what is written by the thousand. A column of JSON cannot go so.
    """
    connection = cast("psycopg.Connection", session.connection().connection.driver_connection)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    typed = isinstance(columns, Mapping)
    form = sql.SQL(" (FORMAT BINARY)" if typed else "")
    statement = sql.SQL("COPY {} ({}) FROM STDIN{}").format(sql.Identifier(table), names, form)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        if isinstance(columns, Mapping):
            copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)
