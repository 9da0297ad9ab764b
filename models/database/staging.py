"""Staging: submitted rows wait in temporary tables and are merged into cases, versions and chunks at once.

While rows are read, which may take minutes, nobody waits for us. The merge then locks the cases in the order of their
references, whatever the order of the file: two submissions of the same cases wait for each other and never deadlock.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from models.database.copy import copy_into
from models.intake.batch import Batch, Lane

# Lists go as their text, as the table beside has them: what is stored is made of it once.
ACCEPTED = {
    "row": "int4",
    **dict.fromkeys(("case_ref", "ref_form", "ref_grams", "borrower_ref"), "text"),
    **dict.fromkeys(("phone_key", "id_key", "name_key"), "bytea"),
    "lane": "int2",
    "version_id": "int8",
    **dict.fromkeys(("content_mac", "former_mac"), "bytea"),
    **dict.fromkeys(("facts", "private"), "bytea"),
}
REJECTED = {"row": "int4", "field": "text", "content": "bytea"}
_WORKERS = 4  # that pieces of a file are made for: more take longer turns, fewer find as much for each
_FEWEST = 1_000  # cases in a piece, or about as many, where there are more
_CREATE = (
    """
    CREATE TEMPORARY TABLE staged (
        row integer NOT NULL, case_ref text NOT NULL, ref_form text NOT NULL, ref_grams text, borrower_ref text,
        phone_key bytea, id_key bytea, name_key bytea, lane smallint NOT NULL, version_id bigint NOT NULL,
        content_mac bytea NOT NULL, former_mac bytea, facts bytea NOT NULL, private bytea
    ) ON COMMIT DROP
    """,
    """
    CREATE TEMPORARY TABLE refused (row integer NOT NULL, field text, content bytea NOT NULL) ON COMMIT DROP
    """,
    """
    CREATE TEMPORARY TABLE matched (
        row integer NOT NULL, case_id bigint NOT NULL, number integer NOT NULL, version_id bigint NOT NULL,
        changed boolean NOT NULL, lane smallint NOT NULL
    ) ON COMMIT DROP
    """,
)
# DO UPDATE locks the cases that exist already even where there is nothing to update, in one order for all. Ids are
# in the order of the rows: of cases alike in everything the queue shows the first row first. Of a case that was not
# there nobody else can know anything yet: it is matched at once.
_CASES = """
    WITH made AS (
        INSERT INTO "case" AS c
            (id, submitter, case_ref, ref_form, ref_grams, borrower_ref, phone_key, id_key, name_key, keyed, created_at)
        SELECT id, :submitter, case_ref, ref_form,
            coalesce(CAST(ref_grams AS text[]), ARRAY(
                SELECT DISTINCT substr(lower(case_ref), start, size)
                FROM generate_series(1, 3) size, generate_series(1, length(case_ref) - size + 1) start
            )),
            borrower_ref, phone_key, id_key, name_key, true, :now
        FROM (SELECT *, nextval('case_id_seq') AS id FROM (SELECT * FROM staged ORDER BY row) in_order) numbered
        ORDER BY case_ref COLLATE "C"
        ON CONFLICT (submitter, case_ref) DO UPDATE SET ref_form = excluded.ref_form,
            borrower_ref = excluded.borrower_ref, phone_key = excluded.phone_key, id_key = excluded.id_key,
            name_key = excluded.name_key, keyed = true
        WHERE (c.ref_form, c.borrower_ref, c.phone_key, c.id_key, c.name_key, c.keyed)
            IS DISTINCT FROM (
                excluded.ref_form, excluded.borrower_ref, excluded.phone_key, excluded.id_key, excluded.name_key, true
            )
        RETURNING WITH (OLD AS before, NEW AS after) after.id, after.case_ref, before.id IS NULL AS is_new
    )
    INSERT INTO matched (row, case_id, number, version_id, changed, lane)
    SELECT s.row, made.id, 0, s.version_id, true, s.lane
    FROM made JOIN staged s ON s.case_ref = made.case_ref
    WHERE made.is_new
