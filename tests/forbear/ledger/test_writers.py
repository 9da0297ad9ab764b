"""Whoever writes at once, or dies over it, the ledger is one unbroken chain."""

import subprocess
import sys
import threading

from forbear.ledger.ledger import LedgerEntry
from tests.forbear.ledger.test_audit import faults, verified
from tests.forbear.ledger.test_ledger import append, kinds
from tests.support.desk.cases import VAULT, many, submitted, triaged
from tests.support.desk.processes import until

WRITERS, EACH = 8, 50
WRITER = """
import datetime as dt, sys
from forbear.base.vault import Vault
from forbear.ledger.unit_of_work import begin
from models.database.session import make_engine
engine = make_engine(sys.argv[1])
for number in range(int(sys.argv[2])):
    with begin(engine, Vault(bytes(range(32))), dt.datetime.now(dt.UTC)) as work:
        work.note("sign_in", f"account:{number}")
print("done", flush=True)
"""
HOLDER = """
import datetime as dt, sys
from forbear.base.vault import Vault
from forbear.ledger import ledger
from models.database.session import make_engine, session
with session(make_engine(sys.argv[1])) as opened:
    entry = ledger.LedgerEntry("sign_in", "account:2")
    ledger.append(opened, Vault(bytes(range(32))), "system", [entry], dt.datetime.now(dt.UTC))
    print("held", flush=True)
    sys.stdin.read()
"""


def append_often(url: str) -> None:
    for _ in range(EACH):
        append(url, LedgerEntry("sign_in", "account:1"))


def test_writers_in_threads_and_processes_make_one_chain(database_url: str) -> None:
    done = submitted(database_url, many(200), VAULT, chunk_size=20)
    processes = [
        subprocess.Popen([sys.executable, "-c", WRITER, database_url, str(EACH)], stdout=subprocess.PIPE)
        for _ in range(WRITERS // 2)
    ]
    threads = [threading.Thread(target=append_often, args=(database_url,)) for _ in range(WRITERS // 2)]
    threads += [
        threading.Thread(target=triaged, args=(database_url, VAULT, [wake.chunk_id for wake in part]))
        for part in (done.wakes[::2], done.wakes[1::2])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for process in processes:
        assert process.communicate(timeout=120)[0] == b"done\n"
    assert verified(database_url).entries == 2 + WRITERS * EACH + len(done.wakes)
    assert faults(database_url) == []
    found = kinds(database_url)
    assert (found.count("sign_in"), found.count("decisions")) == (WRITERS * EACH, len(done.wakes))


def test_a_writer_killed_in_the_middle_leaves_the_chain_whole(database_url: str) -> None:
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", WRITER, database_url, "100000"])
        before = len(kinds(database_url))
        until(lambda before=before: len(kinds(database_url)) > before + 20, "a writer at work")  # type: ignore[misc]
        process.kill()
        process.wait()
        append(database_url, LedgerEntry("sign_in", "account:1"))
        assert faults(database_url) == []


def test_a_writer_killed_while_it_holds_the_head_lets_the_others_go_on(database_url: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    process.kill()
    process.communicate()
    append(database_url, LedgerEntry("sign_in", "account:1"))
    assert kinds(database_url) == ["sign_in"]
    assert faults(database_url) == []
