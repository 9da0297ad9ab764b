"""A desk with any number of cases, made by SQL from the decisions on the sample cases.

Every case has its rows (case, version, decision, desk case), with the recommendation, urgency, product and overdue days
of a sample case; status, times, assignee, batch and submitter are drawn. Unless more are wished only every thousandth
version keeps the sample's facts (a million of them would be gigabytes that no page but its own case's reads); the
others' are empty. Row triggers and foreign keys are off while the rows are made, and the tally is counted at the end.
"""

import datetime as dt
from pathlib import Path

import psycopg
from psycopg.rows import TupleRow

from forbear import intake
from forbear.base.vault import Vault
from forbear.batch.submission.submit import Head, sealed, submit
from forbear.batch.triage import triage_chunk
from forbear.ledger.unit_of_work import begin
from models.database.session import make_engine
from rules.pack.pack import Pack

SAMPLES = Path(__file__).parents[2] / "samples" / "cases.csv"
PEOPLE = 60
_ACCOUNTS = """
    INSERT INTO account (name, role, submitter, password_hash, created_at)
    SELECT 'person-' || n, CASE WHEN n <= 4 THEN 'supervisor' ELSE 'counsellor' END, NULL, 'none', %(now)s
    FROM generate_series(1, %(people)s) n
    UNION ALL SELECT 'bank', 'submitter', 'cd', 'none', %(now)s
"""
_DRAWN = """
    CREATE TEMPORARY TABLE drawn AS
    SELECT n, (SELECT max(id) FROM "case") + n AS case_id, (SELECT max(id) FROM case_version) + n AS version_id,
        (SELECT max(id) FROM decision) + n AS decision_id, 1 + floor(random() * %(samples)s)::int AS sample,
        random() AS whose, random() AS state, random() AS held, 1 + floor(random() * %(people)s)::int AS person,
        %(now)s - interval '1 minute' * floor(259200 * power(random(), 2)) AS received_at,
        %(now)s + interval '1 minute' * floor(random() * 28800 - 2880) AS due_at,
        1 + floor(random() * 300)::int AS batch
    FROM generate_series(1, %(count)s) n
"""
_BATCHES = """
    INSERT INTO batch (id, submitter, as_of, pack_sha256, source, rows_read, accepted, rejected, unchanged, status,
        created_at, completed_at)
    SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, b.submitter, b.as_of, b.pack_sha256, b.source,
        1, 1, 0, 0, 'complete', %(now)s - interval '1 hour' * n, %(now)s
    FROM generate_series(1, 300) n, (SELECT * FROM batch LIMIT 1) b
"""
_ROWS = """
    CREATE TEMPORARY TABLE made AS
    SELECT d.*, s.decision_id AS model, s.strategy, s.urgency, s.certain, s.engines_agree AND d.n %% 500 > 0 AS agree,
        s.pack_sha256, s.as_of, s.product, s.days_overdue, s.overdue_bucket, s.deadline,
        CASE WHEN whose < .5 THEN 'hz' WHEN whose < .8 THEN 'sz' WHEN whose < .95 THEN 'cd' WHEN whose < .99 THEN 'wx'
            WHEN whose < .999 THEN 'nb' ELSE 'tiny' END AS submitter,
        upper(CASE WHEN whose < .5 THEN 'hz' WHEN whose < .8 THEN 'sz' ELSE 'other' END)
            || '-2026-' || lpad(n::text, 7, '0') AS case_ref,
        ('00000000-0000-4000-8000-' || lpad(d.batch::text, 12, '0'))::uuid AS batch_id,
        CASE WHEN state < .6 THEN 'open' WHEN state < .605 THEN 'escalated' WHEN state < .75 THEN 'reviewed'
            WHEN state < .8 THEN 'waiting' WHEN state < .83 THEN 'snoozed' ELSE 'closed' END AS status
    FROM drawn d JOIN (SELECT row_number() OVER () AS sample, * FROM desk_case) s USING (sample)
"""
_CASES = """
    INSERT INTO "case" (id, submitter, case_ref, ref_grams, borrower_ref, keyed, created_at) OVERRIDING SYSTEM VALUE
    SELECT case_id, submitter, case_ref,
        ARRAY(
            SELECT DISTINCT substr(lower(case_ref), start, size)
            FROM generate_series(1, 3) size, generate_series(1, length(case_ref) - size + 1) start
        ),
        'B' || n / 2, true, received_at
    FROM made
"""
_VERSIONS = """
    INSERT INTO case_version (id, case_id, number, facts, private, content_mac, batch_id, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT m.version_id, m.case_id, 1, CASE WHEN m.n %% %(whole)s = 0 THEN v.facts ELSE '{}' END, NULL, '\\x00',
        m.batch_id, m.received_at
    FROM made m JOIN decision d ON d.id = m.model JOIN case_version v ON v.id = d.case_version_id
"""
_DECISIONS = """
    INSERT INTO decision (id, case_version_id, pack_sha256, as_of, strategy, urgency, certain, engines_agree, body,
        last_deadline, chunk_id, created_at) OVERRIDING SYSTEM VALUE
    SELECT m.decision_id, m.version_id, m.pack_sha256, m.as_of, m.strategy, m.urgency, m.certain, m.agree,
        d.body, d.last_deadline, d.chunk_id, m.received_at
    FROM made m JOIN decision d ON d.id = m.model
"""
_DESK = """
    INSERT INTO desk_case (case_id, submitter, case_ref, batch_id, received_at, decision_id, version_number, as_of,
        pack_sha256, strategy, decided_urgency, certain, engines_agree, deadline, valid_until, respond_by, due_at,
        product, days_overdue, overdue_bucket, danger, danger_kinds, crisis_beside, status, changed, chosen_strategy,
        assignee_id, follow_up_at, revision)
    SELECT case_id, submitter, case_ref, batch_id, received_at, decision_id, 1, as_of, pack_sha256, strategy, urgency,
        certain, agree, deadline, CAST(%(now)s AS date) + 1 + n %% 366, due_at, due_at, product, days_overdue,
        overdue_bucket,
        CASE WHEN urgency = 'U0' AND status IN ('open', 'escalated') THEN 'explicit' END,
        CASE WHEN urgency = 'U0' AND status IN ('open', 'escalated') THEN '{self_harm}'::text[] ELSE '{}' END,
        false, status, n %% 300 = 0,
        CASE WHEN status IN ('open', 'escalated') THEN NULL ELSE strategy END,
        CASE WHEN held < CASE WHEN status = 'open' THEN .03 ELSE .6 END
            THEN (SELECT min(id) FROM account WHERE name LIKE 'person-%%') + person - 1 END,
        CASE WHEN status IN ('waiting', 'snoozed') THEN %(now)s + interval '1 hour' * floor(held * 700) END, 1
    FROM made
"""
_TALLY = """
    INSERT INTO queue_tally (submitter, status, urgency, strategy, cases)
    SELECT submitter, status, urgency, strategy, count(*) FROM desk_case GROUP BY 1, 2, 3, 4
"""
_SEQUENCES = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT max(id) FROM \"{0}\"))"


