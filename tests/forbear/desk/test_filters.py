"""Filters: the database finds what a person reading every row would, in order, page by page, and counts it."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from forbear.base.vault import Vault
from forbear.desk import counting, filters, queue
from forbear.desk.filters import QueueFilter
from models.database.session import make_engine, session
from models.desk import STATUSES, TO_DO
from tests.support.desk.cases import NOW, accepted, decided, pack
from tests.support.desk.desk_clients import account

HOURS = dt.timedelta(hours=1)
PRODUCTS, BUCKETS, URGENCIES = ("credit_card", "mortgage", None), ("B0", "B3", None), ("U0", "U2", "U4")
STRATEGIES = ("card_plan", "counsellor_review", "crisis_support")
REFS = ("Aa-1", "aA-12", "x_%y", "车贷-9", "2026-0001", "2026-0012", "Z")


@dataclass(frozen=True)
class Record:
    """A desk of cases of every kind."""

    engine: Engine
    rows: list[dict[str, Any]]


@pytest.fixture
def record(database_url: str, vault: Vault) -> Iterator[Record]:
    chance = random.Random(1)
    people = [account(database_url, f"p{n}") for n in range(2)]
    for submitter in ("us", "them"):
        rows = [accepted(n, f"{chance.choice(REFS)}/{n}") for n in range(1, 101)]
        decided(database_url, rows, vault, submitter=submitter)
    with psycopg.connect(database_url) as connection:
        for (case_id,) in connection.execute("SELECT case_id FROM desk_case").fetchall():
            drawn = {
                "decided_urgency": chance.choice(URGENCIES),
                "danger": chance.choice([None, None, "possible", "explicit"]),
                "crisis_beside": chance.random() < 0.1,
                "failed_at": chance.choice([None, None, NOW]),
                "contacted_at": chance.choice([None, NOW]),
                "call_at": chance.choice([None, NOW, NOW + HOURS]),
                "strategy": chance.choice(STRATEGIES),
                "product": chance.choice(PRODUCTS),
                "overdue_bucket": chance.choice(BUCKETS),
                "status": chance.choice(STATUSES),
                "assignee_id": chance.choice([None, *people]),
                "certain": chance.random() < 0.5,
                "engines_agree": chance.random() < 0.8,
                "changed": chance.random() < 0.3,
                "due_at": NOW + chance.randrange(-5, 5) * HOURS,
                "received_at": NOW - chance.randrange(5) * HOURS,
            }
            changes = ", ".join(f"{column} = %({column})s" for column in drawn)
            statement = f"UPDATE desk_case SET {changes} WHERE case_id = %(id)s"  # noqa: S608 - names of ours
            connection.execute(statement.encode(), {**drawn, "id": case_id})
        cursor = connection.execute("SELECT * FROM desk_case")
        names = [column.name for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    engine = make_engine(database_url)
    yield Record(engine, found)
    engine.dispose()


def fits(row: dict[str, Any], chosen: QueueFilter) -> bool:
    same = {
        "urgency": chosen.urgency,
        "submitter": chosen.submitter,
        "product": chosen.product,
        "overdue_bucket": chosen.bucket,
        "batch_id": chosen.batch,
    }
    return (
        row["status"] in chosen.statuses
        and all(value in (None, row[column]) for column, value in same.items())
        and (chosen.case_ref is None or chosen.case_ref.lower() in row["case_ref"].lower())
        and chosen.assignee in (None, row["assignee_id"] or "nobody")
        and (chosen.due_before is None or row["due_at"] < chosen.due_before)
        and (chosen.received_before is None or row["received_at"] < chosen.received_before)
        and not (chosen.uncertain and row["certain"])
        and not (chosen.disagree and row["engines_agree"])
        and not (chosen.changed and not row["changed"])
        and not (chosen.failed and not row["failed_at"])
        and (not chosen.strategies or row["strategy"] in chosen.strategies)
        and (chosen.due_from is None or row["due_at"] >= chosen.due_from)
        and endangered(row, chosen)
    )


def endangered(row: dict[str, Any], chosen: QueueFilter) -> bool:
    explicit = row["danger"] == "explicit"
    fitting: dict[str | None, bool] = {
        None: True,
        "all": explicit or row["crisis_beside"],
        "no_contact": explicit and not row["contacted_at"],
        "call_due": explicit and row["call_at"] is not None and row["call_at"] <= NOW,
        "possible": row["danger"] == "possible",
    }
    return fitting[chosen.crisis]


def place(row: dict[str, Any]) -> tuple[bool, str, dt.datetime, int]:
    return row["calm"], row["urgency"], row["due_at"], row["case_id"]


def drawn(record: Record) -> st.SearchStrategy[QueueFilter]:
    some = st.sampled_from
    return st.builds(
        QueueFilter,
        urgency=some([None, *URGENCIES, "U5"]),
        strategies=some([(), (), *((each,) for each in STRATEGIES), STRATEGIES[:2]]),
        case_ref=some([None, "a", "A-", "a-1", "_%", "%", "车贷", "2026-00", "6-0012", "/9", "zz", "nothing"]),
        submitter=some([None, "us", "nobody"]),
        statuses=some([TO_DO, STATUSES, ("closed",), ("open", "waiting")]),
        product=some([None, "mortgage", "none"]),
        bucket=some([None, "B3"]),
        batch=some([None, *{row["batch_id"] for row in record.rows}]),
        assignee=some([None, "nobody", *{row["assignee_id"] for row in record.rows if row["assignee_id"]}]),
        due_before=some([None, NOW, NOW + 9 * HOURS]),
        due_from=some([None, None, NOW]),
        call_before=st.just(NOW),
        received_before=some([None, NOW - HOURS]),
        uncertain=st.booleans(),
        disagree=st.booleans(),
        changed=st.booleans(),
        failed=st.booleans(),
        crisis=some([None, None, None, "all", "no_contact", "call_due", "possible"]),
    )


@pytest.mark.parametrize("common", [True, False], ids=["along the queue", "by their letters"])
def test_pages_hold_what_fits_once_and_in_order(record: Record, common: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two ways of finding letters is chosen."""
    monkeypatch.setattr(filters, "_is_common", lambda *_: common)

    @settings(max_examples=60, deadline=None)
    @given(st.data(), st.integers(1, 40))
    def check(data: st.DataObject, size: int) -> None:
        chosen = data.draw(drawn(record))
        found, after = [], None
        with session(record.engine) as opened:
            while True:
                listed = queue.page(opened, chosen, after, size)
                found += [entry.case.case_id for entry in listed.entries]
                after = listed.next
                if after is None:
                    break
        assert found == [row["case_id"] for row in sorted(record.rows, key=place) if fits(row, chosen)]

    check()


