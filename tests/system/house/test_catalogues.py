"""Sentences for people: in catalogues, whole in both languages, each used, and none in the code."""

import ast
import re
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from forbear.locale import said as application
from rules.locale import Catalogue, listed
from rules.locale import said as policy
from rules.pack.files.schema import Text

ROOT = Path(__file__).parents[3]
PACKAGES = ("rules", "forbear", "web", "workers", "models")
CATALOGUES = {"rules": policy, "forbear": application}
SENTENCES = [(name, key) for name, catalogue in CATALOGUES.items() for key in catalogue.texts]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def _strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """The texts of a module, but for its docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def test_no_sentence_for_people_stands_in_the_code() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in _modules()
        for node in _strings(tree)
        if CHINESE.search(str(node.value))
    ]
    assert found == []


@pytest.mark.parametrize(("name", "key"), SENTENCES)
def test_a_sentence_says_the_same_in_both_languages(name: str, key: str) -> None:
    text = CATALOGUES[name].texts[key]
    fields = [{field for _, field, _, _ in string.Formatter().parse(each) if field} for each in (text.zh, text.en)]
    if key not in (
        "form.invalid",
        "spoken.day",
        "header.accepted",
    ):  # a reader's message, a month by name, a column by id
        assert fields[0] == fields[1]
    assert CHINESE.search(text.zh) or not re.search("[a-z]{4}", re.sub(r"\{\w+\}", "", text.zh))


def test_every_sentence_is_used() -> None:
    texts = {str(node.value) for _, tree in _modules() for node in _strings(tree)}
    # A key put together: its beginning stands in the code ("status.", "compare.").
    starts = {text for text in texts if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*\.", text)}
    unused = [
        key
        for _, key in SENTENCES
        if key.removesuffix(".one").removesuffix(".not") not in texts
        and not any(key.startswith(start) for start in starts)
    ]
    assert unused == []


def test_a_key_said_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("greeting: {zh: 您好, en: hello}\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("greeting: {zh: 你好, en: hi}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"b\.yaml says again what another file says: greeting"):
        Catalogue(tmp_path)("greeting")


def test_what_is_filled_in_is_of_the_same_language(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        'days: {zh: "{what}：{n} 天", en: "{what}: {n} days"}\ndays.one: {zh: "-", en: "{what}: {n} day"}\n',
        encoding="utf-8",
    )
    said, left = Catalogue(tmp_path), Text(zh="还剩", en="left")
    assert said("days", what=left, n=2) == Text(zh="还剩：2 天", en="left: 2 days")
    assert said("days", what=left, n=1) == Text(zh="还剩：1 天", en="left: 1 day")
    assert listed([left, "3"]) == Text(zh="还剩、3", en="left, 3")


def test_no_key_stands_twice_in_a_catalogue() -> None:
    """The second would take the place of the first, and nobody would know."""
    paths = [
        path for folder in ("forbear/locale", "rules/locale", "web/locale") for path in (ROOT / folder).rglob("*.yaml")
    ]
    assert len(paths) > 20
    for path in paths:
        keys = re.findall(r"(?m)^([\w.:]+): ", path.read_text(encoding="utf-8"))
        assert [key for key, count in Counter(keys).items() if count > 1] == [], path
