"""The backup of the docs: what a dump holds is restored whole, and a restore from before an upgrade rolls it back."""

import re
import subprocess
from pathlib import Path

import psycopg

from forbear.ledger import audit
from models.database import migrate
from models.database.session import snapshot
from tests.support.desk.cases import VAULT, accepted, decided, engine_of
from tests.support.desk.compose import PROGRAMS

ROOT = Path(__file__).parents[3]


def run(program: str, *arguments: str) -> None:
    found = next(folder / program for folder in PROGRAMS if (folder / program).exists())
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def faults(url: str) -> list[str]:
    with engine_of(url) as engine, snapshot(engine) as opened:
        return [fault.what for fault in audit.verify(opened, VAULT).faults]


def references(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [ref for (ref,) in connection.execute('SELECT case_ref FROM "case" ORDER BY id')]


def test_a_dump_is_restored_and_work_goes_on(database_url: str, tmp_path: Path) -> None:
    """With the options of docs/operations.md: what came after the dump is gone, tables too; all else is as it was."""
    page = (ROOT / "docs/operations.md").read_text()
    assert "pg_dump -U forbear --format=custom forbear" in page
    (restoring,) = re.findall(r"pg_restore -U forbear -d forbear (.*) <", page)
    (emptying,) = re.findall(r"psql -U forbear ((?:-c '[^']+' ?)+)", page)
    decided(database_url, [accepted(1, "A", phone="13812345678"), accepted(2, "B")], VAULT)
    dump = str(tmp_path / "forbear.dump")
    run("pg_dump", "--format=custom", f"--file={dump}", database_url)

    decided(database_url, [accepted(1, "C")], VAULT)
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE of_the_next_version (id int)")
    statements = [part for command in re.findall(r"'([^']+)'", emptying) for part in ("-c", command)]
    run("psql", "--quiet", *statements, database_url)
    run("pg_restore", f"--dbname={database_url}", *restoring.split(), dump)

    assert references(database_url) == ["A", "B"]
    assert migrate.current(database_url) == migrate.head()
    assert faults(database_url) == []
    decided(database_url, [accepted(1, "D")], VAULT)
    assert references(database_url) == ["A", "B", "D"]
    assert faults(database_url) == []
