"""The tests that formulas carry: what each gives for the facts of its tests, and what the tests leave out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from rules.facts.case_facts import Parser
from rules.facts.case_facts import reader as cell_reader
from rules.facts.cells import Value
from rules.formulas.bounds import ENDLESS, Bound, Interval, outer
from rules.formulas.derivation import derivation
from rules.formulas.reader import State, Surroundings, reader
from rules.pack.formulas import Buckets, CompareNode, Constant, Expression, FactNode, ParameterNode, facts_of, walk
from rules.pack.pack import LoadedFormula, Pack

_RESULTS: Final = ("value", "nothing", "unknown", "at_least", "at_most")


@dataclass(frozen=True, slots=True)
class FormulaFailure:
    """A formula's test that gave something else than it expects."""

    fact: str
    test: str
    expected: str
    got: str
    __test__: ClassVar[bool] = False  # not a test for pytest to collect

    def __str__(self) -> str:
        return f"{self.fact}: {self.test}: expected {self.expected}, got {self.got}"


def run_formula_tests(pack: Pack) -> list[FormulaFailure]:
    """The tests of formulas that fail, formula by formula."""
    parser = Parser(pack.vocabulary, rule_test=True)
    failures = []
    for name, formula in pack.formulas.items():
        read = cell_reader(pack.vocabulary.facts[name])
        for test in formula.entry.tests:
            facts, _ = parser.parse(test.facts)
            got = derivation(pack, test.as_of or pack.manifest.reviewed_on).read(name, facts)
            expected = {key: getattr(test, key) for key in _RESULTS if key in test.model_fields_set}
            expected = {key: value if value is True else read(value) for key, value in expected.items()}
            if not all(_met(key, value, got) for key, value in expected.items()):
                told = ", ".join(f"{key} {_shown(value)}" for key, value in expected.items())
                failures.append(FormulaFailure(name, test.name, told, _shown(got)))
    return failures


def _met(key: str, wanted: Value | None, got: Value | Bound | None) -> bool:
    match key:
        case "value":
            return got is not None and not isinstance(got, Bound) and got == wanted
        case "nothing":
            return got is None or got == outer(ENDLESS)
        case "unknown":
            return isinstance(got, Bound)
    return isinstance(got, Interval) and wanted == (got.low if key == "at_least" else got.high)


def _shown(value: Value | Bound | None) -> str:
    if value is None:
        return "nothing"
    if not isinstance(value, Bound):
        return str(value)
    if isinstance(value, Interval):
        told = f"at_least {value.low}, at_most {value.high}"
    else:
        told = f"one of {', '.join(sorted(map(str, value.values or ['any text'])))}"
    return f"{told} or nothing" if value.nothing else told


def kinds_lacking(formula: LoadedFormula) -> Iterator[str]:
    """The kinds of results that no test of a formula expects."""
    kinds = Counter(kind for test in formula.entry.tests for kind in test.expects)
    if not kinds["value"]:
        yield "tests: none expects a value; every formula has one"
    if not kinds["unknown"] + kinds["bounds"]:
        yield "tests: none has something unknown; every formula has one that expects unknown, or bounds"


def boundaries_lacking(pack: Pack, formula: LoadedFormula) -> Iterator[str]:
    """The places where a formula's answer turns that no pair of its tests straddles."""
    cases = list(_cases(pack, formula))
    for place, sides, beyond in _boundaries(formula.expression):
        distances = [distance for case in cases if (distance := _distance(sides, *case)) is not None]
        if 0 not in distances or not any(0 < distance * beyond <= _step(pack, sides) for distance in distances):
            yield f"tests: no two tests close to the boundary of {place}; add a pair"


def _cases(pack: Pack, formula: LoadedFormula) -> Iterator[tuple[Surroundings, State]]:
    parser = Parser(pack.vocabulary, rule_test=True)
    for test in formula.entry.tests:
        day = derivation(pack, test.as_of or pack.manifest.reviewed_on)
        facts, _ = parser.parse(test.facts)
        yield day.around, day.state(facts)


def _boundaries(expression: Expression) -> Iterator[tuple[str, tuple[Expression, Expression], int]]:
    """The places where the answer turns, and whether it does above (1) or below (-1) them."""
    for each in walk(expression):
        match each:
            case CompareNode(ParameterNode() | Constant(), _, ParameterNode() | Constant()):
                continue  # nothing of the case: the values of a parameter are what they are
            case CompareNode(left, ("more_than" | "at_most") as word, right):
                yield f"{word} {_named(right)}", (left, right), 1
            case CompareNode(left, ("at_least" | "less_than") as word, right):
                yield f"{word} {_named(right)}", (left, right), -1
            case Buckets(of, buckets):
                for bucket in buckets:
                    yield f"up_to {bucket.up_to}", (of, Constant(bucket.up_to, "count")), 1


def _distance(sides: tuple[Expression, Expression], around: Surroundings, state: State) -> int | None:
    """How far the left side is above the right one, where both are values."""
    left, right = (reader(side, around)(state) for side in sides)
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        return (left - right).days
    return left - right if isinstance(left, int) and isinstance(right, int) else None


def _step(pack: Pack, sides: tuple[Expression, Expression]) -> int:
    """How close is close: a yuan or a percent; a day, a month, a person."""
    types = {pack.vocabulary.facts[name].type for side in sides for name in facts_of(side)}
    return 100 if types & {"money", "rate"} else 1


def _named(expression: Expression) -> str:
    match expression:
        case ParameterNode(name) | FactNode(name):
            return name
        case Constant(value):
            return str(value)
    return type(expression).__name__.lower()
