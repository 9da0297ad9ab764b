"""House law that import contracts cannot hold: who commits, who reads the environment, how long a module may be."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("rules", "models", "forbear", "workers", "web")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
MIGRATIONS = ROOT / "models" / "migrations"


def _holding(pattern: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in MODULES if re.search(pattern, path.read_text(encoding="utf-8"))}


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 50


def test_only_the_session_commits() -> None:
    assert _holding(r"\.commit\(") == {"models/session.py"}


def test_only_the_settings_read_the_environment() -> None:
    assert _holding(r"os\.environ|getenv|environb") == {"forbear/base/settings.py"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    if MIGRATIONS in path.parents:
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('"""'), "the first line says what the module is for"
    assert len(lines) <= 400
