"""Personal data is nowhere in the open: not in Redis, not in logs, not in a plain column."""

import base64
import json
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from psycopg import sql
from sqlmodel import col, select

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault, private_of
from forbear.batch.progress import BatchProgress, progress_of
from forbear.batch.submission import uploads
from forbear.batch.submission.submit import Head, Submitted, rejections_of, source_of, submit
from forbear.conversation import agreements, attachments, notes, tasks
from forbear.conversation.agreements import AgreedTerms
from forbear.desk.review import Act, perform, take_case
from forbear.intake import open_intake
from forbear.ops.embedded import Urls, redis_client
from models.case import Case, CaseVersion
from models.database.session import session
from models.intake.batch import Batch
from tests.support.desk.cases import AS_OF, engine_of, pack, said_otherwise, triaged, working, working_as
from tests.support.desk.desk_clients import desk
from tests.support.desk.processes import Site, until
from workers.wake import wake

NAME, PHONE, ID, NOTES = "欧阳若曦", "13912345678", "110105199003071234", "昨天在幸福路派出所"
WISH = "不·想·活了"  # words of alarm as the pack does not spell them
UNKNOWN_COLUMN, UNKNOWN_VALUE = "诸葛联系人", "诸葛青云"
BAD_NAME, BAD_NUMBER = "司马长风", "一百二十天司马"
FILE = "慕容案件.csv"
WORDS = "尉迟说好明天回电"
BROKEN = "上官写进了日期"  # put by hand where facts are, so that the error of an evaluation quotes it
PLANTED = (NAME, PHONE, ID, NOTES, WISH, UNKNOWN_COLUMN, UNKNOWN_VALUE, BAD_NAME, BAD_NUMBER, "慕容")
CSV = f"""案号,产品,困难,逾期天数,姓名,手机,身份证,备注,{UNKNOWN_COLUMN}
C1,信用卡,失业,100,{NAME},{PHONE},{ID},{NOTES}{WISH},{UNKNOWN_VALUE}
C2,信用卡,失业,{BAD_NUMBER},{BAD_NAME},{PHONE},{ID},{NOTES},{UNKNOWN_VALUE}
C3,信用卡,失业,30,{NAME},{PHONE},{ID},{NOTES},{UNKNOWN_VALUE}
C4,{BAD_NAME},失业,31,{NAME},{PHONE},{ID},{NOTES},{UNKNOWN_VALUE},多出来的{BAD_NAME}
C5,房贷,失业,400,{NAME},{PHONE},{ID},,
"""


@pytest.fixture
def site(database_url: str, redis_url: str, tmp_path: Path) -> Site:
    return Site(Urls(database_url, redis_url), tmp_path, log_level="DEBUG")


def test_what_is_personal_is_sealed_wherever_it_goes(site: Site, vault: Vault) -> None:
    with _monitored(site.urls.redis) as seen:
        done = _submit(site, vault)
        assert (done.accepted, done.rejected) == (3, 2)
        _break("C5", site.urls.database)
        wake(done.wakes, site.urls.redis)
        with site.worker(processes=1):
            until(lambda: _progress(site, done).status == "complete", "a complete batch; " + site.logs()[-2000:])
    progress = _progress(site, done)
    assert (progress.decided, progress.failed) == (2, 1)
    in_redis, columns, logs = "\n".join([*seen, *_everything_in(site.urls.redis)]), _columns(site), site.logs()
    assert "chunk.triage" in in_redis
    assert "chunk.broken" in logs
    assert "crisis_support" in columns
    for text in PLANTED:
        for form in _forms(text):
            assert form not in in_redis
            assert form not in logs
            assert form not in columns
    for form in _forms(BROKEN):
        assert form not in in_redis
        assert form not in logs
    with psycopg.connect(site.urls.database) as connection:
        errors = connection.execute("SELECT error FROM chunk WHERE error IS NOT NULL").fetchall()
    assert errors
    assert all(re.fullmatch(r"ValueError in case_facts, line \d+", error) for (error,) in errors)


def test_what_is_sealed_can_be_opened_with_the_key(site: Site, vault: Vault) -> None:
    done = _submit(site, vault)
    with engine_of(site.urls.database) as engine, session(engine) as opened:
        batch = opened.get_one(Batch, done.batch_id)
        assert source_of(batch, vault).name == FILE
        assert UNKNOWN_COLUMN in source_of(batch, vault).unknown
        rejected = list(rejections_of(opened, done.batch_id, vault))
        assert [row.cells[4] for row in rejected] == [BAD_NAME, NAME]
        query = (
            select(CaseVersion.id, CaseVersion.private)
            .join(Case, col(Case.id) == CaseVersion.case_id)
            .where(Case.case_ref == "C1")
        )
        private = private_of(vault, *opened.exec(query).one())
    assert private["facts"] == {"name": NAME, "phone": PHONE, "id_number": ID, "notes": NOTES + WISH}
    assert private["extra"] == {UNKNOWN_COLUMN: UNKNOWN_VALUE}


