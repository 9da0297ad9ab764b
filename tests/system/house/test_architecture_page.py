"""docs/architecture.md: the places it names exist, and its picture has every room. So do the tests of security.md."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = PAGE.split("```")[1]
HOPS = sorted({*re.findall(r"`([\w/]+\.py):([\w.]+)`", PAGE)})
PLACES = sorted({*re.findall(r"`((?:rules|models|forbear|workers|web|tests)/[\w/.]*)`", PAGE)})


def rooms() -> list[str]:
    """The rooms in the packages."""
    found = []
    for package in ("rules", "forbear", "web"):
        inner = (path.parent.name for path in (ROOT / package).glob("*/__init__.py"))
        found += [f"{package}.{name}" for name in sorted(inner)]
    return found


@pytest.mark.parametrize(("file", "name"), HOPS, ids=lambda part: part)
def test_a_hop_exists(file: str, name: str) -> None:
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    *classes, function = name.split(".")
    for part in classes:
        body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == part)
    functions = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert function in functions


@pytest.mark.parametrize("place", PLACES)
def test_a_place_exists(place: str) -> None:
    assert (ROOT / place).exists()


def test_the_page_is_read() -> None:
    assert len(HOPS) > 25
    assert len(PLACES) > 20


@pytest.mark.parametrize("room", rooms())
def test_a_room_is_in_the_picture(room: str) -> None:
    assert re.search(rf"\b{room.split('.')[1]}\b", PICTURE)


@pytest.mark.parametrize("room", rooms())
def test_a_room_says_in_one_line_what_may_come_in(room: str) -> None:
    path = ROOT / room.replace(".", "/") / "__init__.py"
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert told and "\n" not in told


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"])
def test_a_newcomer_is_led_here(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "docs/architecture.md" in text
    assert "docs/glossary.md" in text


def test_every_line_of_the_security_page_says_why_and_its_tests_exist() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    lines = [line.strip("|").split(" | ") for line in page.splitlines() if line.startswith("| V")]
    assert len(lines) > 80
    for section, _, state, reason in lines:
        assert state in ("met", "not met", "not applicable"), section
        assert reason.strip(), section
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", reason)
        assert named or state != "met", section
        for file, function in named:
            assert f"def {function}" in (ROOT / file).read_text(encoding="utf-8"), (section, function)
    chapters = {section.strip().partition(".")[0] for section, *_ in lines}
    assert chapters == {f"V{number}" for number in range(1, 15)}
