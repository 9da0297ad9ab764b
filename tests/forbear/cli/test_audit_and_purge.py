"""The commands that prove and purge the record, as users meet them."""

import base64
import datetime as dt
from pathlib import Path

import psycopg
import pytest

from forbear.base.settings import child_environment
from rules.loading.loader import DEFAULT_PACK, load
from tests.forbear.cli.test_cli import KEY, forbear
from tests.support.desk.cases import VAULT, accepted, decided
from tools.verify_receipt import verified


@pytest.fixture
def environment(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    return child_environment(
        FORBEAR_DATABASE_URL=database_url,
        FORBEAR_REDIS_URL=redis_url,
        FORBEAR_HOME=str(tmp_path / "home"),
        FORBEAR_KEY=KEY,
        FORBEAR_SUBMITTER="us",
    )


def sql(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())


def test_an_intact_ledger_says_so_and_a_noted_head_is_found_again(
    environment: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    forbear(environment, "audit", "key", cwd=tmp_path)  # the first command begins the ledger
    done = forbear(environment, "audit", "verify", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    count, head = first.split(" entries intact, head ")
    assert (count, len(head)) == ("4", 64)
    assert second.endswith("and took over 0 rows from before.")
    assert forbear(environment, "audit", "verify", "--expect", head, cwd=tmp_path).returncode == 0
    lost = forbear(environment, "audit", "verify", "--expect", "0" * 64, cwd=tmp_path)
    assert lost.returncode == 1
    assert "the expected mac: no entry has it" in lost.stdout


def test_a_fault_is_named_and_the_exit_code_is_one(
    environment: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    sql(database_url, "UPDATE decision SET strategy = 'other'")
    done = forbear(environment, "audit", "verify", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.strip() == "decision:1: changed since entry 3 was written"
    assert done.stderr.strip() == "Entries 3, faults 1."


def test_others_check_what_the_ledger_signed(environment: dict[str, str], database_url: str, tmp_path: Path) -> None:
    """The key, a checkpoint that is noted, a receipt that the verifier takes, a proof that a witness signs."""
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)

    def told(*arguments: str) -> str:
        done = forbear(environment, "audit", *arguments, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), arguments
        return done.stdout

    key = told("key").strip()
    (tmp_path / "noted").write_text(told("checkpoint"))
    receipt = told("prove", "B")
    assert verified(receipt, key)["decision"] == 2
    (tmp_path / "proof").write_text(told("consistency", "noted"))
    assert told("witness", "proof", "--of", key, "--state", "witness").startswith((tmp_path / "noted").read_text())
    for arguments, sentence in (
        (("prove", "Z"), "There is no decision on a case 'Z' of us"),
        (("prove", "B", "--submitter", "them"), "There is no decision on a case 'B' of them"),
        (("consistency", "nowhere"), "nowhere cannot be read as text"),
        (("consistency", "proof"), "This is no checkpoint"),
    ):
        failed = forbear(environment, "audit", *arguments, cwd=tmp_path)
        assert (failed.returncode, failed.stdout) == (2, "") and sentence in failed.stderr, failed
    sql(database_url, "DELETE FROM ledger_node WHERE level = 0 AND at = 3", "DELETE FROM ledger WHERE seq = 4")
    cut = forbear(environment, "audit", "consistency", "noted", cwd=tmp_path)
    assert cut.returncode == 1 and "has 3 entries and had 4 at the checkpoint" in cut.stderr


def test_verifying_an_emptied_ledger_does_not_bless_it(
    environment: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)
    sql(
        database_url,
        "DELETE FROM ledger",
        "DELETE FROM ledger_node",
        "DELETE FROM decision_tree",
        "UPDATE ledger_head SET seq = 0, mac = '', seal = ''",
    )
    for _ in range(2):
        done = forbear(environment, "audit", "verify", cwd=tmp_path)
        assert done.returncode == 1
        assert "decision:1: there, though no entry tells of it" in done.stdout
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM ledger").fetchone() == (0,)


@pytest.mark.parametrize("arguments", [("--expect", "xyz"), ("--from", "99")])
def test_what_cannot_be_asked_is_told_in_one_line(
    environment: dict[str, str], tmp_path: Path, arguments: tuple[str, str]
) -> None:
    done = forbear(environment, "audit", "verify", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_replay_says_identical_or_what_differs(environment: dict[str, str], database_url: str, tmp_path: Path) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    every = forbear(environment, "replay", "--all", cwd=tmp_path)
    assert (every.returncode, every.stdout.strip()) == (0, _counts(2, 0))
    sql(database_url, "UPDATE decision SET urgency = 'U0' WHERE id = 2")
    assert forbear(environment, "replay", "A", cwd=tmp_path).stdout.strip() == _counts(1, 0)
    other = forbear(environment, "replay", "B", cwd=tmp_path)
    assert other.returncode == 1
    lines = other.stdout.strip().splitlines()
    assert lines[0] == "decision 2 of B comes out otherwise:"
    assert lines[1].startswith('  urgency: was "U0", is "')
    assert lines[-1] == _counts(0, 1)
    for wrong in ((), ("C",), ("A", "--all"), ("A", "--submitter", "them")):
        assert forbear(environment, "replay", *wrong, cwd=tmp_path).returncode == 2


def _counts(same: int, different: int) -> str:
    return f"{same} identical, {different} different, 0 could not be replayed"


def test_what_the_command_line_gives_out_is_in_the_ledger(
    environment: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    batch = decided(database_url, [accepted(1, "A")], VAULT, by=load(DEFAULT_PACK)).batch_id
    files = ("--out", "results.jsonl", "--rejects", "rejects.csv")
    assert forbear(environment, "results", str(batch), *files, cwd=tmp_path).returncode == 0
    kit = forbear(environment, "prepare", "A", "--out", "kit", cwd=tmp_path)
    assert kit.returncode == 0, kit.stderr
    assert "is not recorded: ask before you contact it" in kit.stderr
    with psycopg.connect(database_url) as connection:
        given = connection.execute("SELECT subject, detail FROM ledger WHERE kind = 'export' ORDER BY seq").fetchall()
    assert given == [
        (f"batch:{batch}", {"command": "results", "files": ["results", "rejects"]}),
        ("case:1", {"command": "prepare", "files": ["kit"]}),
    ]
    assert forbear(environment, "audit", "verify", cwd=tmp_path).returncode == 0


def test_a_dry_run_deletes_nothing_and_a_purge_leaves_an_intact_ledger(
    environment: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    decided(database_url, [accepted(n, f"C{n}") for n in range(1, 4)], VAULT)
    sql(database_url, "UPDATE desk_case SET status = 'closed' WHERE case_id < 3")
    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1100)).date().isoformat()
    dry = forbear(environment, "purge", "--dry-run", "--as-of", day, cwd=tmp_path)
    assert (dry.returncode, dry.stdout.strip()) == (0, "Would be deleted: cases 2")
    assert "not closed, so they stay: 1." in " ".join(dry.stderr.split())
    assert forbear(environment, "purge", cwd=tmp_path).stdout.strip() == "Deleted: cases 0, batches 0"
    done = forbear(environment, "purge", "--as-of", day, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "Deleted: cases 2, batches 0")
    assert forbear(environment, "audit", "verify", cwd=tmp_path).returncode == 0


def test_another_key_comes_and_the_first_is_put_away(
    environment: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    decided(database_url, [accepted(1, "A", private={"name": "王小明"})], VAULT)
    alone = forbear(environment, "key", "rotate", cwd=tmp_path)
    assert (alone.returncode, alone.stdout) == (2, "")
    assert alone.stderr.startswith("This database uses FORBEAR_KEY: set FORBEAR_PREVIOUS_KEYS")
    new = {**environment, "FORBEAR_KEY": base64.b64encode(bytes(32)).decode()}
    done = forbear({**new, "FORBEAR_PREVIOUS_KEYS": KEY}, "key", "rotate", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Everything is under the new key" in done.stdout
    keys = forbear(new, "audit", "key", "--all", cwd=tmp_path).stdout.splitlines()
    assert len(keys) == 2 and len({key.split("+")[0] for key in keys}) == 1
