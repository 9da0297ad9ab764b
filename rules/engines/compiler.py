"""Rules into durable-rules definitions: only what the engine does exactly, split so that its limits cannot be met."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from rules.engines import message
from rules.engines.durable_expressions import PATTERNS, STACK, Expression, ExpressionPart, either, one_of, together
from rules.formulas.ends import ORDERED, SIDES, bounded
from rules.pack.files.schema import Fact, Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import FALSE, normal

Rules: TypeAlias = Sequence[tuple[str, c.Condition]]

_COMPARISONS: Final = {"more_than": "$gt", "at_least": "$gte", "less_than": "$lt", "at_most": "$lte"}
_TURNED: Final = {"more_than": "less_than", "at_least": "at_most", "less_than": "more_than", "at_most": "at_least"}
_BY_VALUE: Final = ("value", "known", "member")  # keys that say what they are asked for, or nothing
# Names the engine keeps for itself.
_RESERVED: Final = (
    "id sid $s $m $i $forward $and $or $eq $neq $lt $lte $gt $gte $mt $imt $iall $iany $ex $nex $add $sub $mul $div "
    "$first"
)


class CompileError(Exception):
    """A rule that the engine could not be trusted with; one sentence that names it."""


@dataclass(frozen=True)
class Ruleset:
    """One durable-rules ruleset: its definition, and the keys its messages carry."""

    definition: dict[str, Expression]
    keys: tuple[str, ...]
    # By key, the values that rules ask whether it is one of, where they ask nothing else.
    only: Mapping[str, frozenset[int | str]]


@dataclass(frozen=True)
class Program:
    """Everything the engine needs: the rulesets, and how to write each key of their messages."""

    rulesets: tuple[Ruleset, ...]
    keys: dict[str, message.MessageKey]

    def asked(self) -> list[list[message.MessageKey]]:
        """The keys of each ruleset's messages, as far as its rules tell the values of each apart."""
        return [[replace(self.keys[name], only=each.only.get(name)) for name in each.keys] for each in self.rulesets]


def compile_rules(rules: Rules, vocabulary: Vocabulary) -> Program:
    """Compile rules whose parameters are resolved. The same rules give the same definitions, in whatever order."""
    compiler = _Compiler(vocabulary)
    parts: list[tuple[str, ExpressionPart]] = []
    for rule, condition in sorted(rules, key=lambda pair: pair[0]):
        wanted = normal(condition)
        if wanted != FALSE:  # a rule that can never be true needs no engine
            parts.append((rule, compiler.checked(rule, wanted)))
    _distinct(compiler.keys)
    return Program(tuple(_split(parts, compiler.keys)), compiler.keys)


def refusals(rules: Rules, vocabulary: Vocabulary) -> list[str]:
    """Why the engine cannot be trusted with these rules: a sentence for each that is refused, or for their names."""
    found = []
    for rule in rules:
        try:
            compile_rules([rule], vocabulary)
        except CompileError as error:
            found.append(str(error))
    if found:
        return found
    try:
        compile_rules(rules, vocabulary)
    except CompileError as error:
        return [str(error)]
    return []


def _split(parts: Sequence[tuple[str, ExpressionPart]], known: Mapping[str, message.MessageKey]) -> Iterable[Ruleset]:
    """Fill one ruleset after the other, each up to its budget, with rules that look at much the same.

    What a message costs is the keys that it carries, and every ruleset of a case has a message of its own.
    """
    left = list(parts)
    while left:
        first = max(left, key=lambda each: len(each[1].keys))
        batch: list[tuple[str, ExpressionPart]] = []
        keys: frozenset[str] = frozenset()
        stack = patterns = 0
        following: tuple[str, ExpressionPart] | None = first
        while following is not None:
            part = following[1]
            left.remove(following)
            batch.append(following)
            keys, stack, patterns = keys | part.keys, stack + part.stack, patterns + part.patterns
            fitting = (
                each for each in left if stack + each[1].stack <= STACK and patterns + each[1].patterns <= PATTERNS
            )
            following = min(fitting, key=lambda each: (len(each[1].keys - keys), -len(each[1].keys)), default=None)
        yield _ruleset(batch, known)


def _ruleset(batch: list[tuple[str, ExpressionPart]], keys: Mapping[str, message.MessageKey]) -> Ruleset:
    definition: dict[str, Expression] = {rule: {"all": [{"m_0": part.expression}]} for rule, part in batch}
    asked: dict[str, set[int | str] | None] = {}
    for _, part in batch:
        _asked(part.expression, asked)
    only = {
        name: frozenset(values) for name, values in asked.items() if values is not None and keys[name].kind in _BY_VALUE
    }
    return Ruleset(definition, tuple(sorted(asked)), only)


