"""Every kind of fault that is known of files, commands and surroundings has a test that is there."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[4]
KINDS = yaml.safe_load((Path(__file__).parent / "kinds.yaml").read_text(encoding="utf-8"))
GRADES = {"grave", "major", "minor"}


@cache
def _tests_of(module: str) -> frozenset[str]:
    """The tests that a module defines, found by parsing it."""
    parsed = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    return frozenset(node.name for node in parsed.body if isinstance(node, ast.FunctionDef))


def test_every_kind_is_graded_and_has_tests_that_are_there() -> None:
    assert all(set(each) == {"kind", "grade", "tests"} and each["grade"] in GRADES for each in KINDS)
    named = [test.split("::") for each in KINDS for test in each["tests"]]
    assert all(each["tests"] for each in KINDS)
    assert [f"{module}::{name}" for module, name in named if name not in _tests_of(module)] == []
    assert [kind for kind, times in Counter(each["kind"] for each in KINDS).items() if times > 1] == []