"""
# A statement of its own, so that it sees what another submission committed while the one before waited for it.
_MATCH = """
    INSERT INTO matched (row, case_id, number, version_id, changed, lane)
    SELECT s.row, c.id, coalesce(v.number, 0),
        CASE WHEN same.content THEN v.id ELSE s.version_id END, NOT same.content, s.lane
    FROM staged s
    JOIN "case" c ON c.submitter = :submitter AND c.case_ref = s.case_ref
    LEFT JOIN LATERAL (
        SELECT id, number, content_mac FROM case_version WHERE case_id = c.id ORDER BY number DESC LIMIT 1
    ) v ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(v.content_mac IN (s.content_mac, s.former_mac), false) AS content
    ) same
    WHERE NOT EXISTS (SELECT FROM matched m WHERE m.row = s.row)
"""
_VERSIONS = """
    INSERT INTO case_version (id, case_id, number, facts, private, content_mac, batch_id, created_at)
    SELECT m.version_id, m.case_id, m.number + 1, s.facts, s.private, s.content_mac, :batch, :now
    FROM matched m JOIN staged s ON s.row = m.row
    WHERE m.changed
    ORDER BY m.row
"""
_BATCH_CASES = """
    INSERT INTO batch_case (batch_id, row, case_version_id, outcome)
    SELECT :batch, row, version_id, CASE WHEN changed THEN 'accepted' ELSE 'unchanged' END FROM matched ORDER BY row
"""
_REJECTIONS = """
    INSERT INTO rejection (batch_id, row, field, content) SELECT :batch, row, field, content FROM refused ORDER BY row
"""
_COUNT = "SELECT count(*) FILTER (WHERE changed), count(*) FILTER (WHERE NOT changed) FROM matched"
# What is ordinary is cut into pieces of one size for a few workers to share, as large as may be, for a chunk costs
# some 60 ms whatever is in it; what is urgent comes in small ones. Submitters share a lane by cases: a submission's
# first chunk comes after the submitter's own that wait, and not before what is being done now, whose turn is the
# least; each further one as much later as there are cases in those before it.
_CHUNKS = """
    WITH undecided AS (
        SELECT row, version_id, CASE WHEN NOT :alone THEN lane WHEN lane = :crisis THEN CAST(:crisis_alone AS smallint)
            ELSE CAST(:single AS smallint) END AS lane
        FROM matched m
        WHERE changed OR NOT EXISTS (
            SELECT FROM decision d
            WHERE d.case_version_id = m.version_id AND d.pack_sha256 = :pack AND d.as_of = :as_of
        )
    ), sized AS (
        SELECT lane, CASE WHEN lane < :flagged THEN CAST(:crisis_size AS integer)
            WHEN lane = :flagged THEN CAST(:flagged_size AS integer)
            WHEN :bulk_size <= :fewest AND count(*) <= :workers * :bulk_size THEN :bulk_size
            WHEN count(*) <= :workers * least(:bulk_size, :fewest) THEN ceil(count(*) / greatest(
                1, ceil(count(*) / CAST(:bulk_size AS numeric)), round(count(*) / CAST(:fewest AS numeric))
            ))
            ELSE ceil(count(*) / (:workers * ceil(count(*) / (:workers * CAST(:bulk_size AS numeric))))) END AS size
        FROM undecided GROUP BY lane
    ), placed AS (
        SELECT version_id, lane, div(row_number() OVER (PARTITION BY lane ORDER BY row) - 1, size) AS part
        FROM undecided JOIN sized USING (lane)
    ), parts AS (
        SELECT lane, part, CASE lane WHEN :ordinary THEN 'bulk' ELSE 'urgent' END AS queue,
            array_agg(version_id ORDER BY version_id) AS ids
        FROM placed GROUP BY lane, part
    ), starts AS (
        SELECT lane, greatest(
            (SELECT turn FROM chunk c WHERE c.status = 'pending' AND c.queue = lanes.queue AND c.lane = lanes.lane
                ORDER BY turn LIMIT 1),
            (SELECT turn + cardinality(case_version_ids) FROM chunk c
                WHERE c.status = 'pending' AND c.submitter = :submitter AND c.lane = lanes.lane
                ORDER BY turn DESC LIMIT 1),
            0
        ) AS turn
        FROM (SELECT DISTINCT lane, queue FROM parts) lanes
    )
    INSERT INTO chunk (batch_id, submitter, queue, lane, turn, case_version_ids, status, tries, woken_at)
    SELECT :batch, :submitter, queue, lane,
        turn + sum(cardinality(ids)) OVER (PARTITION BY lane ORDER BY part) - cardinality(ids), ids, 'pending', 0, :now
    FROM parts JOIN starts USING (lane)
    ORDER BY lane, part
    RETURNING id, queue
