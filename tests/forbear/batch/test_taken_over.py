"""What waits for a retired pack is decided by the active one, chunk by chunk, and that is said of these cases alone."""

import psycopg
import pytest
from structlog.testing import capture_logs

from forbear.base import packs
from forbear.batch.progress import TakenOver, taken_over
from forbear.batch.recorded_decision import decisions_of_batch
from forbear.batch.submission.submit import Submitted
from forbear.batch.triage import triage_chunk
from models.database.session import session
from rules.pack.pack import Pack
from tests.support.desk.cases import (
    CHANGES,
    NOW,
    VAULT,
    accepted,
    decided,
    engine_of,
    pack,
    results_of,
    submitted,
    triaged,
)
from tests.support.desk.cases import working as at_work
from tests.support.old.old_decisions import recorded
from tests.support.packs.tiny_pack import FILES, tiny

GONE = "  gone: {type: int, title: {zh: 旧, en: Gone}, question: {zh: 旧的？, en: The old one?}}\n  phone:"
OLD = tiny(
    {
        **CHANGES,
        "pack.yaml": FILES["pack.yaml"].replace("version: 1.0.0", "version: 0.9.0"),
        "facts.yaml": str(CHANGES["facts.yaml"]).replace("  phone:", GONE),
        "changelog.yaml": None,
    }
)


@pytest.fixture
def done(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Submitted:
    """A batch of three chunks, of which the first was decided before its pack was retired."""
    rows = [accepted(number, f"C{number}", gone=number) for number in range(1, 6)]
    submission = submitted(database_url, rows, VAULT, by=OLD, chunk_size=2)
    assert triaged(database_url, VAULT, [submission.wakes[0].chunk_id]) == [2]
    with psycopg.connect(database_url) as connection:  # it has a key that nobody knows now
        unknown = "UPDATE pack SET files = files || jsonb_build_object('red_flags.yaml', 'urgent: true')"
        connection.execute(f"{unknown} WHERE sha256 = %s".encode(), [OLD.sha256])
    monkeypatch.setattr(packs, "_packs", {})
    return submission


def work_off(url: str, chunk_id: int, active: Pack) -> int | None:
    with at_work(url) as work:
        return triage_chunk(work, chunk_id, lambda: NOW, lambda: active)


def test_a_chunk_is_taken_over_and_the_others_are_left_as_they_are(database_url: str, done: Submitted) -> None:
    first, second, third = (wake.chunk_id for wake in done.wakes)
    with capture_logs() as logged:
        assert work_off(database_url, second, pack()) == 2
    assert [entry for entry in logged if entry["event"] == "chunk.taken_over"] == [
        {"event": "chunk.taken_over", "log_level": "info", "batch": str(done.batch_id), "cases": 2, "by": "1.0.0"}
    ]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT row, pack_sha256 FROM batch_case ORDER BY row").fetchall()
        decisions = connection.execute("SELECT pack_sha256, chunk_id FROM decision ORDER BY id").fetchall()
    assert rows == [(1, None), (2, None), (3, pack().sha256), (4, pack().sha256), (5, None)]
    assert decisions == [(OLD.sha256, first)] * 2 + [(pack().sha256, second)] * 2
    assert work_off(database_url, third, pack()) == 1
    with engine_of(database_url) as engine, session(engine) as opened:
        assert taken_over(opened, done.batch_id) == [TakenOver(cases=3, retired="tiny 0.9.0", by="tiny 1.0.0")]


def test_that_another_pack_is_used_is_chained_once(database_url: str, done: Submitted) -> None:
    for wake in done.wakes[1:]:
        work_off(database_url, wake.chunk_id, pack())
    with psycopg.connect(database_url) as connection:
        chained = connection.execute("SELECT subject FROM ledger WHERE kind = 'publication' ORDER BY seq").fetchall()
        decisions = connection.execute("SELECT subject FROM ledger WHERE kind = 'decisions' ORDER BY seq").fetchall()
    assert chained == [(f"pack:{OLD.sha256}",), (f"pack:{pack().sha256}",)]
    assert decisions == [(f"decision_tree:{wake.chunk_id}",) for wake in done.wakes]


def test_facts_that_the_other_pack_does_not_know_are_left_out(database_url: str, done: Submitted) -> None:
    work_off(database_url, done.wakes[1].chunk_id, pack())
    assert [each.facts.get("gone") for each in recorded(database_url)] == [1, 2, None, None]


def test_a_batch_whose_pack_is_in_use_is_not_taken_over(database_url: str) -> None:
    done = submitted(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    assert work_off(database_url, done.wakes[0].chunk_id, OLD) == 2
    assert {result["pack"]["sha256"] for result in results_of(database_url, done.batch_id)} == {pack().sha256}
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT pack_sha256 FROM batch_case").fetchall() == [(None,), (None,)]


def test_what_it_does_not_know_stops_a_pack_that_is_in_use(database_url: str) -> None:
    """Facts that are not of their own pack are a fault of the record: nothing is decided by half of them."""
    done = submitted(database_url, [accepted(1, "A", gone=1)], VAULT)
    with pytest.raises(ValueError, match="gone"):
        work_off(database_url, done.wakes[0].chunk_id, pack())


def test_results_of_a_batch_are_those_of_the_pack_that_decided_each_case(database_url: str, done: Submitted) -> None:
    decided(database_url, [accepted(9, "other")], VAULT)
    for wake in done.wakes[1:]:
        work_off(database_url, wake.chunk_id, pack())
    with psycopg.connect(database_url) as connection:  # the old pack can be read again
        connection.execute(
            "UPDATE pack SET files = files - 'red_flags.yaml' || "
            "jsonb_build_object('red_flags.yaml', %s::text) WHERE sha256 = %s",
            [OLD.files["red_flags.yaml"].decode(), OLD.sha256],
        )
    packs._packs.clear()
    with engine_of(database_url) as engine, session(engine) as opened:
        found = [(each.case_ref, each.pack.sha256) for each in decisions_of_batch(opened, done.batch_id, VAULT)]
    assert found == [("C1", OLD.sha256), ("C2", OLD.sha256), *((f"C{n}", pack().sha256) for n in (3, 4, 5))]
