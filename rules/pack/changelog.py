"""changelog.yaml: which edition of the pack added, changed or removed each rule, and whether it tells of every one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rules.pack.files.schema import Edition, Text
from rules.pack.pack import Pack, allowed, quoted


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What one edition did to one rule. Why it was added, the edition itself tells."""

    edition: Edition
    kind: Literal["added", "changed", "removed"]
    text: Text | None


def history(pack: Pack) -> dict[str, tuple[RuleChange, ...]]:
    """Every rule the changelog names, present or removed, with what happened to it, newest first."""
    found: dict[str, list[RuleChange]] = {}
    for edition in pack.changelog:
        for rule, text in edition.changed.items():
            found.setdefault(rule, []).append(RuleChange(edition, "changed", text))
        for rule, text in edition.removed.items():
            found.setdefault(rule, []).append(RuleChange(edition, "removed", text))
        for rule in edition.added:
            found.setdefault(rule, []).append(RuleChange(edition, "added", None))
    return {rule: tuple(entries) for rule, entries in found.items()}


def ordered(version: str) -> tuple[int, ...]:
    """A version as it compares: 0.10.0 comes after 0.9.0."""
    return tuple(int(part) for part in version.split("."))


def faults(pack: Pack) -> Iterator[str]:
    """What the changelog leaves out or says wrongly, each in one line."""
    if not pack.changelog:
        yield "is missing; write an edition that adds the rules of this pack"
        return
    newest = pack.changelog[0].version
    if newest != pack.manifest.version:
        yield f"the newest edition is {newest}, pack.yaml says {pack.manifest.version}; make them the same"
    for later, earlier in pairwise(pack.changelog):
        if ordered(later.version) <= ordered(earlier.version) or later.date < earlier.date:
            yield f"{later.version} stands above {earlier.version}; put the newest edition first"
    present = {loaded.rule.id for loaded in pack.rules}
    histories = history(pack)
    for rule in sorted(present - histories.keys()):
        yield f"{rule}: no edition adds it; name it under added"
    for rule, entries in histories.items():
        yield from (f"{rule}: {fault}" for fault in _life(entries, rule in present, rule, present))


def _life(entries: tuple[RuleChange, ...], alive: bool, rule: str, present: set[str]) -> Iterator[str]:
    """What cannot be in the life of one rule: it is added, perhaps changed, perhaps removed, perhaps added again."""
    exists = False
    for entry in reversed(entries):
        where = f"{entry.kind} in {entry.edition.version}"
        if entry.kind == "added" and exists:
            yield f"{where}, but it was there already; leave the first one"
        if entry.kind != "added" and not exists:
            hint = "" if alive else f"; {allowed(rule, present)}"
            yield f"{where}, but it was not there; name it under added of an edition before{hint}"
        exists = entry.kind != "removed"
    if exists and not alive:
        yield f"there is no rule {quoted(rule)}; name it under removed of the edition that took it out"
    if alive and not exists:
        yield "it is removed, but its file is there; delete the file or name the rule under added"
