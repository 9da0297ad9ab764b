"""Rows that name another row which is not there, or not the one that they came to.

The tables that get thousands of rows at a time have no foreign keys, whose checks cost more than the rows: what those
would have refused is looked for here, over whole tables.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session


class RowReference(NamedTuple):
    """A column that names a row of another table by its key; `id` is what the row itself is known by, in SQL."""

    table: str
    id: str
    column: str
    other: str
    other_key: str = "id"


_ROW: Final = "kept.batch_id || ':' || kept.row"
REFERENCES: Final = (
    RowReference("case_version", "kept.id", "case_id", "case"),
    RowReference("case_version", "kept.id", "batch_id", "batch"),
    RowReference("batch_case", _ROW, "batch_id", "batch"),
    RowReference("batch_case", _ROW, "case_version_id", "case_version"),
    RowReference("batch_case", _ROW, "pack_sha256", "pack", "sha256"),
    RowReference("decision", "kept.id", "case_version_id", "case_version"),
    RowReference("decision", "kept.id", "pack_sha256", "pack", "sha256"),
    RowReference("decision", "kept.id", "chunk_id", "chunk"),
    RowReference("desk_case", "kept.case_id", "case_id", "case"),
    RowReference("person", "kept.id", "id", "case"),
    RowReference("household_budget", "kept.id", "id", "case"),
    RowReference("desk_case", "kept.case_id", "batch_id", "batch"),
    RowReference("desk_case", "kept.case_id", "decision_id", "decision"),
    RowReference("desk_case", "kept.case_id", "pack_sha256", "pack", "sha256"),
)


class Dangling(NamedTuple):
    """A row that names one which is not there, both as `<table>:<id>`."""

    row: str
    missing: str


# A version's id is drawn in the order of the rows, by the batch that brought it; an unchanged row names an older one.
_LINKS: Final = text("""
    SELECT link.batch_id || ':' || link.row FROM (
        SELECT kept.*, lag(kept.case_version_id) OVER (
            PARTITION BY kept.batch_id, kept.outcome ORDER BY kept.row
        ) AS before FROM batch_case kept
    ) link
    JOIN case_version v ON v.id = link.case_version_id
    JOIN "case" c ON c.id = v.case_id
    JOIN batch b ON b.id = link.batch_id
    WHERE c.submitter <> b.submitter OR (link.outcome = 'accepted') <> (v.batch_id = b.id)
        OR link.outcome = 'accepted' AND link.case_version_id < link.before
    ORDER BY 1
""")


# A note says whom it names; that they have yet to see it is a row each.
_MENTIONS: Final = text("""
    SELECT review_id || ':' || account_id FROM mention one WHERE NOT EXISTS (
        SELECT FROM review r WHERE r.id = one.review_id AND r.case_id = one.case_id
            AND r.detail -> 'mentions' @> to_jsonb(one.account_id)
    )
    UNION
    SELECT r.id || ':' || (named #>> '{}') FROM review r, jsonb_array_elements(r.detail -> 'mentions') named
    WHERE r.action = 'note' AND NOT EXISTS (
        SELECT FROM mention one WHERE one.review_id = r.id AND to_jsonb(one.account_id) = named
    )
    ORDER BY 1
""")


def mentions(session: Session) -> Iterator[str]:
    """Mentions that are otherwise than notes say, made up or missing, as `mention:<review>:<account>`."""
    for found in session.connection().execute(_MENTIONS).scalars():
        yield f"mention:{found}"


def astray(session: Session) -> Iterator[str]:
    """The rows of batches that name a case version which they did not come to, as `batch_case:<batch>:<row>`."""
    for found in session.connection().execute(_LINKS).scalars():
        yield f"batch_case:{found}"


def dangling(session: Session) -> Iterator[Dangling]:
    """Every row that names one which is not there."""
    for table, row_id, column, other, other_key in REFERENCES:
        query = text(f"""
            SELECT {row_id}, kept.{column} FROM "{table}" kept
            LEFT JOIN "{other}" other ON other.{other_key} = kept.{column}
            WHERE kept.{column} IS NOT NULL AND other.{other_key} IS NULL ORDER BY 1, 2
        """)  # noqa: S608 - names of ours
        for found, missing in session.connection().execute(query):
            yield Dangling(f"{table}:{found}", f"{other}:{missing}")
