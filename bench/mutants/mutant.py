"""Every mutant of a module: where its fault is, and the module with it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bench.mutants.faults import faults


@dataclass(frozen=True)
class Mutant:
    """One fault: in which function, what became of what, and how many faults of the module come before it."""

    where: str
    change: str
    number: int

    def tree(self, source: str) -> ast.Module:
        """The module with the fault."""
        tree = ast.parse(source)
        at, fault = next(islice(_faulty(tree), self.number, None))[1:]
        at.put(fault)
        return ast.fix_missing_locations(tree)


_SKIPPED: Final = ("annotation", "returns", "decorator_list", "type_params", "bases")


class _At:
    """A place in a tree: how to put something there, and take it back."""

    def __init__(self, parent: ast.AST, field: str, number: int | None) -> None:
        self._parent, self._field, self._number = parent, field, number

    def put(self, node: ast.AST) -> None:
        if self._number is None:
            setattr(self._parent, self._field, node)
        else:
            getattr(self._parent, self._field)[self._number] = node


def places(node: ast.AST, inside: tuple[str, ...] = ()) -> Iterator[tuple[str, _At, ast.AST]]:
    """Every node that can be changed: the function it is in, where, and itself. No annotations, no imports."""
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED:
            continue
        for number, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or _is_import(child):
                continue
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            way = (*inside, child.name) if isinstance(child, ast.FunctionDef | ast.ClassDef) else inside
            if not named:
                yield ".".join(inside) or "the module", _At(node, field, number), child
            yield from places(child, way)


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines, each with a name of its own."""
    found: list[Mutant] = []
    names: dict[tuple[str, str], int] = {}
    for number, (named, _, _) in enumerate(_faulty(ast.parse(source))):
        again = names[named] = names.get(named, 0) + 1
        where, change = named
        found.append(Mutant(where, change if again == 1 else f"{change} ({again})", number))
    return found


def digest(source: str) -> str:
    """What a score is of: the code of a module, without what is never mutated and may change where it lies."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [each for each in node.body if not (_is_import(each) or _is_docstring(each))]
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:16]


def _is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _faulty(tree: ast.Module) -> Iterator[tuple[tuple[str, str], _At, ast.AST]]:
    """Every fault that can be put into a tree: its function and what becomes of what, the place, and the fault."""
    for where, at, node in places(tree):
        for fault in faults(node):
            yield (where, f"{_shown(node)} -> {_shown(fault)}"), at, fault


def _shown(node: ast.AST) -> str:
    shown = " ".join(ast.unparse(node).split())
    if isinstance(node, ast.If | ast.While):
        shown = shown.partition(":")[0] if len(shown) > 100 else shown
    return shown if len(shown) <= 140 else f"{shown[:137]}..."
