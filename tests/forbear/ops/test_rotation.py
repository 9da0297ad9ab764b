"""A new key: everything is brought to it while people work, killed at any point, and nothing is unreadable."""

import base64
import datetime as dt
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, select

from forbear.accounts import administration, idempotency
from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from forbear.base.packs import shipped
from forbear.base.settings import Settings
from forbear.base.vault import Vault, check_key, private_of, read_line
from forbear.batch.submission import mappings, uploads
from forbear.batch.submission.submit import rejections_of, source_of
from forbear.conversation import agreements, attachments, tasks
from forbear.conversation.agreements import AgreedTerms
from forbear.desk.review import Act, perform, take_case
from forbear.intake import Rejected
from forbear.ledger import audit, ledger
from forbear.ledger.checkpoint import current, grown_from, read_checkpoint, read_key, succession, verifier_keys
from forbear.ledger.receipt import receipt
from forbear.ops import rotation
from forbear.ops.doctor import check_keys
from forbear.person import search
from forbear.webhooks import webhooks
from models.case import Case, CaseVersion
from models.database.session import session, snapshot
from models.database.tables import METADATA
from models.intake.batch import Batch
from models.intake.mapping import ConfirmedMapping
from models.ledger import LedgerRow
from models.operation.vault_key import VaultKey
from models.webhook import Webhook
from tests.support.desk.cases import NOW, accepted, decided, engine_of, submitted, working, working_as
from tools.verify_receipt import verified

MODELS = [mapper.class_ for mapper in SQLModel._sa_registry.mappers]
OLD, NEW, NEXT, OTHER = (bytes([n]) * 32 for n in range(4))
WANG = Viewer(1, "wang", "supervisor", None)
PHONE, WORDS = "13812345678", "借款人说已经找到工作，下月可以还款"
PRIVATE = {"name": "王小明", "phone": PHONE, "notes": "他说不想活了，已经买好了农药"}
ROWS = (accepted(1, "A", private=PRIVATE), accepted(2, "B", private={"phone": PHONE}, extra={"备用": "x"}))
REFUSED = Rejected(3, "product", "不认识", "Unknown", ("R", "x"))


def filled(url: str, before: Vault) -> None:
    """A record with a sealed value in every place that there is."""
    with engine_of(url) as engine, session(engine) as opened:
        check_key(opened, before)
        ledger.start(opened, before, NOW)
    with working(url, before) as work:
        administration.add(work, "wang", "supervisor", None, "a long enough password")
    decided(url, [*ROWS, REFUSED], before, by=shipped())
    with working_as(WANG, url, before) as work:
        case = take_case(work.session, work.viewer, 1, None)
        perform(work, case, Act("accept", {"status": "reviewed"}, words=WORDS))
        tasks.add(work, 1, "f1", WORDS, None, NOW.date() + dt.timedelta(days=3))
        day = NOW.date()
        agreements.make(work, case, AgreedTerms(10_000, 2, day, day, in_writing=True, words=WORDS))
        attachments.add(work, 1, "f2", "合同.pdf", b"%PDF-1.7 " + os.urandom(9), "", "")
        uploads.choose(work, upload := uploads.find(work, uploads.keep(work, "a.csv", b"a", "us", day)), None)  # type: ignore[arg-type]
        assert upload is not None
        upload.mapping = work.vault.seal({"columns": {}}, f"upload.mapping:{upload.id}")
        hook = Webhook(submitter="us", account_id=1, url="https://example.com", events=[], secret=b"", created_at=NOW)
        work.session.add(hook)
        work.session.flush()
        webhooks.rotate(work, hook, dt.timedelta(days=1))
        webhooks.rotate(work, hook, dt.timedelta(days=1))
        idempotency.keep(work, "k", b"asked", answer={"body": "x"})
        macs = mappings._macs(work.vault, "us", ["案件编号", "姓名"])
        content = {"file": "a.csv", "columns": ["案件编号"], "mapping": {}, "shapes": {}, "sizes": {}}
        sealed = work.vault.seal(content, "confirmed_mapping.content:1")
        work.session.add(ConfirmedMapping(id=1, submitter="us", headers_mac=macs[0], content=sealed, confirmed_at=NOW))


