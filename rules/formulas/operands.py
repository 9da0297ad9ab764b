"""What operators of a formula stand with in YAML: lists, mappings and words, refused where they do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.formulas.units import Kind, told
from rules.pack.pack import allowed, quoted


class FormulaError(Exception):
    """What is wrong with a formula, in one sentence that starts with its place."""


def same(kind: Kind, other: Kind, path: str) -> None:
    """Refuse an operand of another kind; nothing goes with every kind."""
    if kind is not None and other is not None and kind != other:
        raise FormulaError(f"{path}: is in {told(other)}, not in {told(kind)}")


def items(data: object, path: str, count: int | None = None) -> list[tuple[object, str]]:
    """The operands in a list, each with its place."""
    if not isinstance(data, list) or not data or (count is not None and len(data) != count):
        wanted = "a list of at least one" if count is None else f"a list of {count}"
        given = len(data) if isinstance(data, list) else quoted(data)
        raise FormulaError(f"{path}: must be {wanted}, not {given}")
    return [(item, f"{path}[{number}]") for number, item in enumerate(data)]


def keys(data: object, path: str, needed: tuple[str, ...], more: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The operands of a mapping, those needed and those that may be there."""
    if not isinstance(data, dict):
        raise FormulaError(f"{path}: must be a mapping of {', '.join(needed)}, not {quoted(data)}")
    for key in data:
        if key not in (*needed, *more):
            raise FormulaError(f"{path}: unknown key {quoted(key)}; {allowed(key, (*needed, *more))}")
    for key in needed:
        if key not in data:
            raise FormulaError(f"{path}.{key}: is missing; add it")
    return data


def one(value: object, words: tuple[str, ...], path: str) -> Any:
    """One of some words."""
    if value not in words:
        raise FormulaError(f"{path}: {quoted(value)} is not one of them; {allowed(value, words)}")
    return value
