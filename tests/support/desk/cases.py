"""Rows as intake gives them, a pack that knows their facts, and short ways to hand them in."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine

from forbear.accounts.accounts import Viewer, ViewerWork, work_by
from forbear.base.compressed.submitted_facts import compressed, facts_in
from forbear.base.packs import shipped
from forbear.base.vault import Vault
from forbear.batch.progress import BatchProgress, progress_of
from forbear.batch.recorded_decision import decisions_of_batch, latest_decision
from forbear.batch.submission.submit import Head, Submitted, submit
from forbear.batch.triage import triage_chunk
from forbear.intake import Accepted, Rejected
from forbear.ledger.unit_of_work import Work, begin
from models.database.session import make_engine, session
from rules.facts.case_facts import Facts
from rules.pack.pack import Pack
from tests.support.packs.tiny_pack import FILES, tiny

NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
AS_OF = dt.date(2026, 11, 23)
VAULT = Vault(bytes(range(32)))  # that of the `vault` fixture
_MORE_FACTS = """
  borrower_ref: {type: text, title: {zh: 借款人, en: Borrower}, max_length: 64}
  lender: {type: text, title: {zh: 机构, en: Lender}, question: {zh: 哪家？, en: Which lender?}}
  legal_stage:
    type: enum
    title: {zh: 法律阶段, en: Legal stage}
    values: {none: {zh: 无, en: None}, hearing: {zh: 开庭, en: Hearing}, settled: {zh: 已结清, en: Settled}}
    urgent: [hearing]
  violence: {type: bool, title: {zh: 暴力, en: Violence}, urgent: [true]}
  creditors_overdue: {type: int, title: {zh: 逾期机构数, en: Creditors}, question: {zh: 几家？, en: How many?}}
  other_debt_payments: {type: money, title: {zh: 其他月供, en: Other payments}, question: {zh: 多少？, en: How much?}}
  phone: {type: text, title: {zh: 手机, en: Phone}, private: true}
  id_number: {type: text, title: {zh: 身份证, en: ID number}, private: true}
  notes: {type: text, title: {zh: 备注, en: Notes}, private: true, free: true}
pairs:"""
CHANGES: dict[str, str | None] = {"facts.yaml": FILES["facts.yaml"].replace("\npairs:", _MORE_FACTS)}


@cache
def pack() -> Pack:
    """The tiny pack with the facts that the record treats in a way of their own."""
    return tiny(CHANGES)


def accepted(
    row: int, case_ref: str, private: dict[str, str] | None = None, extra: dict[str, str] | None = None, **facts: object
) -> Accepted:
    """A case: 100 days overdue on a credit card unless said otherwise; None leaves a fact out."""
    given = {"case_ref": case_ref, "product": "credit_card", "hardship": "unemployment", "days_overdue": 100, **facts}
    known: Facts = {name: value for name, value in given.items() if value is not None}  # type: ignore[misc]
    borrower = facts.get("borrower_ref")
    return Accepted(row, case_ref, None if borrower is None else str(borrower), known, private or {}, extra or {})


def many(count: int, prefix: str = "C") -> Iterator[Accepted]:
    """Cases that differ in their days overdue."""
    return (accepted(number, f"{prefix}{number}", days_overdue=number % 400) for number in range(1, count + 1))


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """An engine that is gone when the block ends."""
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def working(url: str, vault: Vault = VAULT, now: dt.datetime = NOW) -> Iterator[Work]:
    """A unit of work of Forbear itself."""
    with engine_of(url) as engine, begin(engine, vault, now) as work:
        yield work


@contextmanager
def working_as(
    viewer: Viewer, url: str, vault: Vault = VAULT, now: dt.datetime = NOW, by: Pack | None = None
) -> Iterator[ViewerWork]:
    """A unit of work of somebody, by the pack that the desk of the tests is served with."""
    with working(url, vault, now) as work:
        yield work_by(viewer, work, by or shipped())


def submitted(
    url: str,
    rows: Iterable[Accepted | Rejected],
    vault: Vault,
    *,
    by: Pack | None = None,
    as_of: dt.date = AS_OF,
    submitter: str = "us",
    chunk_size: int = 500,
    now: dt.datetime = NOW,
) -> Submitted:
    """Submit rows as one committed batch."""
    head = Head("cases.csv", ("案号", "产品", "备用"), ("备用",))
    with working(url, vault, now) as work:
        return submit(work, rows, head=head, pack=by or pack(), as_of=as_of, submitter=submitter, chunk_size=chunk_size)


def triaged(url: str, vault: Vault, chunk_ids: Iterable[int]) -> list[int | None]:
    """What a worker does with these chunks, without one: how many decisions each wrote."""
    written = []
    with engine_of(url) as engine:
        for chunk_id in chunk_ids:
            with begin(engine, vault, NOW) as work:
                written.append(triage_chunk(work, chunk_id, lambda: NOW))
    return written


def decided(url: str, rows: Iterable[Accepted | Rejected], vault: Vault, **terms: Any) -> Submitted:
    """Submit rows as one batch and decide it."""
    done = submitted(url, rows, vault, **terms)
    triaged(url, vault, [wake.chunk_id for wake in done.wakes])
    return done


def results_of(url: str, batch_id: UUID) -> list[dict[str, Any]]:
    """The contract's object of every decided case of a batch, as JSON has it."""
    with engine_of(url) as engine, session(engine) as opened:
        return [each.view().model_dump(mode="json") for each in decisions_of_batch(opened, batch_id, VAULT)]


def progress(url: str, batch_id: UUID) -> BatchProgress:
    """How far a batch is."""
    with engine_of(url) as engine, session(engine) as opened:
        found = progress_of(opened, batch_id)
    assert found is not None
    return found


def facts_of(url: str, case_ref: str) -> Facts:
    """The facts of a case's latest decision, as evaluated."""
    with engine_of(url) as engine, session(engine) as opened:
        found = latest_decision(opened, "us", case_ref, VAULT)
    assert found is not None
    return found.facts


def facts_told(stored: bytes, url: str) -> dict[str, Any]:
    """What is said by the facts of a case version as they are stored."""
    with engine_of(url) as engine, session(engine) as opened:
        return facts_in(opened, stored)


def said_otherwise(url: str, case_ref: str, **facts: object) -> None:
    """Have every version of a case say something that nobody handed in."""
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        query = 'SELECT v.id, v.facts FROM case_version v JOIN "case" c ON c.id = v.case_id WHERE c.case_ref = %s'
        for version, stored in connection.execute(query, [case_ref]).fetchall():
            other = compressed(json.dumps({**facts_told(stored, url), **facts}))
            connection.execute("UPDATE case_version SET facts = %s WHERE id = %s", [other, version])
