"""A checkpoint that was noted tells for ever whether the ledger still begins with what it held then."""

import base64
import datetime as dt
import json
import re
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.ledger import ledger_tree, merkle
from forbear.ledger.checkpoint import (
    Checkpoint,
    VerifierKey,
    current,
    grown_from,
    read_checkpoint,
    read_key,
    signed,
    verifier_key,
)
from forbear.ledger.cosigner import cosigned
from forbear.ledger.ledger import LedgerEntry
from models.database.session import session
from tests.forbear.ledger.test_audit import faults, tamper
from tests.forbear.ledger.test_ledger import append
from tests.support.desk.cases import VAULT, decided, engine_of, many

KEY = verifier_key(VAULT)
NOW = dt.datetime(2026, 11, 29, 20, tzinfo=dt.UTC)


def noted(url: str) -> Checkpoint:
    with engine_of(url) as engine, session(engine) as found:
        return current(found, VAULT)


def proved(url: str, earlier: Checkpoint, vault: Vault = VAULT) -> str:
    with engine_of(url) as engine, session(engine) as found:
        return grown_from(found, vault, earlier)


@given(st.integers(0, 2**63), st.binary(min_size=32, max_size=32))
def test_what_is_printed_is_read_again(size: int, root: bytes) -> None:
    made = signed(VAULT, size, root)
    assert read_checkpoint(str(made)) == made
    assert made.is_signed_by(KEY)
    assert read_key(str(KEY)) == KEY
    assert re.fullmatch("forbear/[0-9a-f]{12}", KEY.name)
    assert not made.is_signed_by(verifier_key(Vault(bytes(32))))
    assert not Checkpoint(made.origin, size + 1, root, made.signatures).is_signed_by(KEY)


def test_a_checkpoint_is_a_signed_note_with_a_size_and_a_root() -> None:
    """Line by line as C2SP has it, so that tools of others read it."""
    lines = str(signed(VAULT, 7, bytes(32))).split("\n")
    assert lines[:4] == [KEY.name, "7", "A" * 43 + "=", ""]
    assert lines[4].startswith(f"— {KEY.name} ") and lines[5:] == [""]
    signature = base64.b64decode(lines[4].split(" ")[2])
    assert signature[:4] == sha256(f"{KEY.name}\n".encode() + b"\x01" + KEY.public).digest()[:4]
    assert len(signature) == 4 + 64


def test_a_leaf_is_made_of_the_same_bytes_for_ever() -> None:
    leaf = ledger_tree.leaf_of(7, "then", "system", "x", "x:1", {"b": 1, "a": "键"}, None)
    assert leaf == '["entry",7,"then","system","x","x:1",{"a":"键","b":1},null]'.encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a\n1\nAA==\n\n— a AA==\n",
        "a\n-1\n" + "A" * 43 + "=\n\n— a AA==\n",
        "a\n07\n" + "A" * 43 + "=\n\n— a AA==\n",
    ],
)
def test_what_is_no_checkpoint_is_said_to_be_none(text: str) -> None:
    for each in (text, str(signed(VAULT, 7, bytes(32)))[:-1], str(signed(VAULT, 7, bytes(32))) + "x"):
        with pytest.raises(ForbearError, match="no checkpoint: give the whole text"):
            read_checkpoint(each)


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "a+b+c", str(KEY)[:-1], str(KEY) + "A", "é"),
        f"another {KEY}",  # a key by itself, but not of this name
        *(str(VerifierKey(KEY.name, bytes(size))) for size in (31, 33)),
    ],
)
def test_what_is_no_key_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ForbearError, match="no public key"):
        read_key(text)


def test_the_tree_of_the_ledger_is_that_of_its_entries(database_url: str) -> None:
    decided(database_url, many(3), VAULT)
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(9)))
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT seq, at, actor, kind, subject, detail, digest FROM ledger ORDER BY seq"
        ).fetchall()
    leaves = [
        merkle.leaf_hash(ledger_tree.leaf_of(seq, at.astimezone(dt.UTC).isoformat(timespec="microseconds"), *rest))
        for seq, at, *rest in rows
    ]
    made = noted(database_url)
    assert (made.size, made.root) == (12, merkle.root(merkle.of_leaves(leaves), 12))