def _asked(part: Expression, found: dict[str, set[int | str] | None]) -> None:
    """Note by key the values that it is asked to be; None where it is asked anything else too."""
    for word, value in part.items():
        if isinstance(value, list):
            for each in value:
                _asked(each, found)
        elif isinstance(value, dict):
            found.update(dict.fromkeys(value))
        else:
            values = found.setdefault(word, set())
            if values is not None:
                values.add(value)


def shortened(program: Program) -> tuple[Program, dict[str, str]]:
    """The same program with short names in its definitions, and these by key: the engine reads every letter of them."""
    most = Counter(key for ruleset in program.rulesets for key in ruleset.keys)
    often = sorted(program.keys, key=lambda name: (-most[name], name))
    names = {name: f"{number:x}" for number, name in enumerate(often)}
    _distinct(names.values())
    rulesets = tuple(replace(each, definition=_renamed(each.definition, names)) for each in program.rulesets)
    return Program(rulesets, program.keys), names


def _renamed(definition: dict[str, Expression], names: Mapping[str, str]) -> dict[str, Expression]:
    """A definition with other names for what it compares; its rules keep theirs."""

    def renamed(part: Expression) -> Expression:
        return {names.get(word, word): inner(value) for word, value in part.items()}

    def inner(value: Any) -> Any:
        if isinstance(value, dict):
            return renamed(value)
        return [renamed(each) for each in value] if isinstance(value, list) else value

    return {
        rule: {"all": [{mark: renamed(part) for mark, part in pattern.items()} for pattern in wanted["all"]]}
        for rule, wanted in definition.items()
    }


def _distinct(keys: Iterable[str]) -> None:
    """The engine tells names apart by 32 bits only: two that look alike to it must never meet."""
    seen = {message.fingerprint(name): f"its own {name}" for name in _RESERVED.split()}
    for name in sorted(keys):
        other = seen.setdefault(message.fingerprint(name), name)
        if other != name:
            raise CompileError(f"the engine cannot tell {name} from {other}: give the fact another name")


