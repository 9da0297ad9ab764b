"""A rule's `when`, from YAML data to the condition AST, each mistake told with its place and what is allowed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast, get_args

from rules.pack.files.schema import Fact, FactType, Parameter, Unit, Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import allowed, quoted

COMPARISONS: tuple[str, ...] = get_args(c.Operator)
PAIRS: tuple[str, ...] = get_args(c.PairOperator)
OPERATORS = (*COMPARISONS, "one_of", "contains", "known", *PAIRS)
_ORDERED: tuple[FactType, ...] = ("int", "money", "rate", "date")
_UNITS: Mapping[FactType, tuple[Unit, ...]] = {
    "money": ("yuan",),
    "rate": ("percent", "basis_points"),
    "int": ("days", "months", "years", "count"),  # of a fact that does not say which of them it counts
}


class ConditionError(Exception):
    """Everything wrong with one `when`: one line for each mistake, starting with its place."""

    def __init__(self, errors: Sequence[str]) -> None:
        self.errors = list(errors)
        super().__init__("\n".join(self.errors))


def parse(when: object, vocabulary: Vocabulary, parameters: Mapping[str, Parameter]) -> c.Condition:
    """Read a condition. Raises ConditionError listing every mistake in it."""
    parser = _Parser(vocabulary, parameters)
    condition = parser.condition(when, "when")
    if condition is None:
        raise ConditionError(parser.errors)
    return condition


def resolve(condition: c.Condition, values: Mapping[str, int]) -> c.Condition:
    """Put values in the place of parameters. A parameter without one stays: its comparison is unknown."""
    match condition:
        case c.Compare(value=c.ParameterReference(name)) if name in values:
            return replace(condition, value=values[name])
        case c.All(children) | c.Any(children):
            return replace(condition, children=tuple(resolve(child, values) for child in children))
        case c.Not(child):
            return c.Not(resolve(child, values))
    return condition


def operators(fact: Fact) -> tuple[str, ...]:
    """The words a condition may use with a fact."""
    if fact.type == "list":
        return ("contains", "known")
    words: tuple[str, ...] = ("equals", "not_equals", "known", "equals_fact")
    if fact.type in _ORDERED:
        words += COMPARISONS[2:] + PAIRS[1:]
    return (*words, "one_of") if fact.type in ("enum", "text") else words


class _MistakeError(Exception):
    """Stops the reading of one leaf; its neighbours are still read."""


@dataclass
class _Parser:
    vocabulary: Vocabulary
    parameters: Mapping[str, Parameter]
    errors: list[str] = field(default_factory=list)

    def condition(self, data: object, path: str) -> c.Condition | None:
        """Read one node and all below it; None where anything in it is wrong."""
        try:
            match data:
                case {"fact": name, **rest}:
                    return self.leaf(name, rest, path)
                case {"all": children, **rest} if not rest:
                    parsed = self.children(children, f"{path}.all")
                    return c.All(parsed) if parsed else None
                case {"any": children, **rest} if not rest:
                    parsed = self.children(children, f"{path}.any")
                    return c.Any(parsed) if parsed else None
                case {"not": child, **rest} if not rest:
                    negated = self.condition(child, f"{path}.not")
                    return c.Not(negated) if negated else None
            shown = sorted(data) if isinstance(data, dict) else data
            raise _MistakeError(f"{path}: a condition names a fact, or is one of all, any, not; not {quoted(shown)}")
        except _MistakeError as mistake:
            self.errors.append(str(mistake))
            return None

    def children(self, data: object, path: str) -> tuple[c.Condition, ...] | None:
        if not isinstance(data, list) or not data:
            raise _MistakeError(f"{path}: must be a list of at least one condition")
        parsed = [self.condition(item, f"{path}[{number}]") for number, item in enumerate(data)]
        found = tuple(child for child in parsed if child is not None)
        return found if len(found) == len(parsed) else None

    def leaf(self, name: object, words: Mapping[object, object], path: str) -> c.Condition:
        fact = self.vocabulary.facts.get(name) if isinstance(name, str) else None
        if not isinstance(name, str) or fact is None:
            raise _MistakeError(f"{path}.fact: unknown fact {quoted(name)}; {allowed(name, self.vocabulary.facts)}")
        if fact.private:
            raise _MistakeError(f"{path}.fact: {name} is never shown to rules; use another fact")
        if len(words) != 1:
            raise _MistakeError(f"{path}: {name} needs exactly one operator; {allowed('', operators(fact))}")
        word, operand = next(iter(words.items()))
        if word not in operators(fact):
            problem = f"does not fit {name}, a fact of type {fact.type}" if word in OPERATORS else "is no operator"
            raise _MistakeError(f"{path}: {quoted(word)} {problem}; {allowed(word, operators(fact))}")
        path = f"{path}.{word}"
        if word == "known":
            return c.Known(name, _boolean(operand, path))
        if word in PAIRS:
            return c.ComparePair(name, cast(c.PairOperator, word), self.other(name, operand, path))
        if word == "one_of":
            return c.OneOf(name, _values(fact, operand, path))
        if word == "contains":
            return c.Contains(name, _value(fact, operand, path))
        return c.Compare(name, cast(c.Operator, word), self.literal(name, fact, operand, path))

    def other(self, name: str, other: object, path: str) -> str:
        partners = {b if a == name else a for a, b in self.vocabulary.pairs if name in (a, b)}
        if isinstance(other, str) and other in partners:
            return other
        if isinstance(other, str) and other in self.vocabulary.facts:
            raise _MistakeError(
                f"{path}: the pair {name}, {other} is not declared in facts.yaml; {allowed(other, partners)}"
            )
        raise _MistakeError(f"{path}: unknown fact {quoted(other)}; {allowed(other, partners)}")

    def literal(self, name: str, fact: Fact, operand: object, path: str) -> c.Scalar | c.ParameterReference:
        if isinstance(operand, dict):
            return self.parameter(name, fact, operand, path)
        if fact.type in ("enum", "text"):
            return _value(fact, operand, path)
        if fact.type == "bool":
            return _boolean(operand, path)
        if fact.type == "date":
            if isinstance(operand, dt.date):
                return operand
            raise _MistakeError(f"{path}: must be a date such as 2026-03-31, not {quoted(operand)}")
        if type(operand) is int and operand == 0:
            return 0
        raise _MistakeError(
            f"{path}: {quoted(operand)} is a policy number; put it into parameters.yaml and write {{parameter: its "
            f"name}} (only 0 may stand here)"
        )

    def parameter(self, name: str, fact: Fact, operand: Mapping[str, object], path: str) -> c.ParameterReference:
        units = (fact.unit,) if fact.unit else _UNITS.get(fact.type, ())
        if set(operand) != {"parameter"} or not units:
            raise _MistakeError(f"{path}: {quoted(operand)} does not fit {name}, a fact of type {fact.type}")
        wanted = operand["parameter"]
        parameter = self.parameters.get(wanted) if isinstance(wanted, str) else None
        fitting = [known for known, entry in self.parameters.items() if entry.unit in units]
        if parameter is None or not isinstance(wanted, str):
            raise _MistakeError(f"{path}: unknown parameter {quoted(wanted)}; {allowed(wanted, fitting)}")
        if parameter.unit not in units:
            raise _MistakeError(
                f"{path}: {wanted} is in {parameter.unit}, {name} needs {' or '.join(units)}; "
                f"{allowed(wanted, fitting)}"
            )
        return c.ParameterReference(wanted)


def _boolean(operand: object, path: str) -> bool:
    if isinstance(operand, bool):
        return operand
    raise _MistakeError(f"{path}: must be true or false, not {quoted(operand)}")


def _values(fact: Fact, operand: object, path: str) -> tuple[str, ...]:
    if not isinstance(operand, list) or not operand:
        raise _MistakeError(f"{path}: must be a list of at least one value")
    return tuple(_value(fact, item, f"{path}[{number}]") for number, item in enumerate(operand))


def _value(fact: Fact, operand: object, path: str) -> str:
    """A value of an enum, text or list fact."""
    if fact.type == "text":
        if isinstance(operand, str) and operand.strip():
            return operand
        raise _MistakeError(f"{path}: must be text, not {quoted(operand)}; put it in quotes")
    if isinstance(operand, str) and operand in fact.values:
        return operand
    raise _MistakeError(f"{path}: unknown value {quoted(operand)}; {allowed(operand, fact.values)}")
