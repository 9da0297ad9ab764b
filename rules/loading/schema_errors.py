"""A mistake in the structure of a pack's file, told in one sentence with its place and what is allowed there."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from rules.pack.pack import allowed, quoted


def sentence(problem: ErrorDetails, kind: Any) -> str:
    """A Pydantic error as a policy person can use it."""
    place, given = problem["loc"], quoted(problem["input"])
    is_key = place[-1:] == ("[key]",)
    where = _where(place[:-1] if is_key else place)
    match problem["type"]:
        case "extra_forbidden":
            # A comma in text between braces ends the text; what follows it is read as a key without a value.
            comma = "" if problem["input"] is not None else "if it is part of a text, put the text in quotes; "
            names = allowed(place[-1], _keys(kind, place[:-1]))
            return f"{_where(place[:-1])}: unknown key {quoted(place[-1])}; {comma}{names}"
        case "missing":
            return f"{where}: is missing; add it"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"{where}: must be a mapping (key: value), not {given}"
        case "too_short":
            return f"{where}: needs at least one entry"
        case "tuple_type":
            return f"{where}: must be a list, not {given}"
        case "string_type":
            return f"{where}: must be text, not {given}; put it in quotes"
        case "string_pattern_mismatch" if is_key:
            return f"{where}: is no id; use small letters, digits and _ and start with a letter"
        case "string_pattern_mismatch":
            return f"{where}: {given} does not fit the pattern {problem.get('ctx', {}).get('pattern')}"
        case "value_error":
            return f"{where}: {problem['msg'].removeprefix('Value error, ')}"
    return f"{where}: {problem['msg'].replace('Input should', 'should')}, not {given}"


def _where(place: Iterable[str | int]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{str(part)[:64]}" for part in place]
    return "".join(parts).lstrip(".") or "the file"


def _keys(kind: Any, place: Iterable[str | int]) -> list[str]:
    """The keys allowed at a place of a model: its fields, found by walking the type annotations."""
    for part in place:
        kind = _model(kind)
        if get_origin(kind) in (dict, tuple):
            kind = [inner for inner in get_args(kind) if inner is not Ellipsis][-1]
        elif isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields:
            kind = kind.model_fields[str(part)].annotation
    kind = _model(kind)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _model(kind: Any) -> Any:
    """The annotation without Annotated and without `| None`."""
    while get_origin(kind) in (Union, types.UnionType) or hasattr(kind, "__metadata__"):
        kind = next(inner for inner in get_args(kind) if inner is not type(None))
    return kind
