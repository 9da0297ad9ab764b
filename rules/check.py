"""The pack linter: what loads but is not fit to be published."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rules import charges, fees, repayment
from rules import conditions as c
from rules.boundaries import lacking
from rules.changelog import faults
from rules.consistency import references_of
from rules.derived import FORMULAS
from rules.figures import unconfirmed
from rules.loader import Pack, PackError, load
from rules.lock import lock, mismatch
from rules.normal import leaves
from rules.pack import LoadedRule
from rules.rule_tests import TestFailure, examples, run_tests
from rules.texts import placeholders, texts_of

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
    findings = [Finding(*each) for each in unconfirmed(pack, on or pack.manifest.reviewed_on)]
    findings += _unused(pack)
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
                if file != "parameters" or pack.parameters[name].background is None:
                    yield Finding("warning", f"{file}.yaml", f"{name}: nothing uses it; use it in a rule or remove it")
            elif file == "parameters" and pack.parameters[name].background is not None:
                yield Finding("warning", "parameters.yaml", f"{name}.background: it is used; remove the key")


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
    }
    for file, kinds in (("strategies", ("recommend", "add")), *((f"{kind}s", (kind,)) for kind in _ITEMS)):
        meant = {getattr(effect, effect.kind) for effect in effects if effect.kind in kinds}
        used[file] = used.get(file, set()) | meant
    used["steps"].update(step for strategy in pack.strategies.values() for step in strategy.next_steps)
    for rule in pack.rules:
        used["references"].update(reference.id for reference in rule.rule.references)
        for leaf in leaves(rule.when):
            if isinstance(leaf, c.Compare) and isinstance(leaf.value, c.Parameter):
                used["parameters"].add(leaf.value.name)
    for text in (*(rule.rule.because for rule in pack.rules), *(text for _, _, text in texts_of(pack))):
        used["parameters"].update(placeholders(text.zh), placeholders(text.en))
    for name, fact in pack.vocabulary.facts.items():
        if fact.derived and name in FORMULAS:
            used["parameters"].update(FORMULAS[name].parameters)
    return used
