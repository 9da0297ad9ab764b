"""The pack linter: what loads but is not fit to be published."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rules import charges, fees, repayment
from rules import conditions as c
from rules.boundaries import lacking
from rules.changelog import faults
from rules.consistency import references_of
from rules.derived import FORMULAS
from rules.loader import Pack, PackError, load
from rules.lock import lock, mismatch
from rules.normal import leaves
from rules.pack import LoadedRule
from rules.parameters import of_day
from rules.rule_check import placeholders
from rules.rule_tests import TestFailure, examples, run_tests
from rules.schema import Dated

__all__ = ["Finding", "TestFailure", "check", "lock", "run_tests"]

_ITEMS = ("document", "right", "warning", "step", "deadline")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to put right (error) or to look at (warning)."""

    level: Literal["error", "warning"]
    where: str
    message: str


def check(folder: Path, on: dt.date | None = None) -> list[Finding]:
    """Everything to be told about a pack. Its figures must be in force `on` the day, by default its review day."""
    try:
        pack = load(folder)
    except PackError as error:
        return [Finding("error", *_split(line)) for line in error.errors]
    findings = [*_figures(pack, on or pack.manifest.reviewed_on), *_unused(pack)]
    findings += [Finding("error", "changelog.yaml", fault) for fault in faults(pack)]
    tests = examples(pack)
    for rule in pack.rules:
        findings += _kinds_of_tests(rule)
        findings += [
            Finding("warning", rule.path, f"tests: no two tests close to the boundary of {comparison}; add a pair")
            for comparison in lacking(pack, rule, tests)
        ]
    paths = {rule.rule.id: rule.path for rule in pack.rules}
    findings += [Finding("error", paths[each.rule], f"test failed: {each}") for each in run_tests(pack)]
    wrong = mismatch(pack, folder / "pack.lock")
    return [*findings, Finding("error", "pack.lock", wrong)] if wrong else findings


def _split(line: str) -> tuple[str, str]:
    where, _, message = line.partition(": ")
    return where, message


def _figures(pack: Pack, on: dt.date) -> Iterator[Finding]:
    entries: list[tuple[str, str, Sequence[Dated]]] = [
        *(("parameters", name, parameter.values) for name, parameter in pack.parameters.items()),
        *(("fees", name, table.values) for name, table in pack.fees.items()),
    ]
    for file, name, values in entries:
        if of_day(values, on) is not None:
            continue
        ended = [value.valid_to for value in values if value.valid_to is not None and value.valid_to < on]
        what = f"the last value ended on {max(ended)}" if ended else "no value had begun"
        yield Finding("error", f"{file}.yaml", f"{name}: no value is in force on {on} ({what}); add a dated value")


def _kinds_of_tests(rule: LoadedRule) -> Iterator[Finding]:
    kinds = Counter(test.expect for test in rule.rule.tests)
    always_known = all(isinstance(leaf, c.Known) for leaf in leaves(rule.when))
    for kind in ("hit", "no_hit", "unknown"):
        if not kinds[kind] and not (kind == "unknown" and always_known):
            yield Finding(
                "error", rule.path, f"tests: none expects {kind}; every rule has a hit, a no_hit and an unknown"
            )


def _unused(pack: Pack) -> Iterator[Finding]:
    used = _used(pack)
    for file in (
        "parameters",
        "fees",
        "strategies",
        "documents",
        "rights",
        "warnings",
        "steps",
        "deadlines",
        "references",
    ):
        for name in getattr(pack, file):
            if name not in used[file]:
                yield Finding("warning", f"{file}.yaml", f"{name}: nothing uses it; use it in a rule or remove it")


def _used(pack: Pack) -> dict[str, set[str]]:
    """Every name that rules or other files mean, by the file that holds it."""
    manifest = pack.manifest
    effects = [effect for rule in pack.rules for effect in rule.rule.then]
    used: dict[str, set[str]] = {
        "parameters": {
            *(clock.days for clock in pack.deadlines.values() if clock.days),
            *(strategy.plan_longest for strategy in pack.strategies.values() if strategy.plan_longest),
            *charges.USES,
            *fees.USES,
            *repayment.USES,
        },
        "fees": set(fees.TABLES),
        "strategies": {manifest.default.strategy, manifest.disagreement.strategy},
        "references": {each.id for _, _, references in references_of(pack) for each in references},
        "documents": {
            name for entry in pack.hardships.values() for documents in entry.documents.values() for name in documents
        },
    }
    for file, kinds in (("strategies", ("recommend", "add")), *((f"{kind}s", (kind,)) for kind in _ITEMS)):
        meant = {getattr(effect, effect.kind) for effect in effects if effect.kind in kinds}
        used[file] = used.get(file, set()) | meant
    used["steps"].update(step for strategy in pack.strategies.values() for step in strategy.next_steps)
    for rule in pack.rules:
        used["references"].update(reference.id for reference in rule.rule.references)
        used["parameters"].update(placeholders(rule.rule.because.zh), placeholders(rule.rule.because.en))
        for leaf in leaves(rule.when):
            if isinstance(leaf, c.Compare) and isinstance(leaf.value, c.Parameter):
                used["parameters"].add(leaf.value.name)
    for name, fact in pack.vocabulary.facts.items():
        if fact.derived and name in FORMULAS:
            used["parameters"].update(FORMULAS[name].parameters)
    return used
