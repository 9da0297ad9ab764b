"""The pack linter: what loads but is not fit to be published."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from rules.lint.boundaries import lacking
from rules.lint.code_uses import uses_in_code
from rules.lint.formula_tests import FormulaFailure, boundaries_lacking, kinds_lacking, run_formula_tests
from rules.lint.lock import lock, mismatch
from rules.lint.parameter_check import unconfirmed
from rules.lint.review_dates import overdue_reviews
from rules.lint.rule_tests import TestFailure, examples, run_tests
from rules.loading.loader import Pack, PackError, load
from rules.pack.changelog import faults
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import LoadedRule
from rules.pack.references import uses

__all__ = ["FormulaFailure", "LintFinding", "TestFailure", "check", "lock", "run_formula_tests", "run_tests"]

# What a pack has only to be used.
_USEFUL: Final = (
    *("parameters", "fees", "strategies", "documents", "rights"),
    *("warnings", "steps", "deadlines", "references"),
)


@dataclass(frozen=True, slots=True)
class LintFinding:
    """Something to put right (error) or to look at (warning)."""

    level: Literal["error", "warning"]
    where: str
    message: str


def check(folder: Path, on: dt.date | None = None) -> list[LintFinding]:
    """Everything to be told about a pack. Its figures must be in force `on` the day, by default its review day.

    What was not reviewed for long by that day is worth a look.
    """
    try:
        pack = load(folder)
    except PackError as error:
        return [LintFinding("error", *_split(line)) for line in error.errors]
    findings = findings_of(pack, on or pack.manifest.reviewed_on)
    wrong = mismatch(pack, folder / "pack.lock")
    return [*findings, LintFinding("error", "pack.lock", wrong)] if wrong else findings


def findings_of(pack: Pack, day: dt.date) -> list[LintFinding]:
    """Everything to be told about a pack that loads, its lock file left out."""
    findings = [LintFinding(*each) for each in (*unconfirmed(pack, day), *overdue_reviews(pack, day))]
    findings += _unused(pack)
    findings += [LintFinding("error", "changelog.yaml", fault) for fault in faults(pack)]
    tests = examples(pack)
    for formula in pack.formulas.values():
        findings += [LintFinding("error", formula.path, lack) for lack in kinds_lacking(formula)]
        findings += [LintFinding("warning", formula.path, lack) for lack in boundaries_lacking(pack, formula)]
    findings += [
        LintFinding("error", pack.formulas[each.fact].path, f"test failed: {each}") for each in run_formula_tests(pack)
    ]
    for rule in pack.rules:
        findings += _kinds_of_tests(rule)
        findings += [
            LintFinding("warning", rule.path, f"tests: no two tests close to the boundary of {comparison}; add a pair")
            for comparison in lacking(pack, rule, tests)
        ]
    paths = {rule.rule.id: rule.path for rule in pack.rules}
    failures = run_tests(pack, tests)
    return [*findings, *(LintFinding("error", paths[each.rule], f"test failed: {each}") for each in failures)]


def _split(line: str) -> tuple[str, str]:
    where, _, message = line.partition(": ")
    return where, message


def _kinds_of_tests(rule: LoadedRule) -> Iterator[LintFinding]:
    kinds = Counter(test.expect for test in rule.rule.tests)
    always_known = all(isinstance(leaf, c.Known) for leaf in leaves(rule.when))
    for kind in ("hit", "no_hit", "unknown"):
        if not kinds[kind] and not (kind == "unknown" and always_known):
            yield LintFinding(
                "error", rule.path, f"tests: none expects {kind}; every rule has a hit, a no_hit and an unknown"
            )


def _unused(pack: Pack) -> Iterator[LintFinding]:
    used = {use.used for use in (*uses(pack), *uses_in_code()) if not use.idle}
    for file in _USEFUL:
        for name in getattr(pack, file):
            if (file, name) not in used:
                if file != "parameters" or pack.parameters[name].background is None:
                    yield LintFinding(
                        "warning", f"{file}.yaml", f"{name}: nothing uses it; use it in a rule or remove it"
                    )
            elif file == "parameters" and pack.parameters[name].background is not None:
                yield LintFinding("warning", "parameters.yaml", f"{name}.background: it is used; remove the key")
