"""No function that decides a case has more ways through it than a reader can hold in mind."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import pytest

import rules.decision
from rules.engines import interpreter

LIMIT = 15
DECIDING = (
    interpreter,
    *(
        import_module(each.name)
        for each in pkgutil.walk_packages(rules.decision.__path__, "rules.decision.")
        if not each.ispkg
    ),
)


def complexity(function: ast.AST) -> int:
    """The ways through a function. Unlike ruff's count it has those that comprehensions and conditions hide."""
    ways = 1
    for node in ast.walk(function):
        match node:
            case ast.If() | ast.IfExp() | ast.For() | ast.While() | ast.ExceptHandler() | ast.Assert() | ast.Lambda():
                ways += 1
            case ast.comprehension(ifs=conditions):
                ways += 1 + len(conditions)
            case ast.BoolOp(values=values):
                ways += len(values) - 1
            case ast.match_case():
                ways += 1
    return ways


def functions(tree: ast.AST) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("module", DECIDING, ids=lambda module: module.__name__)
def test_every_function_that_decides_can_be_read_at_once(module: ModuleType) -> None:
    found = {node.name: complexity(node) for node in functions(ast.parse(inspect.getsource(module)))}
    assert found
    assert {name: ways for name, ways in found.items() if ways > LIMIT} == {}


def test_conditions_inside_comprehensions_and_expressions_are_counted() -> None:
    source = """
def hidden(values):
    return [each if each > 1 and each < 9 or each == 20 else 0 for each in values if each if not each % 2]
"""
    (hidden,) = functions(ast.parse(source))
    assert complexity(hidden) == 1 + 1 + 2 + 3  # itself, the choice, and/or, the comprehension with its two conditions