"""


# Of two cases that were taken in before spellings were compared, the exact one is meant, and else the first.
_SPELLED = """
    SELECT DISTINCT ON (given.case_ref) given.case_ref, c.case_ref AS known
    FROM unnest(CAST(:refs AS text[]), CAST(:forms AS text[])) AS given (case_ref, ref_form)
    JOIN "case" c ON c.submitter = :submitter AND c.ref_form = given.ref_form
    WHERE NOT EXISTS (SELECT FROM "case" x WHERE x.submitter = :submitter AND x.case_ref = given.case_ref)
    ORDER BY given.case_ref, c.id
"""


@dataclass(frozen=True)
class Merged:
    """What a merge came to: row counts, and the new chunks as (id, queue), the most urgent first."""

    accepted: int
    unchanged: int
    chunks: tuple[tuple[int, str], ...]


def spelled(session: Session, submitter: str, forms: Mapping[str, str]) -> dict[str, str]:
    """Of references, each with its form, those that a case of the submitter has in another spelling, with that."""
    given = {"submitter": submitter, "refs": list(forms), "forms": list(forms.values())}
    return {row[0]: row[1] for row in session.connection().execute(text(_SPELLED), given)}


def create(session: Session) -> None:
    """Make the temporary tables of one submission."""
    for statement in _CREATE:
        session.connection().execute(text(statement))


def draw_versions(session: Session, count: int) -> list[int]:
    """Ids for versions that rows may make, in the order of the rows: what is sealed is sealed for its version."""
    drawn = text("SELECT nextval('case_version_id_seq') FROM generate_series(1, :count)")
    return list(session.connection().execute(drawn, {"count": count}).scalars())


def add(session: Session, accepted: Iterable[tuple[Any, ...]], rejected: Iterable[tuple[Any, ...]]) -> None:
    """Put rows of ACCEPTED and of REJECTED beside the tables. A case reference may come once in a submission."""
    copy_into(session, "staged", ACCEPTED, accepted)
    copy_into(session, "refused", REJECTED, rejected)


def merge(session: Session, batch: Batch, sizes: Mapping[str, int], now: dt.datetime, *, alone: bool) -> Merged:
    """Make cases, versions, rejections, the batch's rows and its chunks out of the staged rows.

    A row whose content is that of the case's latest version is unchanged; any other makes a version. Chunks hold the
    versions that have no decision for the batch's pack and date: at most `sizes` of a lane in one. Somebody waits for
    the answer to a case that was handed in `alone`.
    """
    connection = session.connection()
    values = {
        "submitter": batch.submitter,
        "now": now,
        "batch": batch.id,
        "pack": batch.pack_sha256,
        "as_of": batch.as_of,
        **{f"{name}_size": size for name, size in sizes.items()},
        "workers": _WORKERS,
        "fewest": _FEWEST,
        "alone": alone,
        **{lane.name.lower(): lane.value for lane in Lane},
    }
    connection.execute(text("ANALYZE staged (row, case_ref)"))  # nobody else analyses a temporary table
    if connection.execute(text(_CASES), values).rowcount < batch.rows_read - batch.rejected:
        connection.execute(text(_MATCH), values)
    connection.execute(text("ANALYZE matched"))
    for statement in (_VERSIONS, _BATCH_CASES, _REJECTIONS):
        connection.execute(text(statement), values)
    accepted, unchanged = connection.execute(text(_COUNT)).one()
    chunks = connection.execute(text(_CHUNKS), values).all()
    connection.execute(text("DROP TABLE staged, refused, matched"))
    return Merged(accepted, unchanged, tuple(sorted((chunk_id, queue) for chunk_id, queue in chunks)))
