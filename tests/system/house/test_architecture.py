"""House law that import contracts cannot hold: who commits, who reads the environment, how long a module may be."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = ("rules", "models", "forbear", "workers", "web")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
MIGRATIONS = ROOT / "models" / "migrations"


def _holding(pattern: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in MODULES if re.search(pattern, path.read_text(encoding="utf-8"))}


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 50


def test_only_the_session_commits() -> None:
    assert _holding(r"\.commit\(") == {"models/database/session.py"}


def test_only_the_settings_read_the_environment() -> None:
    assert _holding(r"os\.environ|getenv|environb") == {"forbear/base/settings.py"}


def test_only_the_unit_of_work_appends_to_the_ledger() -> None:
    """Appending locks the head until the transaction ends, so it has to be the last step of every transaction."""
    appending = r"\bledger\.append\(|from forbear\.ledger\.ledger import .*\bappend\b"
    assert _holding(appending) == {"forbear/ledger/unit_of_work.py"}
    assert _holding(r'copy_into\(session, "ledger"|INSERT INTO ledger \(') == {"forbear/ledger/ledger.py"}


# What a unit of work holds, by the type of the parameter; the time goes by its name.
HELD = ("Session", "Vault", "Pack", "Viewer")


def test_nobody_carries_the_parts_of_a_unit_of_work_about() -> None:
    """Three of session, vault, pack, viewer and time are a unit of work. The ledger itself is below it."""
    carried = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                types = {ast.unparse(each.annotation).removesuffix("Dep") for each in given if each.annotation}
                held = (types & set(HELD)) | {each.arg for each in given if each.arg == "now"}
                if len(held) > 2:
                    carried[f"{path.relative_to(ROOT)} {node.name}"] = held
    assert carried.keys() == {f"forbear/ledger/ledger.py {name}" for name in ("append", "start", "hand_over")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    if MIGRATIONS in path.parents:
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('"""'), "the first line says what the module is for"
    assert len(lines) <= 400


# The rooms and their tests; `models/migrations/versions` grows by one with every change of the tables.
FOLDERS = sorted(
    {path.parent for room in (*ROOMS, "bench", "tests") for path in (ROOT / room).rglob("*.py")}
    - {MIGRATIONS / "versions"}
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_folder_shows_at_most_about_a_dozen_things(folder: Path) -> None:
    shown = {each.name for each in folder.iterdir()} - {"__init__.py", "__pycache__"}
    assert len(shown) <= 14, sorted(shown)
