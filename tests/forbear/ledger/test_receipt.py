"""A receipt proves its decision to anybody with the public key, for ever, and nothing else proves anything."""

import base64
import json
import random
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path

import cryptography
import psycopg
import pytest
from sqlmodel import Session

from forbear.base import qr_code
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.ledger import merkle
from forbear.ledger.checkpoint import verifier_key
from forbear.ledger.receipt import digits, of_case, receipt, written
from models.database.session import session
from tests.support import qr_reading
from tests.support.desk.cases import VAULT, accepted, decided, engine_of, many
from tests.support.old.old_decisions import chained_one_by_one
from tests.support.tampered import variants
from tools import verify_receipt
from tools.verify_receipt import RefusedError, verified

KEY = str(verifier_key(VAULT))


@pytest.fixture(scope="module")
def url(shared_database_url: str) -> str:
    """Chunks of seven, one and five decisions, the second with a case's notes and number."""
    decided(shared_database_url, many(7), VAULT)
    decided(shared_database_url, [accepted(1, "P", phone="13812345678")], VAULT)
    decided(shared_database_url, many(5, "Q"), VAULT)
    return shared_database_url


@pytest.fixture(scope="module")
def receipts(url: str) -> list[str]:
    with opened(url) as found:
        return [receipt(found, VAULT, decision) for decision in range(1, 14)]


@contextmanager
def opened(url: str) -> Iterator[Session]:
    """A session on the record."""
    with engine_of(url) as engine, session(engine) as found:
        yield found


def test_the_receipt_of_a_case_is_that_of_the_decision_which_it_has_now(url: str) -> None:
    with psycopg.connect(url) as connection:
        case, decision = connection.execute(
            "SELECT case_id, decision_id FROM desk_case WHERE case_ref = 'Q3'"
        ).fetchall()[0]
    with opened(url) as found:
        told = of_case(found, VAULT, case)
        assert told is not None and json.loads(told)["decision"] == decision
        assert of_case(found, VAULT, 10**6) is None


def test_every_decision_has_a_receipt_that_holds_and_is_small(url: str, receipts: list[str]) -> None:
    for decision, text in enumerate(receipts, 1):
        told = verified(text, KEY)
        assert told["decision"] == decision
        assert len(text.encode()) <= 2048
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT strategy, urgency, as_of::text, pack_sha256 FROM decision ORDER BY id"
        ).fetchall()
    assert [
        tuple(json.loads(text)["row"][name] for name in ("strategy", "urgency", "day", "pack")) for text in receipts
    ] == rows


