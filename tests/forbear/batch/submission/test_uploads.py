"""An upload is sealed, its owner's, gone after a day, and makes one batch however often it is submitted."""

import datetime as dt
import threading
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forbear.accounts.accounts import Viewer
from forbear.batch.submission import uploads
from forbear.intake import IntakeError
from forbear.ops.embedded import Urls
from models.database.session import session
from models.intake.batch import Batch
from tests.support.desk.cases import AS_OF, NOW, VAULT, engine_of, pack, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.processes import Site, until
from workers.app import app

CONTENT = "案号,product,days_overdue,hardship,手机\nC-1,credit_card,3,unemployment,13800000001\nC-2,,x,,2\n".encode()


def _viewer(account_id: int) -> Viewer:
    return Viewer(account_id, "wang", "counsellor", None)


def _kept(url: str, viewer: Viewer, content: bytes = CONTENT, name: str = "案件.csv", at: dt.datetime = NOW) -> UUID:
    with working_as(viewer, url, now=at) as work:
        return uploads.keep(work, name, content, "us", AS_OF)


@given(st.binary())
def test_sealed_bytes_open_again(content: bytes) -> None:
    assert VAULT.open_bytes(VAULT.seal_bytes(content, "here"), "here") == content


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("案件.csv", "案件.csv"),
        ("C:\\Users\\wang\\案件.xlsx", "案件.xlsx"),
        ("../../etc/cases.csv", "cases.csv"),
        ("a\x00b\u202evsc.csv", "abvsc.csv"),
        ("", ""),
        ("..", ""),
        ("a/.", ""),
    ],
)
def test_a_file_keeps_its_own_name_and_nothing_else(given: str, kept: str) -> None:
    assert uploads.tidy(given) == kept


@given(st.text() | st.text("\U0001f600长/.", min_size=50))
def test_a_tidy_name_is_a_file_name_and_stays_as_it_is(name: str) -> None:
    tidied = uploads.tidy(name)
    assert uploads.tidy(tidied) == tidied
    assert "/" not in tidied
    assert tidied not in (".", "..")
    assert len(tidied.encode()) <= 255


def test_a_long_name_keeps_its_ending() -> None:
    assert uploads.tidy("长" * 200 + "（万元）.xlsx") == "长" * 15 + "…" + "长" * 35 + "（万元）.xlsx"


def test_an_upload_is_sealed(database_url: str) -> None:
    viewer = _viewer(account(database_url))
    _kept(database_url, viewer)
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT name, content, upload::text FROM upload").fetchone()
    assert row is not None
    for stored in (row[0], row[1], row[2].encode()):
        assert "案件".encode() not in stored
        assert b"1380000" not in stored


@pytest.mark.parametrize(("hours", "there"), [(23, True), (24, False)])
def test_an_upload_is_kept_for_a_day(database_url: str, hours: int, there: bool) -> None:
    viewer = _viewer(account(database_url))
    kept = _kept(database_url, viewer)
    later = NOW + dt.timedelta(hours=hours)
    with working_as(viewer, database_url, now=later) as work:
        assert (uploads.find(work, kept) is not None) is there
        assert bool(uploads.waiting(work)) is there
    with working(database_url) as work:
        uploads.purge(work.session, later)
    with psycopg.connect(database_url) as connection:
        assert bool(connection.execute("SELECT FROM upload").fetchall()) is there


def test_a_worker_forgets_uploads_that_are_a_day_old(database_url: str, redis_url: str, tmp_path: Path) -> None:
    viewer = _viewer(account(database_url))
    now = dt.datetime.now(dt.UTC)
    _kept(database_url, viewer, at=now - uploads.KEPT_FOR)
    fresh = _kept(database_url, viewer, at=now)
    site = Site(Urls(database_url, redis_url), tmp_path)
    with site.worker(("upkeep",), processes=1), app.connection_for_write(redis_url) as connection:
        app.send_task("upkeep.tidy", queue="upkeep", connection=connection)
        until(lambda: site.scalar("SELECT count(*) FROM upload") == 1, "the old upload is forgotten")
    with working_as(viewer, database_url, now=now) as work:
        assert [each.id for each in uploads.waiting(work)] == [fresh]


def test_an_upload_is_nobody_elses(database_url: str) -> None:
    mine, other = account(database_url), account(database_url, "li", "admin")
    kept = _kept(database_url, _viewer(mine))
    with working_as(_viewer(other), database_url) as work:
        assert uploads.find(work, kept) is None
        assert uploads.waiting(work) == []
    with working_as(_viewer(mine), database_url) as work:
        assert uploads.find(work, uuid4()) is None
        assert [each.name for each in uploads.waiting(work)] == ["案件.csv"]


def test_what_is_handed_in_becomes_a_batch_of_the_same_id_and_the_file_is_forgotten(database_url: str) -> None:
    viewer = _viewer(account(database_url))
    kept = _kept(database_url, viewer)
    assert _handed_in(database_url, viewer, kept) == kept
    with engine_of(database_url) as engine, session(engine) as opened:
        batch = opened.get_one(Batch, kept)
        assert (batch.submitter, batch.as_of, batch.rows_read, batch.accepted, batch.rejected) == ("us", AS_OF, 2, 1, 1)
    assert _handed_in(database_url, viewer, kept) is None


def test_two_submissions_at_once_make_one_batch(database_url: str) -> None:
    viewer = _viewer(account(database_url))
    kept = _kept(database_url, viewer)
    made: list[UUID | None] = []
    start = threading.Barrier(4)

    def press() -> None:
        start.wait()
        made.append(_handed_in(database_url, viewer, kept))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made, key=str) == sorted([kept, None, None, None], key=str)


def test_what_cannot_be_read_stays_an_upload(database_url: str) -> None:
    viewer = _viewer(account(database_url))
    kept = _kept(database_url, viewer, b"case_ref\nC-1\n")
    with pytest.raises(IntakeError, match="product"):
        _handed_in(database_url, viewer, kept)
    with working_as(viewer, database_url) as work:
        assert uploads.find(work, kept) is not None
        assert work.session.get(Batch, kept) is None


def _handed_in(url: str, viewer: Viewer, upload_id: UUID) -> UUID | None:
    with working_as(viewer, url, by=pack()) as work:
        upload = uploads.find(work, upload_id, lock=True)
        return None if upload is None else uploads.hand_in(work, upload, 500).batch_id