@dataclass
class _Compiler:
    vocabulary: Vocabulary
    keys: dict[str, message.MessageKey] = field(default_factory=dict)

    def checked(self, rule: str, condition: c.Condition) -> ExpressionPart:
        """Compile one rule and refuse it where no ruleset could hold it safely."""
        try:
            part = self.compile(condition)
        except CompileError as error:
            raise CompileError(f"rule {rule}: {error}") from None
        if excess := part.excess():
            raise CompileError(f"rule {rule}: {excess}")
        return part

    def compile(self, condition: c.Condition) -> ExpressionPart:
        match condition:
            case c.All(()):
                return self.leaf({message.ALWAYS.name: 1}, message.ALWAYS)
            case c.All(children):
                return together([self.compile(child) for child in children])
            case c.Any(children):
                return either([self.compile(child) for child in children])
            case c.Not(child):
                return self.unlike(child)
        return self.like(condition)

    def like(self, condition: c.Leaf) -> ExpressionPart:
        """A leaf."""
        match condition:
            case c.Compare(fact) if self.fact(fact) and bounded(self.vocabulary, fact):
                return self.between(condition)
            case c.Compare(fact, "not_equals", value):
                return together([self.given(fact), self.test(fact, "$neq", value)])
            case c.Compare(fact, "equals", value):
                return self.test(fact, None, value)
            case c.Compare(fact, operator, value):
                return self.test(fact, _COMPARISONS[operator], value)
            case c.OneOf(fact, ()):
                raise CompileError(f"one_of of {fact} names no value")
            case c.OneOf(fact, values):
                return one_of([self.test(fact, None, value) for value in dict.fromkeys(values)])
            case c.Contains(fact, value):
                return self.member(fact, value, 1)
            case c.Known(fact, known):
                return self.leaf({message.known_key(fact).name: int(known)}, message.known_key(fact))
            case c.ComparePair(fact, operator, other):
                return self.pair(fact, operator, other)

    def unlike(self, child: c.Condition) -> ExpressionPart:
        """The negation of a leaf that has no opposite operator: known, and not so."""
        match child:
            case c.OneOf(fact, values):
                differs = [self.test(fact, "$neq", value) for value in dict.fromkeys(values)]
                return together([self.given(fact), *differs])
            case c.Contains(fact, value):
                return self.member(fact, value, 0)
            case c.ComparePair(fact, "equals_fact", other):
                key, _ = self.sign(fact, other)
                if self.spread(key):
                    return self.ends("not_equals", message.ends_of(key), 0)
                return together([self.given(fact), self.given(other), self.leaf({"$neq": {key.name: 0}}, key)])
        raise CompileError(f"cannot negate {child!r}")

    def given(self, fact: str) -> ExpressionPart:
        return self.leaf({message.known_key(fact).name: 1}, message.known_key(fact))

    def test(self, fact: str, operator: str | None, value: c.Scalar | c.ParameterReference) -> ExpressionPart:
        literal = _literal(fact, self.fact(fact), operator, value)
        part = self.leaf({fact: literal} if operator is None else {operator: {fact: literal}}, message.value_key(fact))
        if isinstance(literal, str):
            self.keys[fact].words.add(literal)
        return part

    def between(self, leaf: c.Compare) -> ExpressionPart:
        """A comparison of a derived fact: whatever value it will have."""
        literal = _literal(leaf.fact, self.fact(leaf.fact), _COMPARISONS.get(leaf.operator), leaf.value)
        return self.ends(leaf.operator, [message.bound_key(leaf.fact, side) for side in SIDES], literal)

    def ends(self, operator: str, keys: Sequence[message.MessageKey], value: str | int) -> ExpressionPart:
        """A comparison of all that lies between two keys."""
        low, high = keys
        above, below = "$gt", "$lt"
        if operator == "equals":
            above, below = "$gte", "$lte"
        elif operator != "not_equals":
            key = low if operator in ("more_than", "at_least") else high
            return self.leaf({_COMPARISONS[operator]: {key.name: value}}, key)
        parts = [self.leaf({above: {low.name: value}}, low), self.leaf({below: {high.name: value}}, high)]
        return together(parts) if operator == "equals" else one_of(parts)

    def member(self, fact: str, value: str, held: int) -> ExpressionPart:
        if self.fact(fact).type != "list":
            raise CompileError(f"{fact} is no list")
        key = message.member_key(fact, value)
        return self.leaf({key.name: held}, key)

    def pair(self, fact: str, operator: c.PairOperator, other: str) -> ExpressionPart:
        key, turned = self.sign(fact, other)
        if operator == "equals_fact":
            return self.ends("equals", message.ends_of(key), 0) if self.spread(key) else self.leaf({key.name: 0}, key)
        kind = self.fact(fact).type
        if kind not in ORDERED:
            raise CompileError(f"{fact} and {other} of type {kind} are equal or not, they have no order")
        more = operator in ("more_than_fact", "at_least_fact")
        sign = 1 if more is not turned else -1
        if self.spread(key):
            wanted = operator.removesuffix("_fact")
            return self.ends(_TURNED[wanted] if turned else wanted, message.ends_of(key), 0)
        if operator in ("more_than_fact", "less_than_fact"):
            return self.leaf({key.name: sign}, key)
        return self.leaf({"$gte" if sign > 0 else "$lte": {key.name: 0}}, key)

    def sign(self, fact: str, other: str) -> tuple[message.MessageKey, bool]:
        """The one key of a pair, and whether it holds the pair the other way round."""
        if self.fact(fact).type != self.fact(other).type or self.fact(fact).type == "list":
            raise CompileError(f"{fact} and {other} cannot be compared")
        first, second = sorted((fact, other))
        return message.sign_key(first, second), first != fact

    def spread(self, sign: message.MessageKey) -> bool:
        """Whether the sign of a pair is compared by its bounds."""
        return bounded(self.vocabulary, sign.fact) or bounded(self.vocabulary, sign.second)

    def leaf(self, expression: Expression, key: message.MessageKey) -> ExpressionPart:
        if key.fact:
            self.fact(key.fact)
        kept = self.keys.setdefault(key.name, key)
        if (kept.kind, kept.fact, kept.second) != (key.kind, key.fact, key.second):
            raise CompileError(f"{key.name} would mean two things: rename the fact {kept.fact} or {key.fact}")
        return ExpressionPart(expression, frozenset({key.name}))

    def fact(self, name: str) -> Fact:
        try:
            return self.vocabulary.facts[name]
        except KeyError:
            raise CompileError(f"there is no fact {name}") from None


def _literal(name: str, fact: Fact, operator: str | None, value: c.Scalar | c.ParameterReference) -> str | int:
    """The literal as the engine compares it, once it is sure to be of the fact's type."""
    if operator not in (None, "$neq") and fact.type not in ORDERED:
        raise CompileError(f"{name} of type {fact.type} has no order")
    match fact.type, value:
        case (("enum" | "text"), str()) if 0 < len(value) <= message.LONGEST_TEXT:
            return value
        case "bool", bool():
            return int(value)
        case "date", dt.date():
            return value.toordinal()
        case (("int" | "money" | "rate"), int()) if not isinstance(value, bool) and abs(value) <= message.LARGEST:
            return value
    raise CompileError(f"{name} of type {fact.type} cannot be compared with {str(value)[:60]!r}")
