"""YAML as packs use it: one plain document, no aliases or tags, no repeated keys, no surprising types."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

import yaml

Data: TypeAlias = "bool | int | Decimal | dt.date | str | list[Data] | dict[str, Data] | None"

MAX_DEPTH = 40
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(?:0|[1-9]\d{0,14})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?\d{1,15}\.\d{1,15}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# YAML 1.1 also reads no, off, 010 and 12:30 as something else than what was written. Here they stay text.
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "True": True,
    "false": False,
    "False": False,
}


class YamlError(Exception):
    """What is wrong with a YAML text, in one sentence."""


def read(content: bytes) -> Data:
    """Read one document. Numbers with a point become Decimal, ISO dates become dates, keys are always text."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise YamlError(f"not UTF-8 (byte {error.start + 1}); save the file as UTF-8") from None
    try:
        return _document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise YamlError(f"{line}not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML: {str(error).splitlines()[0]}") from None


def _document(events: Iterator[yaml.Event]) -> Data:
    next(events)  # the stream starts
    if isinstance(next(events), yaml.StreamEndEvent):
        raise YamlError("the file is empty")
    data = _node(events, next(events), 0)
    next(events)  # the document ends
    if not isinstance(next(events), yaml.StreamEndEvent):
        raise YamlError("more than one document (---) in one file; make one file of each")
    if data is None:
        raise YamlError("the file is empty")
    return data


def _node(events: Iterator[yaml.Event], event: yaml.Event, depth: int) -> Data:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise YamlError(f"line {line}: anchors (&) and aliases (*) are not used in packs; write the value out")
    if getattr(event, "tag", None) not in (None, "!"):
        raise YamlError(f"line {line}: tags (!) are not used in packs; write the value alone")
    if depth > MAX_DEPTH:
        raise YamlError(f"line {line}: nested more than {MAX_DEPTH} deep")
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, depth)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Data] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(events, event, depth + 1))
        return items
    assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - the four kinds of node are all there are
    return _scalar(event.value, line) if event.implicit[0] else str(event.value)


def _mapping(events: Iterator[yaml.Event], depth: int) -> dict[str, Data]:
    mapping: dict[str, Data] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlError(f"line {line}: a key must be a word")
        if event.value in mapping:
            raise YamlError(f"line {line}: the key {event.value!r} is there twice; keep one")
        mapping[event.value] = _node(events, next(events), depth + 1)
    return mapping


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(text: str, line: int) -> Data:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise YamlError(f"line {line}: there is no day {text}") from None
    return text
