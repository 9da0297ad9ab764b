"""A derived fact's formula in general form: names of facts, and policy numbers with what they are on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from rules.formulas.derivation import derivation
from rules.locale import Language
from rules.pack import formulas as f
from rules.pack.pack import Pack
from rules.pack.parameters import value_on
from rules.text.workings.formula_teller import Teller
from rules.text.workings.formula_words import amount, shown, title


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a formula in general form, and the lines it leads to."""

    text: str
    below: tuple[Step, ...] = ()


def steps(pack: Pack, name: str, as_of: dt.date, language: Language) -> tuple[Step, ...]:
    """A derived fact's formula in general form, policy numbers as of the day; none where no formula gives it."""
    formula = pack.formulas.get(name)
    return () if formula is None else _General(pack, as_of, language, name).steps(formula.expression)


class _General(Teller):
    """Tells a formula for every case: names of facts, policy numbers with what they are on a day."""

    def __init__(self, pack: Pack, as_of: dt.date, language: Language, name: str) -> None:
        super().__init__(pack, as_of, language)
        self._name = name

    def tell(self, expression: f.Expression) -> str:
        match expression:
            case f.FactNode(name):
                return self.title(name)
            case f.ParameterNode(name, None):
                return self.shown_value(name)
            case f.ParameterNode(name, f.FactNode(day)):
                return self.word(
                    "on", date=self.title(day), what=title(self.pack.parameters[name].title, self.language)
                )
            case f.Today():
                return self.word("today")
            case f.Divide():
                return self.word(f"divided.{expression.rounding}", quotient=self.arithmetic(expression) or "")
            case f.Least(terms) | f.Greatest(terms):
                return self.extreme(terms, least=isinstance(expression, f.Least))
            case f.If() | f.Otherwise() | f.Match() | f.Buckets() | f.Once():
                return self.flat(expression)
        told = self.constant(expression) or self.arithmetic(expression) or self.calendar(expression)
        return told or self.condition(expression) or ""

    def shown_value(self, name: str) -> str:
        entry = self.pack.parameters[name]
        value = value_on(entry, self.as_of)
        named = title(entry.title, self.language)
        if value is None:
            return self.word("none_in_force", title=named)
        reading = derivation(self.pack, self.as_of).around.parameters[name]
        return self.word("named", title=named, value=amount(reading, entry.unit, self.language))

    def extreme(self, terms: tuple[f.Expression, ...], *, least: bool) -> str:
        limits = [each for each in terms if isinstance(each, f.Constant)]
        others = [each for each in terms if not isinstance(each, f.Constant)]
        if len(limits) == 1 and len(others) == 1:
            limit, of = amount(limits[0].value, limits[0].unit, self.language), self.inner(others[0])
            return self.word("ceiling", of=of, ceiling=limit) if least else self.word("floor", of=of, floor=limit)
        key = ("earliest" if least else "latest") if self.dated(terms[0]) else "least" if least else "greatest"
        return self.word(key, terms=self.word("with").join(map(self.inner, terms)))

    def flat(self, expression: f.Expression) -> str:
        """A choice inside a line."""
        match expression:
            case f.Otherwise(first, f.Constant(False)):
                return self.tell(first)
            case f.Match(of, (f.MatchCase(words, f.Constant(True)),), f.Constant(False), False):
                return self.word("one_of", of=self.tell(of), words=self.join(self.label(of, each) for each in words))
            case f.Match(of) | f.Buckets(of):
                rows = self.word("semicolon").join(_flattened(self.rows(expression)))
                return self.word("table_flat", of=self.tell(of), rows=rows)
        return self.word("semicolon").join(_flattened(self.steps(expression)))

    def steps(self, expression: f.Expression) -> tuple[Step, ...]:
        """An expression as lines, each with those that it leads to; of conditions the first that holds counts."""
        match expression:
            case f.If(condition, then, otherwise):
                rest = self.steps(otherwise)
                if not isinstance(otherwise, f.If):
                    rest = (Step(self.word("else"), rest),)
                return (Step(self.word("when", condition=self.tell(condition)), self.steps(then)), *rest)
            case f.Otherwise(_, f.Constant(False)):
                return (Step(self.tell(expression)),)
            case f.Otherwise(first, second):
                return (*self.steps(first), Step(self.word("where_nothing"), self.steps(second)))
            case f.Once(given, then):
                names = self.join(map(self.title, given))
                return (*self.steps(then), Step(self.word("once", facts=names)))
            case f.Match(of, (f.MatchCase(_, f.Constant(True)),), f.Constant(False), False):
                return (Step(self.flat(expression)),)
            case f.Buckets(of) | f.Match(of):
                return (Step(self.word("table", of=self.tell(of)), self.rows(expression)),)
            case f.Constant(str(value)):
                return (Step(shown(self.pack, self._name, value, self.language)),)
        return (Step(self.tell(expression)),)

    def rows(self, expression: f.Expression) -> tuple[Step, ...]:
        """The rows of a table."""
        match expression:
            case f.Buckets(of, buckets, above):
                rows = [(self.word("up_to", end=self.measure(of, each.up_to)), each.gives) for each in buckets]
                return self.table([*rows, (self.word("above"), above)])
            case f.Match(of, cases, otherwise, contains):
                words = [self.join(self.label(of, each) for each in case.words) for case in cases]
                rows = [
                    (self.word("contains", words=named) if contains else named, case.gives)
                    for named, case in zip(words, cases, strict=True)
                ]
                return self.table([*rows, (self.word("other"), otherwise)])
        return ()

    def table(self, rows: Iterable[tuple[str, f.Expression]]) -> tuple[Step, ...]:
        below = []
        for name, gives in rows:
            first, *rest = self.steps(gives)
            below.append(Step(self.word("row", of=name, gives=first.text), (*first.below, *rest)))
        return tuple(below)

    def measure(self, of: f.Expression, end: int) -> str:
        unit = "count"
        if isinstance(of, f.FactNode):
            fact = self.pack.vocabulary.facts[of.name]
            unit = {"money": "yuan", "rate": "percent"}.get(fact.type, fact.unit or "count")
        return amount(end, unit, self.language)

    def label(self, of: f.Expression, value: str) -> str:
        if isinstance(of, f.FactNode):
            return shown(self.pack, of.name, value, self.language)
        return value


def _flattened(steps_: Iterable[Step]) -> list[str]:
    return [text for each in steps_ for text in (each.text, *_flattened(each.below))]