@pytest.mark.parametrize("bound", [1000, 7, 1])
def test_counts_are_exact_below_the_bound_and_say_more_above(
    record: Record, bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "BOUND", bound)

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        chosen = data.draw(drawn(record))
        with session(record.engine) as opened:
            counts = counting.counts(opened, chosen, pack())
        truly = Counter(row["urgency"] for row in record.rows if fits(row, replace(chosen, urgency=None)))
        total = truly[chosen.urgency] if chosen.urgency else truly.total()
        exact = chosen.counted
        assert counts.total == counting.CaseCount(total if exact else min(total, bound), not exact and total > bound)
        for urgency, count in counts.by_urgency.items():
            if count is None:
                assert truly.total() > bound
            else:
                assert count.cases <= truly[urgency] if count.more else count.cases == truly[urgency]

    check()


def test_the_tally_counts_by_strategy_and_status_too(record: Record) -> None:
    chosen = QueueFilter(urgency="U2", strategies=("card_plan",), submitter="us")
    with session(record.engine) as opened:
        counts = counting.counts(opened, chosen, pack())
    by_strategy = Counter(row["strategy"] for row in record.rows if fits(row, replace(chosen, strategies=())))
    assert Counter({count.strategy: count.cases for count in counts.by_strategy}) == by_strategy
    by_status = Counter(row["status"] for row in record.rows if fits(row, replace(chosen, statuses=STATUSES)))
    assert Counter(counts.by_status) == by_status