def test_what_people_write_and_see_at_the_desk_is_sealed_too(
    site: Site, vault: Vault, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Reviews, the ledger, uploads, the desk: a case is worked on and looked at, and none of it is left in the open."""
    url = site.urls.database
    done = _submit(site, vault)
    triaged(url, vault, [wake.chunk_id for wake in done.wakes])
    with caplog.at_level(logging.DEBUG), _monitored(site.urls.redis) as seen:
        with desk(url, site.urls.redis, vault) as client:
            shown = client.submit("/cases/1/reveal", {"reason": "contact", "words": f"{WORDS}要问地址"})
            assert NAME in shown.text
            assert ID in shown.text
            form = {"asked": "known", "scope": "triage", "way": "spoken", "revision": "1"}
            assert client.submit("/cases/1/consent", form).status_code == 303
            client.submit("/cases/1/reveal", {"reason": "none of them", "words": WORDS})
            client.get("/cases/1")
        who = Viewer(1, "wang", "counsellor", None)
        with working_as(who, url, vault) as work:
            perform(work, take_case(work.session, who, 1, None), Act("ask", {}, words=WORDS))
            uploads.keep(work, FILE, CSV.encode(), "us", AS_OF)
            notes.add(work, 1, "1", WORDS)
            tasks.add(work, 1, "2", WORDS, None, AS_OF)
            attachments.add(work, 1, "3", FILE, b"%PDF-" + CSV.encode(), "", WORDS)
            terms = AgreedTerms(1, 1, AS_OF, AS_OF, in_writing=True, words=WORDS)
            agreements.make(work, take_case(work.session, who, 1, None), terms)
    said = "".join(capfd.readouterr()) + caplog.text
    columns = _columns(site)
    assert "reveal" in columns
    for text in (*PLANTED, WORDS):
        for form_of_it in _forms(text):
            assert form_of_it not in columns
            assert form_of_it not in said
            assert form_of_it not in "\n".join(seen)


def _submit(site: Site, vault: Vault) -> Submitted:
    path = site.folder / FILE
    path.write_text(CSV)
    intake = open_intake(path, pack().vocabulary)
    head = Head(FILE, tuple(intake.columns), tuple(intake.unknown))
    with working(site.urls.database, vault) as work:
        return submit(work, intake, head=head, pack=pack(), as_of=AS_OF, submitter="us", chunk_size=500)


def _break(case_ref: str, url: str) -> None:
    """Spoil a case's facts so that evaluating them fails with an error that quotes them."""
    said_otherwise(url, case_ref, due_date=BROKEN)


def _progress(site: Site, done: Submitted) -> BatchProgress:
    with engine_of(site.urls.database) as engine, session(engine) as opened:
        found = progress_of(opened, done.batch_id)
    assert found is not None
    return found


@contextmanager
def _monitored(url: str) -> Iterator[list[str]]:
    """Every command Redis gets meanwhile, the bodies of messages decoded."""
    seen: list[str] = []
    last = "the monitor may stop"

    def listen() -> None:
        # Without a time limit: on a busy machine nothing may be said for a while.
        client: Any = redis.Redis.from_url(url.replace("redis+socket://", "unix://", 1), socket_timeout=None)
        with client, client.monitor() as monitor:
            client.echo("started")
            for command in monitor.listen():
                line = str(command["command"])
                seen.append(line)
                seen.extend(_decoded(line))
                if last in line:
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    until(lambda: len(seen) > 0, "a monitor that sees something")
    yield seen
    with redis_client(url) as client:
        client.echo(last)
    thread.join(60)
    assert not thread.is_alive()


def _everything_in(url: str) -> Iterator[str]:
    """Every key of Redis with its value."""
    readers = {
        b"string": redis.Redis.get,
        b"list": lambda client, key: client.lrange(key, 0, -1),
        b"set": redis.Redis.smembers,
        b"hash": redis.Redis.hgetall,
        b"zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
    }
    with redis_client(url) as client:
        for key in client.keys("*"):
            value = str(readers[client.type(key)](client, key))
            yield f"{key}: {value}"
            yield from _decoded(value)


def _decoded(text: str) -> Iterator[str]:
    for body in re.findall(r'"body\\*": \\*"([A-Za-z0-9+/=]+)', text):
        yield base64.b64decode(body).decode()


def _columns(site: Site) -> str:
    """Every row of every table as COPY writes it; what is sealed comes as hexadecimal digits."""
    lines = []
    with psycopg.connect(site.urls.database) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (name,) in names:
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as copy:
                lines += [bytes(block).decode() for block in copy]
    return "\n".join(lines)


def _forms(text: str) -> set[str]:
    """A text as it is, and as JSON, Python, Redis or COPY may write it."""
    encoded = [text.encode(), text.encode("gb18030")]
    return {
        text,
        json.dumps(text)[1:-1],
        *(each.hex() for each in encoded),
        *(str(each)[2:-1] for each in encoded),
        *(base64.b64encode(each).decode().rstrip("=") for each in encoded),
    }