def read_everything(url: str, vault: Vault) -> None:
    """By the ways that pages and workers have."""
    with working_as(WANG, url, vault) as work:
        opened = work.session
        for version in opened.exec(text("SELECT id, private FROM case_version WHERE id <= 2 ORDER BY id")):  # type: ignore[call-overload]
            assert private_of(work.vault, version.id, version.private)["facts"]["phone"] == PHONE
        batch = opened.get_one(Batch, opened.get_one(CaseVersion, 1).batch_id)
        assert source_of(batch, work.vault).name
        assert [row.cells for row in rejections_of(opened, batch.id, work.vault)] == [("R", "x")]
        assert tasks.of_case(opened, work.vault, 1)[0].words == WORDS
        assert agreements.of_case(opened, work.vault, 1)[0].terms == WORDS
        assert attachments.opened(work, 1, 1)[0] == "合同.pdf"
        (waiting,) = uploads.waiting(work)
        upload = uploads.find(work, waiting.id)
        assert upload is not None
        with uploads.unsealed(upload, work.vault) as path:
            assert path.read_bytes() == b"a"
        uploads.chosen(upload, work.vault)
        hook = opened.get_one(Webhook, 1)
        for secret in (hook.secret, hook.old_secret):
            assert work.vault.open(secret or b"", webhooks.secret_at(1))
        known = idempotency.find(work, "k", b"asked")
        assert known is not None and idempotency.answered(work, known) == {"body": "x"}
        assert mappings.kept_for(opened, work.vault, "us", ["案件编号", "姓名"]) is not None
        assert [row.case.case_ref for row in search.search(work, PHONE).rows][:2] == ["A", "B"]
        (words,) = opened.connection().execute(text("SELECT words FROM review WHERE id = 1")).scalars()
        assert work.vault.open(words, "review.words:1") == WORDS


@pytest.fixture
def keys() -> tuple[Vault, Vault, Vault]:
    """As before, with both keys, and with the new one alone. A vault is of one record."""
    return Vault(OLD), Vault(NEW, OLD), Vault(NEW)


def told_by_doctor(url: str, *keys: bytes) -> str:
    key, *previous = (base64.b64encode(each).decode() for each in keys)
    (found,) = check_keys(url, Settings(key=key, previous_keys=tuple(previous)))
    return found.detail


def tied(url: str) -> int:
    """How many phone numbers there are, by their hashes."""
    with psycopg.connect(url) as connection:
        query = "SELECT count(DISTINCT phone_key) FROM \"case\" WHERE case_ref IN ('A', 'B')"
        return int(connection.execute(query).fetchone()[0])  # type: ignore[index]


def rotate(url: str, vault: Vault, seen: Any = lambda _: None) -> rotation.Rotated:
    with engine_of(url) as engine:
        return rotation.rotate(engine, vault, lambda: NOW, seen)


def faults(url: str, vault: Vault) -> tuple[audit.LedgerFault, ...]:
    with snapshot_of(url) as opened:
        return audit.verify(opened, read_line(opened, vault)).faults


@contextmanager
def snapshot_of(url: str) -> Iterator[Any]:
    with engine_of(url) as engine, snapshot(engine) as opened:
        yield opened


