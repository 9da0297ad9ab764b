"""A submission takes in every row, recognises what it knows already, and makes chunks of what has to be decided."""

import datetime as dt
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forbear.base.vault import Vault
from forbear.batch.submission import submit as submission
from forbear.batch.submission.submit import (
    BLOCK,
    FLAGGED_CHUNK,
    DayToComeError,
    Head,
    grams,
    rejections_of,
    source_of,
)
from forbear.intake import Accepted, Rejected
from models.database.session import session
from models.intake.batch import Batch
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import AS_OF, NOW, accepted, engine_of, many, pack, submitted

BAD = Rejected(2, "days_overdue", "逾期天数不是数字。", "Days overdue is not a number.", ("C2", "很多天", "张三"))


def _one(url: str, query: str, *values: object) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query, values).fetchone()
    assert row is not None
    return row[0]


def _chunks(url: str) -> list[tuple[str, int]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT queue, cardinality(case_version_ids) FROM chunk ORDER BY id").fetchall()
    return [(queue, size) for queue, size in rows]


def _decide(url: str, as_of: dt.date = AS_OF) -> None:
    """A decision for every version, as if a worker had come by."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO decision (case_version_id, pack_sha256, as_of, strategy, urgency, certain, engines_agree, "
            "facts, outcome, chunk_id, created_at) "
            "SELECT v.id, %s, %s, 's', 'U4', true, true, '{}', '{}', (SELECT min(id) FROM chunk), now() "
            "FROM case_version v",
            [pack().sha256, as_of],
        )


def test_every_row_is_counted_once(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, [accepted(1, "C1"), BAD, accepted(3, "C3")], vault)
    assert (done.rows_read, done.accepted, done.rejected, done.unchanged) == (3, 2, 1, 0)
    with engine_of(database_url) as engine, session(engine) as opened:
        batch = opened.get_one(Batch, done.batch_id)
        assert (batch.rows_read, batch.accepted, batch.rejected, batch.unchanged) == (3, 2, 1, 0)
        assert batch.status == "running"


def test_danger_in_a_rejected_row_is_told_before_what_to_correct(database_url: str, vault: Vault) -> None:
    in_danger = replace(BAD, row=3, cells=("C3", "很多天", "他说不想活了，药都买好了"))
    done = submitted(database_url, [accepted(1, "C1"), BAD, in_danger], vault, by=load(DEFAULT_PACK))
    with engine_of(database_url) as engine, session(engine) as opened:
        calm, alarmed = rejections_of(opened, done.batch_id, vault)
        assert calm == BAD
        assert alarmed.zh.startswith("【先联系本人】") and alarmed.zh.endswith(BAD.zh)
        assert alarmed.en.startswith("[Call the person first]") and alarmed.en.endswith(BAD.en)
        assert [notice.zh[:11] for notice in source_of(opened.get_one(Batch, done.batch_id), vault).notices] == [
            "1 行未被接受的记录里"
        ]


def test_a_rejected_row_comes_back_as_it_came(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, [accepted(1, "C1"), BAD], vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        assert list(rejections_of(opened, done.batch_id, vault)) == [BAD]
        assert source_of(opened.get_one(Batch, done.batch_id), vault) == Head(
            "cases.csv", ("案号", "产品", "备用"), ("备用",)
        )


def test_a_field_that_is_not_ours_is_only_sealed(database_url: str, vault: Vault) -> None:
    strange = Rejected(1, "days_overdue;张三的电话", "太长。", "Too long.", ("C1",))
    done = submitted(database_url, [strange, accepted(2, "C2")], vault)
    assert _one(database_url, "SELECT field FROM rejection") is None
    with engine_of(database_url) as engine, session(engine) as opened:
        assert list(rejections_of(opened, done.batch_id, vault)) == [strange]


def test_a_batch_without_a_case_is_complete_at_once(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, [BAD], vault)
    assert done.wakes == ()
    assert _one(database_url, "SELECT status FROM batch") == "complete"


def test_the_same_rows_again_are_unchanged(database_url: str, vault: Vault) -> None:
    submitted(database_url, many(5), vault)
    again = submitted(database_url, many(5), vault)
    assert (again.accepted, again.unchanged) == (0, 5)
    assert _one(database_url, "SELECT count(*) FROM case_version") == 5


def test_a_reference_in_another_spelling_is_the_case_that_is_there_and_told(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "FB-1"), accepted(2, "fb_2"), accepted(3, "Ｃ3")], vault)
    submitted(database_url, [accepted(1, "fb-1", days_overdue=7)], vault, submitter="others")
    again = [accepted(1, "fb–1"), accepted(2, "FB 2", days_overdue=7), accepted(3, "c3"), accepted(4, "FB-4")]
    done = submitted(database_url, again, vault)
    assert (done.accepted, done.unchanged) == (2, 2)
    kept = "SELECT string_agg(case_ref, ' ' ORDER BY id) FROM \"case\" WHERE submitter <> 'others'"
    assert _one(database_url, kept) == "FB-1 fb_2 Ｃ3 FB-4"
    with engine_of(database_url) as engine, session(engine) as opened:
        (told,) = source_of(opened.get_one(Batch, done.batch_id), vault).notices
    assert told.en.startswith("The references of 3 rows are those of earlier cases in another spelling")
    assert all(pair in told.en for pair in ("fb–1 is FB-1", "FB 2 is fb_2", "c3 is Ｃ3"))


def test_the_order_of_columns_changes_nothing(database_url: str, vault: Vault) -> None:
    row = accepted(1, "C1", lender="某银行", monthly_due=50_000)
    submitted(database_url, [row], vault)
    turned = Accepted(1, "C1", None, dict(reversed(row.facts.items())), {}, {})
    assert submitted(database_url, [turned], vault).unchanged == 1


def test_other_facts_make_a_new_version(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "C1", days_overdue=29)], vault)
    assert submitted(database_url, [accepted(1, "C1", days_overdue=30)], vault).accepted == 1
    assert _one(database_url, "SELECT array_agg(number ORDER BY number) FROM case_version") == [1, 2]
    assert _one(database_url, 'SELECT count(*) FROM "case"') == 1


def test_going_back_to_earlier_facts_is_a_change(database_url: str, vault: Vault) -> None:
    for days in (29, 30, 29):
        assert submitted(database_url, [accepted(1, "C1", days_overdue=days)], vault).accepted == 1


def test_another_phone_number_makes_a_new_version(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "C1", {"phone": "13800000001"})], vault)
    assert submitted(database_url, [accepted(1, "C1", {"phone": "13800000002"})], vault).accepted == 1


def test_another_value_in_an_unknown_column_changes_nothing(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "C1", extra={"导出日期": "1"})], vault)
    assert submitted(database_url, [accepted(1, "C1", extra={"导出日期": "2"})], vault).unchanged == 1


def test_submitters_do_not_share_references(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "C1")], vault, submitter="us")
    assert submitted(database_url, [accepted(1, "C1")], vault, submitter="them").accepted == 1
    assert _one(database_url, 'SELECT count(*) FROM "case"') == 2


def test_a_case_may_get_another_borrower(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "C1", borrower_ref="B1")], vault)
    submitted(database_url, [accepted(1, "C1", borrower_ref="B2")], vault)
    assert _one(database_url, 'SELECT borrower_ref FROM "case"') == "b2"


def test_what_is_unchanged_and_decided_is_not_decided_again(database_url: str, vault: Vault) -> None:
    submitted(database_url, many(3), vault)
    _decide(database_url)
    again = submitted(database_url, [*many(3), accepted(4, "C4")], vault)
    assert (again.unchanged, again.accepted) == (3, 1)
    assert _chunks(database_url) == [("bulk", 3), ("bulk", 1)]
    assert len(again.wakes) == 1


def test_what_is_unchanged_and_not_decided_is(database_url: str, vault: Vault) -> None:
    submitted(database_url, many(3), vault)
    submitted(database_url, many(3), vault)
    assert _chunks(database_url) == [("bulk", 3), ("bulk", 3)]


def test_another_day_needs_another_decision(database_url: str, vault: Vault) -> None:
    submitted(database_url, many(3), vault)
    _decide(database_url)
    assert submitted(database_url, many(3), vault).wakes == ()
    assert (
        len(submitted(database_url, many(3), vault, as_of=AS_OF + dt.timedelta(1), now=NOW + dt.timedelta(1)).wakes)
        == 1
    )


@pytest.mark.parametrize(("rows", "sizes"), [(3, [3]), (4, [3, 1]), (6, [3, 3]), (7, [3, 3, 1])])
def test_chunks_are_as_large_as_asked(database_url: str, vault: Vault, rows: int, sizes: list[int]) -> None:
    submitted(database_url, many(rows), vault, chunk_size=3)
    assert [size for _, size in _chunks(database_url)] == sizes


def test_a_single_case_is_urgent(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, [accepted(1, "C1")], vault)
    assert [wake.queue for wake in done.wakes] == ["urgent"]


def test_two_ordinary_cases_are_not_urgent(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(2), vault)
    assert [wake.queue for wake in done.wakes] == ["bulk"]


@pytest.mark.parametrize(
    ("alarming", "calm"),
    [
        (accepted(1, "C1", {"notes": "她说不想活了"}), accepted(1, "C1", {"notes": "想尽快还清"})),
        (accepted(1, "C1", violence=True), accepted(1, "C1", violence=False)),
        (accepted(1, "C1", legal_stage="hearing"), accepted(1, "C1", legal_stage="none")),
        (accepted(1, "C1", {"notes": "没遇到AB贷"}), accepted(1, "C1", {"notes": ""})),
    ],
)
def test_what_the_pack_calls_urgent_goes_first(
    database_url: str, vault: Vault, alarming: Accepted, calm: Accepted
) -> None:
    done = submitted(database_url, [alarming, accepted(2, "C2"), accepted(3, "C3")], vault)
    assert [wake.queue for wake in done.wakes] == ["urgent", "bulk"]
    assert _chunks(database_url) == [("urgent", 1), ("bulk", 2)]
    done = submitted(database_url, [calm, accepted(2, "C2"), accepted(3, "C3")], vault, submitter="them")
    assert [wake.queue for wake in done.wakes] == ["bulk"]


def test_urgent_chunks_are_small(database_url: str, vault: Vault) -> None:
    rows = [accepted(number, f"C{number}", violence=True) for number in range(FLAGGED_CHUNK + 1)]
    submitted(database_url, rows, vault)
    assert _chunks(database_url) == [("urgent", FLAGGED_CHUNK), ("urgent", 1)]


def test_rows_are_kept_in_their_order_over_many_blocks(database_url: str, vault: Vault) -> None:
    done = submitted(database_url, many(2 * BLOCK + 1), vault)
    assert done.accepted == 2 * BLOCK + 1
    mismatched = _one(
        database_url,
        "SELECT count(*) FROM batch_case bc JOIN case_version v ON v.id = bc.case_version_id "
        "JOIN \"case\" c ON c.id = v.case_id WHERE c.case_ref <> 'C' || bc.row",
    )
    assert mismatched == 0


def test_memory_does_not_grow_with_the_rows(database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "BLOCK", 100)
    count = 8 * 100

    def rows() -> Iterator[Accepted]:
        return (accepted(row, f"C{row}", extra={"备用": f"{row} " + "x" * 4000}) for row in range(1, count))

    submitted(database_url, [accepted(0, "first")], vault)
    tracemalloc.start()
    submitted(database_url, rows(), vault)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    whole = count * 4_000  # bytes of the unknown column alone, were they all in memory
    assert peak < whole / 2


def test_a_file_that_breaks_off_leaves_nothing(database_url: str, vault: Vault) -> None:
    def rows() -> Iterator[Accepted]:
        yield from many(BLOCK + 1)
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="the disk"):
        submitted(database_url, rows(), vault)
    assert _one(database_url, "SELECT (SELECT count(*) FROM batch) + (SELECT count(*) FROM case_version)") == 0


@pytest.mark.parametrize(
    ("now", "ahead"),
    [
        (dt.datetime(2026, 11, 22, 15, 59, tzinfo=dt.UTC), True),  # one minute before midnight in Shanghai
        (dt.datetime(2026, 11, 22, 16, 0, tzinfo=dt.UTC), False),
    ],
)
def test_no_batch_is_for_a_day_that_is_not_there_yet(
    database_url: str, vault: Vault, now: dt.datetime, ahead: bool
) -> None:
    if not ahead:
        submitted(database_url, many(2), vault, now=now)
        return
    with pytest.raises(DayToComeError, match=r"2026-11-23, is after today \(2026-11-22\)"):
        submitted(database_url, many(2), vault, now=now)
    assert _one(database_url, "SELECT count(*) FROM batch") == 0


@given(st.text(st.characters(max_codepoint=127, exclude_characters="\0"), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_letters_to_search_by_are_those_that_the_database_makes(shared_database_url: str, case_ref: str) -> None:
    query = """
        SELECT ARRAY(
            SELECT DISTINCT substr(lower(CAST(%(ref)s AS text)), start, size)
            FROM generate_series(1, 3) size, generate_series(1, length(%(ref)s) - size + 1) start
        ), CAST(%(told)s AS text[])
    """
    with psycopg.connect(shared_database_url) as connection:
        made, told = connection.execute(query, {"ref": case_ref, "told": grams(case_ref)}).fetchone() or ([], None)
    assert sorted(told or ()) == sorted(made)


def test_a_reference_beyond_ascii_is_found_by_its_letters_too(database_url: str, vault: Vault) -> None:
    submitted(database_url, [accepted(1, "案件Ä-7"), accepted(2, "Case-8")], vault)
    with psycopg.connect(database_url) as connection:
        found = connection.execute('SELECT ref_grams FROM "case" ORDER BY id').fetchall()
    assert {"案件ä", "ä-7", "案", "-7"} <= {*found[0][0]}
    assert {"cas", "e-8", "8"} <= {*found[1][0]}