def test_a_ledger_of_before_trees_gets_its_tree_with_the_next_entry(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_tree, "_BLOCK", 4)  # nine entries in three blocks
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(9)))
    before = noted(database_url)
    tamper(database_url, "DELETE FROM ledger_node")
    assert "the tree: has 0 entries, but the chain has 9" in faults(database_url)
    append(database_url, LedgerEntry("sign_out", "account:1"))
    assert faults(database_url) == []
    told = json.loads(proved(database_url, before))
    now = read_checkpoint(told["checkpoint"])
    assert (told["old"], told["new"], now.size) == (9, 10, 10)


@pytest.mark.parametrize(
    ("statement", "size"),
    [
        ("DELETE FROM ledger_node WHERE level = 2", 10),  # nothing that entry 10 is hashed with
        ("DELETE FROM ledger_node WHERE level = 3", 9),
        ("DELETE FROM ledger_node WHERE at > 7", 10),
        ("DELETE FROM ledger_node", 0),  # its entries are not all there
        ("INSERT INTO ledger_node SELECT 0, 9, hash FROM ledger_node LIMIT 1", 10),
    ],
)
def test_a_tree_that_somebody_broke_stops_nobody_is_named_and_grows_only_where_it_is_sound(
    database_url: str, statement: str, size: int
) -> None:
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(9)))
    tamper(database_url, statement, "DELETE FROM ledger WHERE seq = 4")
    append(database_url, LedgerEntry("sign_out", "account:1"))
    assert faults(database_url)
    with engine_of(database_url) as engine, session(engine) as found:
        assert ledger_tree.size(found) == size


def test_a_ledger_that_grew_proves_it(database_url: str) -> None:
    empty = noted(database_url)
    assert json.loads(proved(database_url, empty))["proof"] == []
    decided(database_url, many(2), VAULT)
    first = noted(database_url)
    assert json.loads(proved(database_url, first))["proof"] == []
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(5)))
    written = proved(database_url, first)
    told = json.loads(written)
    assert f"— {KEY.name} " in written  # as people read it
    now = read_checkpoint(told["checkpoint"])
    steps = [base64.b64decode(each) for each in told["proof"]]
    assert merkle.consistent(first.size, first.root, now.size, now.root, steps)
    assert not merkle.consistent(first.size, now.root, now.size, now.root, steps)


def test_what_was_cut_off_rewritten_or_is_of_somebody_else_is_told_apart(database_url: str) -> None:
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(5)))
    before = noted(database_url)
    with pytest.raises(ForbearError, match="not signed by this ledger's key") as foreign:
        proved(database_url, before, Vault(bytes(32)))
    with pytest.raises(ForbearError, match="not signed by this ledger's key"):
        proved(database_url, Checkpoint(before.origin, 4, before.root, before.signatures))
    tamper(database_url, "UPDATE ledger_node SET hash = sha256('x') WHERE level = 2")
    with pytest.raises(ForbearError, match="The first 5 entries are not those of the checkpoint") as rewritten:
        proved(database_url, before)
    tamper(database_url, "DELETE FROM ledger_node WHERE level = 0 AND at = 4")
    with pytest.raises(ForbearError, match="has 4 entries and had 5 at the checkpoint") as cut:
        proved(database_url, before)
    assert [each.value.exit_code for each in (foreign, rewritten, cut)] == [1, 1, 1]


