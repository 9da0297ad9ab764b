"""Facts come back from the record as they were handed in, by whatever dictionary they were compressed, and by none."""

import datetime as dt
import json
from hashlib import sha256

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from forbear.base.compressed import submitted_facts
from forbear.base.compressed.submitted_facts import compressed, facts_in, keep, text_of
from forbear.base.compressed.zstandard import zstd
from forbear.batch.recorded_decision import latest_decision
from forbear.batch.submission.submit import written_facts
from models.database.session import session
from models.pack import FactsDictionary
from tests.forbear.ledger.test_audit import faults, tampering
from tests.support.desk.cases import VAULT, accepted, decided, engine_of, facts_told, submitted, triaged
from tests.support.old.old_decisions import plainly_submitted

VALUES = st.one_of(st.integers(-(2**53), 2**53), st.booleans(), st.text(max_size=20), st.lists(st.text(max_size=5)))
FACTS = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=12), VALUES, max_size=40)
NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
# A dictionary that is changed gets another number (`python -m bench.pipeline.dictionary`): frames name it by that.
SHIPPED = {1: "8b4341c3ef7bbabb819ad9643f1abf53a8bcd72857f1d9b58c3c88c5e08388ac"}


@given(FACTS)
def test_facts_come_back_whatever_they_are(facts: dict[str, object]) -> None:
    written = written_facts(facts)
    submitted_facts._dictionaries[submitted_facts.shipped().dict_id] = submitted_facts.shipped()
    assert text_of(Session(), compressed(written)) == written
    assert facts_in(Session(), compressed(written)) == facts
    assert facts_in(Session(), written.encode()) == facts


def test_a_number_is_of_one_dictionary() -> None:
    assert {submitted_facts.shipped().dict_id: sha256(submitted_facts.SHIPPED.read_bytes()).hexdigest()} == SHIPPED


def test_the_record_has_what_it_takes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitted_facts, "_dictionaries", {})
    content = submitted_facts.shipped().dict_content
    other = zstd.ZstdDict(content[:4] + (77).to_bytes(4, "little") + content[8:])
    stored = zstd.compress(b'{"a":"\xe7\x94\xb2"}', zstd_dict=other)
    with engine_of(database_url) as engine:
        with session(engine) as opened:
            with pytest.raises(ValueError, match="dictionary 77, which the record does not have"):
                facts_in(opened, stored)
            keep(opened, NOW)
            keep(opened, NOW)
            opened.add(FactsDictionary(id=77, content=other.dict_content, created_at=NOW))
        with session(engine) as opened:
            assert facts_in(opened, stored) == {"a": "甲"}
            assert facts_in(opened, compressed('{"b":1}')) == {"b": 1}


@pytest.mark.parametrize("stored", [b"", b"x", b"\x28\xb5\x2f\xfd", b"{", b"{}}", b"[]", compressed("[1]"), b"\xff{"])
def test_what_nobody_wrote_is_told(database_url: str, stored: bytes) -> None:
    with engine_of(database_url) as engine, session(engine) as opened:
        keep(opened, NOW)
        with pytest.raises(ValueError):
            facts_in(opened, stored)


def test_facts_of_before_are_read_and_proved_as_they_were(database_url: str) -> None:
    done = submitted(database_url, [accepted(1, "A", lender="甲", income_monthly=5), accepted(2, "B")], VAULT)
    query = "SELECT id, facts FROM case_version ORDER BY id"
    with psycopg.connect(database_url) as connection:
        before = dict[int, bytes](connection.execute(query).fetchall())
    plainly_submitted(database_url)
    triaged(database_url, VAULT, [each.chunk_id for each in done.wakes])
    with psycopg.connect(database_url) as connection:
        for version, stored in connection.execute(query).fetchall():
            (as_then,) = connection.execute("SELECT CAST(%s AS jsonb)::text", [stored.decode()]).fetchone() or ()
            assert stored.decode() == as_then and json.loads(as_then) == facts_told(before[version], database_url)
    with engine_of(database_url) as engine, session(engine) as opened:
        decision = latest_decision(opened, "us", "A", VAULT)
    assert decision is not None and decision.facts["lender"] == "甲"
    assert faults(database_url) == []


def test_facts_that_cannot_be_read_are_a_fault_of_the_ledger(database_url: str) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    with tampering(database_url) as connection:
        connection.execute("UPDATE case_version SET facts = substr(facts, 1, 20) WHERE id = 1")
    (fault,) = faults(database_url)
    assert fault.startswith("decision:1: changed since entry")
