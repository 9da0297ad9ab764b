"""docs/glossary.md: its names exist, its words are those of the pages, and the words given up name nothing."""

import ast
import importlib
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROOMS = ("rules", "models", "forbear", "workers", "web")
TEXTS = ("web/locale", "rules/locale", "forbear/locale", "rules/handbook/templates")
KEPT, GIVEN_UP = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").split("## Given up")


def rows(text: str) -> list[list[str]]:
    """The rows of the tables, without their headings."""
    tables = [part.splitlines() for part in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for table in tables for line in table[2:]]


TERMS = rows(KEPT)
RETIRED = {word.strip() for row in rows(GIVEN_UP) for word in row[0].split(",")}


@cache
def modules() -> dict[Path, ast.Module]:
    """Every module of the five packages; read when a test asks, for every process of the suite imports this one."""
    return {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if "versions" not in path.parts
    }


def test_the_glossary_is_read() -> None:
    assert len(TERMS) > 60
    assert {"keeper", "kit", "twin"} < RETIRED


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term[0])
def test_a_term_has_what_it_names_in_the_code(term: list[str]) -> None:
    module, _, name = term[2].strip("`").rpartition(".")
    assert hasattr(importlib.import_module(module), name)
    assert term[3], "what it is"


def test_a_term_stands_once() -> None:
    for column in (0, 2):
        found = [term[column] for term in TERMS]
        assert len(found) == len({*found})


@cache
def shown(language: str) -> str:
    """All that people read in a language: texts of one language, and those of catalogues of both."""
    paths = [path for folder in TEXTS for path in sorted((ROOT / folder).rglob("*.yaml"))]
    other = {"zh": "en", "en": "zh"}[language]
    return "\n".join(path.read_text(encoding="utf-8").casefold() for path in paths if other not in path.parts)


@pytest.mark.parametrize("term", [term for term in TERMS if term[1] != "(never shown)"], ids=lambda term: term[0])
def test_the_chinese_word_is_that_of_the_pages(term: list[str]) -> None:
    assert [word for word in term[1].split("、") if word not in shown("zh")] == []


def classes() -> Iterator[tuple[str, str]]:
    for path, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield node.name, str(path.relative_to(ROOT))


def test_no_class_name_lives_in_two_modules() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for name, path in classes():
        found[name].add(path)
    assert {name: sorted(paths) for name, paths in found.items() if len(paths) > 1} == {}


def names() -> Iterator[tuple[str, str]]:
    """Modules, classes, types by another name, and public functions: the name, and where it is."""
    for path, tree in modules().items():
        where = str(path.relative_to(ROOT))
        yield path.stem if path.stem != "__init__" else path.parent.name, where
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield _snake(node.name), where
            elif isinstance(node, ast.Assign) and isinstance(found := node.targets[0], ast.Name) and _is_type(found.id):
                yield _snake(found.id), where
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                yield node.name, where


def _is_type(name: str) -> bool:
    return name[0].isupper() and not name.isupper()


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).strip("_").casefold()


# These are a part of other names in their ordinary sense: `batch_terms`, `of_fields`, `plan_words`.
ALONE = {"words", "fields", "terms", "papers", "takes", "post", "holds", "difference", "why_not", "moment"}


@pytest.mark.parametrize("word", sorted(RETIRED))
def test_a_word_given_up_names_nothing(word: str) -> None:
    whole = re.compile(rf"{word}" if word in ALONE else rf"(?:.*_)?{word}(?:_.*)?")
    assert [f"{name} in {where}" for name, where in names() if whole.fullmatch(name)] == []