def test_a_witness_signs_what_grew_and_nothing_else(database_url: str, tmp_path: Path) -> None:
    empty = read_checkpoint(cosigned(proved(database_url, noted(database_url)), str(KEY), tmp_path / "w", NOW))
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(5)))
    first = proved(database_url, empty)
    seen = read_checkpoint(cosigned(first, str(KEY), tmp_path / "w", NOW))
    assert [name for name, _ in seen.signatures] == [KEY.name, "forbear/witness"]
    signer = Ed25519PrivateKey.from_private_bytes((tmp_path / "w/key").read_bytes()).public_key()
    note = seen.signatures[1][1]  # as C2SP has it: the key's id, the second, and the signature of both
    assert note[:4] == sha256(b"forbear/witness\n\x04" + signer.public_bytes_raw()).digest()[:4]
    assert note[4:12] == int(NOW.timestamp()).to_bytes(8, "big")
    signer.verify(note[12:], f"cosignature/v1\ntime {int(NOW.timestamp())}\n{seen.body}".encode())
    assert cosigned(first, str(KEY), tmp_path / "w", NOW)  # the same again is no harm
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(4)))
    grown = proved(database_url, seen)
    later = read_checkpoint(cosigned(grown, str(KEY), tmp_path / "w", NOW))
    assert later.size == 9 and later.is_signed_by(KEY)
    with pytest.raises(ForbearError, match=r"begins at 0 entries, and this witness signed 9 last") as old:
        cosigned(first, str(KEY), tmp_path / "w", NOW)
    assert old.value.exit_code == 1


def test_a_ledger_that_began_anew_finds_no_witness(database_url: str, tmp_path: Path) -> None:
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(5)))
    before = noted(database_url)
    cosigned(proved(database_url, before), str(KEY), tmp_path, NOW)
    tamper(
        database_url,
        "DELETE FROM ledger",
        "DELETE FROM ledger_node",
        "UPDATE ledger_head SET seq = 0, mac = '', seal = ''",
    )
    append(database_url, *(LedgerEntry("sign_in", f"account:{n}") for n in range(20, 29)))
    assert faults(database_url) == [], "nothing in the database can tell"
    with pytest.raises(ForbearError, match="are not those of the checkpoint"):
        proved(database_url, before)
    forged = json.loads(proved(database_url, noted(database_url)))
    of_five = "did not grow from the 5 entries"
    for change, why in (
        ({}, "signed 5 last"),
        ({"old": 5}, of_five),
        ({"old": 5, "proof": ["AA=="] * 3}, of_five),
    ):
        with pytest.raises(ForbearError, match=why) as refused:
            cosigned(json.dumps({**forged, **change}), str(KEY), tmp_path, NOW)
        assert refused.value.exit_code == 1


@pytest.mark.parametrize(
    "proof", ["", "x", "[]", "{}", '{"old": 1, "new": 2, "proof": [1], "checkpoint": ""}', "[" * 9999]
)
def test_what_is_no_proof_is_said_to_be_none(proof: str, tmp_path: Path) -> None:
    with pytest.raises(ForbearError, match="no proof: give the whole text"):
        cosigned(proof, str(KEY), tmp_path, NOW)


def test_a_witness_whose_folder_cannot_be_used_says_so(database_url: str, tmp_path: Path) -> None:
    append(database_url, LedgerEntry("sign_in", "account:1"))
    proof = proved(database_url, noted(database_url))
    (tmp_path / "file").write_text("")
    with pytest.raises(ForbearError, match=r"folder .* cannot be used"):
        cosigned(proof, str(KEY), tmp_path / "file", NOW)
    (tmp_path / "key").write_text("short")
    with pytest.raises(ForbearError, match="is no key of a witness"):
        cosigned(proof, str(KEY), tmp_path, NOW)
    with pytest.raises(ForbearError, match="not signed by the key of forbear"):
        cosigned(proof, str(verifier_key(Vault(bytes(32)))), tmp_path, NOW)
    other = Checkpoint("another/ledger", 1, bytes(32))  # signed by the same key
    other = Checkpoint("another/ledger", 1, bytes(32), ((KEY.name, KEY.id + VAULT.sign(other.body.encode())),))
    with pytest.raises(ForbearError, match="not signed by the key of forbear") as elsewhere:
        cosigned(json.dumps({**json.loads(proof), "checkpoint": str(other)}), str(KEY), tmp_path, NOW)
    assert elsewhere.value.exit_code == 1
