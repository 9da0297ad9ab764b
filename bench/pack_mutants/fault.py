"""One fault: which kind, where, what becomes of what, and the files of the pack with it."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

import yaml

Data: TypeAlias = Mapping[str, Any]  # the files of a pack, parsed, by their path
Place: TypeAlias = tuple[str | int, ...]


class _Gone:
    def __repr__(self) -> str:
        return "nothing"


GONE: Final = _Gone()  # in the place of what is left out


@dataclass(frozen=True)
class Fault:
    """Changes of places of the pack that make one fault together."""

    kind: str
    changes: tuple[tuple[str, Place, Any], ...]  # the file, the place in it, and what stands there instead
    was: Any

    @property
    def name(self) -> str:
        """What a reader knows it by."""
        path, place, now = self.changes[0]
        where = ".".join([path.removesuffix(".yaml"), *map(str, place)])
        return f"{self.kind}: {where}: {shown(self.was)} -> {shown(now)}"

    def files(self, data: Data) -> dict[str, bytes]:
        """The changed files, as they would stand in the folder."""
        found = {path: copy.deepcopy(data[path]) for path, _, _ in self.changes}
        for path, place, now in self.changes:
            _put(found[path], place, now)
        return {path: written(each) for path, each in found.items()}


def _put(at: Any, place: Place, now: Any) -> None:
    for part in place[:-1]:
        at = at[part]
    if now is GONE:
        del at[place[-1]]
    else:
        at[place[-1]] = now


def one(kind: str, path: str, place: Place, was: Any, now: Any) -> Fault:
    """A fault of one change."""
    return Fault(kind, ((path, place, now),), was)


def leaves(node: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every part of parsed YAML, the inner ones too, with its place."""
    yield place, node
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield from leaves(value, (*place, key))


def shown(value: Any) -> str:
    """A value as a reader sees it, cut where it is long."""
    text = value if isinstance(value, str) else yaml.dump(value, Dumper=_Dumper, default_flow_style=True, width=1000)
    text = "nothing" if value is GONE else " ".join(text.replace("...", "").split())
    return text if len(text) <= 90 else f"{text[:87]}..."


class _Dumper(yaml.SafeDumper):
    """Writes numbers with a point as they were."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_PLAIN: Final[tuple[tuple[type, Callable[[Any], str], str], ...]] = (
    (Decimal, str, "tag:yaml.org,2002:float"),
    (dt.date, lambda day: day.isoformat(), "tag:yaml.org,2002:timestamp"),
    (_Gone, repr, "tag:yaml.org,2002:str"),
)


def _representer(text: Callable[[Any], str], tag: str) -> Callable[[_Dumper, Any], yaml.Node]:
    return lambda dumper, value: dumper.represent_scalar(tag, text(value))


for _kind, _text, _tag in _PLAIN:
    _Dumper.add_representer(_kind, _representer(_text, _tag))


def written(data: Any) -> bytes:
    """Parsed YAML as a file that is read as the same."""
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False).encode()
