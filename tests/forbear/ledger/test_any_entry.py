"""Whatever entry is chained comes back as it was hashed, and whatever is changed of any is found."""

import datetime as dt

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forbear.ledger import audit
from forbear.ledger.ledger import LedgerEntry
from tests.forbear.ledger.test_audit import LENGTH, faults, filled, unwritten
from tests.forbear.ledger.test_ledger import append
from tests.support.desk.cases import VAULT

DETAILS = st.dictionaries(
    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["b", "a", "aa", "键"]), inner),
        max_leaves=8,
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=DETAILS, at=st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_whatever_a_ledger_takes_comes_back_as_it_was_hashed(
    database_url: str, detail: dict[str, object], at: dt.datetime
) -> None:
    append(database_url, LedgerEntry("x", "x:1", detail), now=at)
    assert faults(database_url) == []


COLUMNS = ("at", "actor", "kind", "subject", "detail", "digest", "mac", "seq")
VALUES = {
    "at": st.datetimes().map(str),
    "actor": st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20),
    "kind": st.sampled_from(
        ["decision", "decisions", "review", "batch", "publication", "purge", "start", "reveal", ""]
    ),
    "subject": st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20),
    "detail": st.sampled_from(
        ['{"decision": [1]}', "{}", "[1]", "null", "1e400", '"x"', '{"n": 7.00}', '{"review": 3}']
    ),
    "digest": st.one_of(st.none(), st.binary(max_size=40)),
    "mac": st.binary(max_size=40),
    "seq": st.integers(-(2**63), 2**63 - 1),
}


@pytest.fixture(scope="module")
def untouched(shared_database_url: str) -> str:
    """A record that every example leaves as it was."""
    return filled(shared_database_url)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), seq=st.integers(1, LENGTH), column=st.sampled_from(COLUMNS))
def test_any_change_of_any_field_of_any_entry_is_found(
    untouched: str, data: st.DataObject, seq: int, column: str
) -> None:
    value = data.draw(VALUES[column])
    with unwritten(untouched) as (opened, raw):
        cast = {"at": "timestamptz", "detail": "jsonb", "digest": "bytea", "mac": "bytea", "seq": "bigint"}.get(
            column, "text"
        )
        update = f"UPDATE ledger SET {column} = %s::{cast} WHERE seq = %s AND {column} IS DISTINCT FROM %s::{cast}"  # noqa: S608 - names of ours
        try:
            changed = raw.execute(f"{update} RETURNING 1".encode(), [value, seq, value]).fetchall()
        except psycopg.errors.UniqueViolation:
            return
        report = audit.verify(opened, VAULT)
    assert bool(report.count) == bool(changed)