def test_a_receipt_of_a_large_ledger_is_small_too(receipts: list[str]) -> None:
    """A million entries of chunks of 512: 20 and 9 hashes."""
    told = json.loads(receipts[0])
    told["log"] = {"size": 10**6, "path": "A" * (20 * 32 * 4 // 3 + 2)}
    told["chunk"] = {"at": 511, "size": 512, "path": "A" * (9 * 32 * 4 // 3)}
    told["entry"][0], told["decision"], told["row"]["chunk"], told["row"]["version"] = (10**9,) * 4
    assert len(written(told).encode()) <= 2048


def test_a_qr_code_of_a_large_ledgers_receipt_is_read_and_holds(receipts: list[str]) -> None:
    """No more than 133 modules a side, 0.55 mm or more each in print: a phone reads that."""
    told, chosen = json.loads(receipts[0]), random.Random(3)
    told["log"] = {"size": 10**6, "path": base64.b64encode(chosen.randbytes(20 * 32)).decode()}
    told["chunk"] = {"at": 511, "size": 512, "path": base64.b64encode(chosen.randbytes(9 * 32)).decode()}
    told["entry"][0], told["decision"], told["row"]["chunk"], told["row"]["version"] = (10**9,) * 4
    for text in (written(told), receipts[0]):
        drawn = qr_code.svg(digits(text), 300, "l")
        side = int(re.findall(r'viewBox="0 0 (\d+)', drawn)[0]) - 8
        assert side <= 133
        (read,) = qr_reading.read(drawn)
        assert read == digits(text)
    assert verified(read, KEY) == verified(receipts[0], KEY) == verified(f"{read}\n", KEY)


def test_changed_digits_prove_nothing_else(receipts: list[str]) -> None:
    chosen, right = random.Random(5), digits(receipts[2])
    for _ in range(300):
        at, digit = chosen.randrange(len(right)), str(chosen.randrange(10))
        for changed in (right[:at] + digit + right[at + 1 :], right[:at] + right[at + 1 :], right[:at]):
            try:
                assert verified(changed, KEY) == verified(receipts[2], KEY)
            except RefusedError:
                continue
    bomb = str(int.from_bytes(zlib.compress(bytes(10**7), 9)[:1500], "big"))
    for nothing in ("0", "7" * 4000, "7" * 9000, bomb, f"{right}0"):
        with pytest.raises(RefusedError):
            verified(nothing, KEY)


def test_a_receipt_is_written_in_the_one_way_that_a_verifier_takes() -> None:
    assert written({"of": "键", "n": [1]}) == '{"of":"键","n":[1]}'


def test_nothing_of_the_case_is_in_a_receipt(receipts: list[str]) -> None:
    assert not [text for text in receipts if "13812345678" in text or '"P"' in text or '"C1"' in text]


def test_another_key_proves_nothing(receipts: list[str]) -> None:
    with pytest.raises(RefusedError):
        verified(receipts[0], str(verifier_key(Vault(bytes(32)))))
    for key in ("", "x", KEY[:-1], KEY.replace("forbear/", "forbear+"), KEY + "A", "é+" + KEY):
        with pytest.raises(RefusedError):
            verified(receipts[0], key)


def test_no_tampered_receipt_is_taken(receipts: list[str]) -> None:
    """`make bench-proof` does the same with a million."""
    for changed in islice(variants(receipts, seed=7), 4_000):
        with pytest.raises(RefusedError):
            verified(changed, KEY)
    text = receipts[2]
    for part in (
        text + " ",
        " " + text,
        text.replace(":", ": ", 1),
        text + text,
        "null",
        "[]",
        "{}",
        "1",
        '"x"',
        "[" * 9999,
    ):
        with pytest.raises(RefusedError):
            verified(part, KEY)


def test_who_writes_a_whole_tree_of_their_own_has_no_signature(receipts: list[str]) -> None:
    """Every step of the forged one holds, but for the signature."""
    told = json.loads(receipts[0])
    told["row"]["strategy"] = "settled"
    told["decision"], told["chunk"], told["entry"][0] = 1, {"at": 0, "size": 1, "path": ""}, 1
    told["entry"][5] = {"decisions": 1}
    digest = sha256(verify_receipt.canonical(list(told["row"].values()))).digest()
    chunk = merkle.leaf_hash((1).to_bytes(8, "big") + digest)
    assert merkle.leaf_hash(
        verify_receipt.canonical(["entry", *told["entry"], chunk.hex()], sort_keys=True)
    )  # the root of a log of one
    told["log"] = {"size": 1, "path": ""}
    with pytest.raises(RefusedError, match="the signature is wrong"):
        verified(written(told), KEY)


def test_a_receipt_holds_when_its_case_is_gone(url: str, receipts: list[str]) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in ("decision", "case_version", '"case"', "desk_case"):
            connection.execute(f"DELETE FROM {table}".encode())  # noqa: S608
        try:
            verified(receipts[3], KEY)
        finally:
            connection.rollback()


def test_a_decision_of_before_has_none_and_it_is_said_what_to_do(database_url: str) -> None:
    decided(database_url, many(2), VAULT)
    chained_one_by_one(database_url, VAULT)
    with (
        opened(database_url) as found,
        pytest.raises(ForbearError, match="before there were receipts: triage the case"),
    ):
        receipt(found, VAULT, 1)


def test_it_is_checked_with_nothing_of_forbear(receipts: list[str], tmp_path: Path) -> None:
    """By a copy of the one file and one signature library, in a process that finds no other package."""
    tool = tmp_path / "verify_receipt.py"
    tool.write_text(Path(verify_receipt.__file__).read_text())
    assert len(tool.read_text().splitlines()) < 150
    assert "forbear" not in {
        line.split()[1].split(".")[0] for line in tool.read_text().splitlines() if line.startswith(("import ", "from "))
    }
    (tmp_path / "receipt.json").write_text(receipts[1] + "\n")
    bare, installed = tmp_path / "bare", Path(cryptography.__file__).parents[1]
    bare.mkdir()
    for each in (installed / "cryptography", installed / "cffi", *installed.glob("_cffi_backend*")):
        if each.exists():
            (bare / each.name).symlink_to(each)
    alone = "import runpy, sys; sys.path.append(sys.argv[1]); del sys.argv[:2]; "
    alone += "runpy.run_path(sys.argv[0], run_name='__main__')"
    run = [sys.executable, "-I", "-S", "-c", alone, str(bare), str(tool), "--key", KEY]
    done = subprocess.run([*run, "receipt.json"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Decision 2 (") and done.stdout.count("\n") == 1
    for content, told in ((receipts[1][:-3], "this is no receipt"), ("\udcff", "utf-8")):
        (tmp_path / "receipt.json").write_bytes(content.encode(errors="surrogateescape"))
        done = subprocess.run([*run, "receipt.json"], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("Refused: ") and told in done.stderr and done.stderr.count("\n") == 1
    assert subprocess.run([*run, "-"], input=receipts[1], capture_output=True, text=True).returncode == 0
    assert subprocess.run([*run, "nowhere.json"], cwd=tmp_path, capture_output=True, text=True).returncode == 1
