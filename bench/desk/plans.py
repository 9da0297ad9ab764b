"""Plans: what the server really does for the statements that a page sends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

LARGE = 10_000  # rows from which on a table is not to be read from end to end
_PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
Sent = list[tuple[str, Any]]


@contextmanager
def recorded(engine: Engine) -> Iterator[Sent]:
    """The statements sent while the block runs, each with its parameters."""
    sent: Sent = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(_PLANNED):
            sent.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def full_scans(engine: Engine, sent: Sent) -> list[str]:
    """Large tables that a statement reads from end to end, each with the statement. Nothing is changed."""
    found = []
    with engine.connect() as connection:
        large = set(
            connection.exec_driver_sql(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", (LARGE,)
            ).scalars()
        )
        for statement, parameters in sent:
            # A row that was made under an id of its own cannot be made again, so of inserts the plan has to do.
            really = "" if statement.lstrip().upper().startswith("INSERT") else "ANALYZE, "
            explain = f"EXPLAIN ({really}FORMAT JSON) {statement}"
            with connection.begin_nested() as undone:
                plan = connection.exec_driver_sql(explain, parameters).scalar_one()
                undone.rollback()
            tree = json.loads(plan) if isinstance(plan, str) else plan
            tables = {table for node in _nodes(tree[0]["Plan"]) if (table := _read_whole(node)) in large}
            found += [f"{table}: {' '.join(statement.split())}" for table in sorted(tables)]
        connection.rollback()
    return found


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _read_whole(node: dict[str, Any]) -> str:
    return str(node["Relation Name"]) if node["Node Type"].endswith("Seq Scan") else ""
