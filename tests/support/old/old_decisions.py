"""Decisions as they were before they had a body: facts and outcome as JSON, and each with an entry of its own.

The facts that they were made on are JSON then, too, as PostgreSQL writes it.
"""

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import text

from forbear.base.compressed.submitted_facts import facts_in
from forbear.base.vault import Vault
from forbear.batch import decision_body
from forbear.batch.decision_body import Recorded
from models.database.session import session
from tests.support.desk.cases import engine_of, working


def recorded(url: str, decision_id: int | None = None) -> list[Recorded]:
    """What decisions say, by id; one of them with its id."""
    with engine_of(url) as engine, session(engine) as opened:
        query = f"""
            SELECT d.id, {decision_body.COLUMNS} FROM decision d JOIN case_version v ON v.id = d.case_version_id
            WHERE CAST(:one AS bigint) IS NULL OR d.id = :one ORDER BY d.id
        """  # noqa: S608 - text of ours
        rows = opened.connection().execute(text(query), {"one": decision_id})
        return [decision_body.recorded(opened, row, facts_in(opened, row.submitted)) for row in rows]


def plainly_submitted(url: str) -> None:
    """Give every case version its facts as they were stored before there was a dictionary."""
    with engine_of(url) as engine, session(engine) as opened, psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for version, stored in connection.execute("SELECT id, facts FROM case_version").fetchall():
            connection.execute(
                "UPDATE case_version SET facts = convert_to(CAST(%s AS text), 'UTF8') WHERE id = %s",
                [Jsonb(facts_in(opened, stored)), version],
            )


def without_bodies(url: str) -> None:
    """Give every decision its facts and outcome as JSON in place of a body."""
    made = recorded(url)
    plainly_submitted(url)
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        ids = [row[0] for row in connection.execute("SELECT id FROM decision ORDER BY id")]
        for decision_id, (facts, outcome) in zip(ids, made, strict=True):
            connection.execute(
                "UPDATE decision SET facts = %s, outcome = %s, body = NULL, last_deadline = NULL WHERE id = %s",
                [Jsonb(facts), Jsonb(outcome), decision_id],
            )


def chained_one_by_one(url: str, vault: Vault) -> None:
    """Give every decision its JSON and an entry of its own, in a ledger that begins anew with all that was in it."""
    without_bodies(url)
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        entries = connection.execute("SELECT kind, subject, detail FROM ledger ORDER BY seq").fetchall()
        decisions = dict[int, list[int]](connection.execute("SELECT chunk_id, ids FROM decision_tree").fetchall())
        connection.execute("DELETE FROM decision_tree")
        connection.execute("DELETE FROM ledger")
        connection.execute("DELETE FROM ledger_node")
        connection.execute("UPDATE ledger_head SET seq = 0, mac = '', seal = ''")
    with working(url) as work:
        for kind, subject, detail in entries:
            if kind != "decisions":
                work.note(kind, subject, detail)
                continue
            for each in decisions[int(subject.partition(":")[2])]:
                work.note("decision", f"decision:{each}")