def fill(url: str, vault: Vault, pack: Pack, count: int, now: dt.datetime, whole: int = 1000) -> None:
    """Make `count` cases beside those of the samples, in an empty record; one of `whole` has its facts."""
    _decide_samples(url, vault, pack, now)
    with psycopg.connect(url) as connection:
        samples = connection.execute("SELECT count(*) FROM desk_case").fetchone()
        values = {"now": now, "count": count, "people": PEOPLE, "whole": whole, "samples": samples and samples[0]}
        connection.execute("SET session_replication_role = replica")
        connection.execute("SELECT setseed(0.5)")
        for statement in (_ACCOUNTS, _DRAWN, _BATCHES, _ROWS, _CASES, _VERSIONS, _DECISIONS, _DESK):
            connection.execute(statement, values)
        _seal_names(connection, vault)
        connection.execute("DELETE FROM queue_tally")
        connection.execute(_TALLY)
        for table in ("case", "case_version", "decision"):
            connection.execute(_SEQUENCES.format(table))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _seal_names(connection: psycopg.Connection[TupleRow], vault: Vault) -> None:
    """The names of files, each for its own batch: copied from another they would open for nobody."""
    batches = connection.execute("SELECT id FROM batch WHERE id::text LIKE '00000000-%'").fetchall()
    names = [(sealed(Head("cases.csv", ()), vault, batch), batch) for (batch,) in batches]
    connection.cursor().executemany("UPDATE batch SET source = %s WHERE id = %s", names)


def _decide_samples(url: str, vault: Vault, pack: Pack, now: dt.datetime) -> None:
    engine = make_engine(url)
    source = intake.open_intake(SAMPLES, pack.vocabulary)
    with begin(engine, vault, now) as work:
        done = submit(
            work,
            iter(source),
            head=Head("cases.csv", ()),
            pack=pack,
            as_of=pack.manifest.reviewed_on,
            submitter="local",
            chunk_size=500,
        )
    for wake in done.wakes:
        with begin(engine, vault, now) as work:
            triage_chunk(work, wake.chunk_id, lambda: now)
    engine.dispose()