def killed(url: str, both: Vault, steps: int) -> bool:
    """A rotation by another process, killed once it has taken so many steps; False: it was done before."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in the child
        rotation.ROWS = 1  # type: ignore[misc]
        with os.fdopen(writing, "wb", 0) as told:
            try:
                rotate(url, both, seen=lambda _: told.write(b"."))
            finally:
                os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb", 0) as told:
        there = all(told.read(1) for _ in range(steps))
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return there


def test_killed_at_any_step_it_goes_on_and_everything_opens_before_meanwhile_and_after(
    database_url: str, keys: tuple[Vault, Vault, Vault]
) -> None:
    url, (before, both, after) = database_url, keys
    filled(url, before)
    with snapshot_of(url) as opened:
        old_key = str(verifier_keys(read_line(opened, before))[-1])
        noted, old_receipt = str(current(opened, before)), receipt(opened, before, 1)
    assert told_by_doctor(url, NEW, OLD).startswith("everything is under the key in FORBEAR_PREVIOUS_KEYS")
    read_everything(url, both)  # restarted with both keys; the old one is used still
    assert faults(url, both) == ()
    for steps in (1, 6, 14, 20):
        assert killed(url, both, steps)
        read_everything(url, both)
        assert tied(url) == 1
    assert faults(url, both) == ()
    assert re.match(r"\d+ rows are under the key before", told_by_doctor(url, NEW, OLD))
    done = rotate(url, both)
    assert told_by_doctor(url, NEW, OLD).startswith("everything is under FORBEAR_KEY: unset")
    assert told_by_doctor(url, NEW) == "everything is under the key that is set"
    assert "sealed with another key" in told_by_doctor(url, OLD)
    assert done.broken == set()
    assert rotate(url, both).done == 0  # once more is no harm
    for vault in (both, after):
        read_everything(url, vault)
        assert faults(url, vault) == ()
    with working(url, after) as work:
        assert rotation.old_values(work.session, work.vault) == 0
        with pytest.raises(ForbearError, match="cannot be decrypted"):
            private = work.session.get_one(CaseVersion, 1).private
            before.open(private or b"", "case_version.private:1")
    assert submitted(url, ROWS, after, by=shipped()).unchanged == 2  # told by the keyed hash of what is in it
    # Outsiders: what was noted holds, the name is the same, and the old key signed the new one.
    with snapshot_of(url) as opened:
        vault = read_line(opened, after)
        (first, last), now = verifier_keys(vault), receipt(opened, vault, 1)
        assert grown_from(opened, vault, read_checkpoint(noted))
        told = [row.detail for row in opened.exec(ledger_entries())]
    assert (str(first), first.name) == (old_key, last.name)
    assert verified(old_receipt, old_key)["row"] == verified(now, str(last))["row"]
    assert [each["what"] for each in told] == ["next", "begun", "finished"]
    signed = read_key(told[0]["key"])
    assert signed == last and first.has_signed(succession(2, last), told[0]["signature"])


def ledger_entries() -> Any:
    from sqlmodel import col, select

    return select(LedgerRow).where(LedgerRow.kind == "key").order_by(col(LedgerRow.seq))


def test_under_load_nothing_is_unreadable_and_a_second_rotation_keeps_what_the_first_did(
    database_url: str, keys: tuple[Vault, Vault, Vault]
) -> None:
    url, ended, (before, both, after) = database_url, threading.Event(), keys
    filled(url, before)
    with snapshot_of(url) as opened:
        old_receipt, old_key = receipt(opened, before, 1), str(verifier_keys(before)[-1])

    def work_on() -> None:
        """Somebody who began before the new key came, and others that go on."""
        try:
            rotate(url, both)
        finally:
            ended.set()

    with engine_of(url) as engine, session(engine) as elder:
        vault = read_line(elder, both)  # as a unit of work that began before
        case = elder.get_one(Case, 2)
        thread = threading.Thread(target=work_on)
        thread.start()
        count = 0
        while count < 3 or generation(url) != 2:
            decided(url, [accepted(1, f"L{count}", private={"phone": PHONE})], both, by=shipped())
            read_everything(url, both)
            count += 1
        assert not ended.is_set()  # it waits for who began before
        case.name_key = vault.mac(b"late")
        elder.add(case)
        elder.commit()
    while not ended.wait(0.1):
        read_everything(url, both)
    thread.join()
    assert faults(url, after) == ()
    third = Vault(NEXT, NEW)
    assert rotate(url, third).broken == set()
    last = Vault(NEXT)
    read_everything(url, last)
    assert faults(url, last) == ()
    with snapshot_of(url) as opened:
        vault = read_line(opened, last)
        assert len(verifier_keys(vault)) == 3
        kept = {row.id: row.kept is not None for row in opened.exec(select(VaultKey))}
        assert kept == {1: True, 2: True, 3: False}, "the keys of before, under the newest, which nobody keeps"
        assert verified(receipt(opened, vault, 1), str(verifier_keys(vault)[-1]))["decision"] == 1
    assert verified(old_receipt, old_key)["decision"] == 1


def generation(url: str) -> int:
    with psycopg.connect(url) as connection:
        return int(connection.execute("SELECT max(id) FROM vault_key").fetchone()[0])  # type: ignore[index]


def test_a_key_that_does_not_fit_is_told_in_one_sentence_and_what_was_forged_stays_found(
    database_url: str, keys: tuple[Vault, Vault, Vault]
) -> None:
    url, (before, both, after) = database_url, keys
    filled(url, before)
    for vault, sentence in (
        (before, "This database uses FORBEAR_KEY"),
        (Vault(OTHER), "sealed with another key"),
        (Vault(OTHER, NEXT), "sealed with another key"),
    ):
        with pytest.raises(ForbearError, match=sentence) as refused:
            rotate(url, vault)
        assert refused.value.exit_code == 2
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE review SET words = 'x' WHERE id = 1")
        connection.execute("UPDATE desk_case SET danger = NULL WHERE case_id = 1")
        connection.execute("UPDATE task SET due_on = due_on + 1")
    done = rotate(url, both)
    assert done.broken == {("review", (1,))}
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE resealed SET told = sha256('x') WHERE subject = 'webhook:1'")
    found = {fault.where for fault in faults(url, after)}
    assert found == {"review:1", "desk_case:1", "task:1", "webhook:1"}
    with pytest.raises(ForbearError, match="used before"):
        rotate(url, Vault(OLD, NEW))
    # Who has the old key only writes nothing any more, whether it began before or not.
    with pytest.raises(ForbearError, match="sealed with another key"):
        decided(url, [accepted(1, "Z")], before)


def test_every_sealed_column_and_keyed_hash_of_the_record_comes_along() -> None:
    """By what the models say of their columns; those that go within two days or with a sign-in are left out."""
    sealed, hashed = set(), set()
    for name, table in METADATA.tables.items():
        model = next(each for each in MODELS if each.__tablename__ == name)
        for column in table.columns:
            about = (model.model_fields[column.name].description or "").partition(":")[0].partition(" of ")[0]
            if about.startswith("Sealed"):
                sealed.add((name, column.name))
            elif about in ("Keyed hash", "The same"):
                hashed.add((name, column.name))
    brought = {(table.name, column) for table in rotation.TABLES for column in table.sealed}
    assert sealed - {("vault_key", "kept")} == brought
    lifted = {(table.name, column) for table in rotation.TABLES for column in table.macs}
    lifted |= {("case", column) for column in rotation.PERSON_KEYS} | {("desk_case", "danger_mac")}
    # The chain keeps its own; who guessed is forgotten in a day.
    left = {("ledger", "mac"), ("ledger_head", "seal"), ("sign_in_attempt", "name"), ("sign_in_attempt", "place")}
    assert hashed - left == lifted - {("idempotency_key", "request_mac")}
