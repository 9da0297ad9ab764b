"""How a derived fact came about, in words, with the numbers of its case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rules.facts.cells import Value
from rules.formulas import bounds as b
from rules.formulas.derivation import derivation
from rules.locale import Language
from rules.pack import formulas as f
from rules.pack.pack import Pack
from rules.text.workings.formula_teller import Teller
from rules.text.workings.formula_words import amount, shown, title, word


@dataclass(frozen=True, slots=True)
class Workings:
    """How one figure of a case came about: what it is or may be, the reckoning, and what it was taken from."""

    fact: str
    result: str
    reckoning: str
    sources: tuple[str, ...]  # facts and policy numbers, each with its value

    def lines(self, language: Language) -> tuple[str, ...]:
        """The account as lines to be read one after the other."""
        used = word("semicolon", language).join(self.sources)
        return (
            (self.reckoning, f"{word('used', language)}{word('colon', language)}{used}") if used else (self.reckoning,)
        )


def workings(pack: Pack, name: str, facts: Mapping[str, Value], as_of: dt.date, language: Language) -> Workings | None:
    """How a derived fact came about with the numbers of a case.

    None for one that no formula gives, and where the formula does not give what the case has: a rule's test may say
    what it likes.
    """
    formula = pack.formulas.get(name)
    return None if formula is None else _Workings(pack, as_of, language, facts).workings(name, formula.expression)


def all_workings(pack: Pack, facts: Mapping[str, Value], as_of: dt.date, language: Language) -> dict[str, Workings]:
    """Every derived fact of a case that has a value, or of which something is known all the same."""
    found = {}
    bounds = derivation(pack, as_of).derive(facts).bounds
    unknown, teller = word("open", language), _Workings(pack, as_of, language, facts)
    for name, formula in pack.formulas.items():
        told = teller.workings(name, formula.expression) if name in facts or name in bounds else None
        if told is not None and told.result != unknown:
            found[name] = told
    return found


class _Workings(Teller):
    """Tells a formula with the numbers of one case: of every choice, what it came to."""

    def __init__(self, pack: Pack, as_of: dt.date, language: Language, facts: Mapping[str, Value]) -> None:
        super().__init__(pack, as_of, language)
        self._derivation = derivation(pack, as_of)
        self._given = facts
        self._known = self._derivation.state(facts)  # where a formula gives what the case has, that is in it either way
        self._readings: dict[int, tuple[f.Expression, b.Reading]] = {}  # by identity: to hash an expression is dear
        self._state = self._known
        self._facts: dict[str, None] = {}  # in the order in which they are told
        self._parameters: dict[f.ParameterNode, None] = {}

    def workings(self, name: str, expression: f.Expression) -> Workings | None:
        """Those of one fact; no formula reads the fact that it gives."""
        self._facts, self._parameters = {}, {}
        reading = self.read(expression)
        if name in self._given and reading != self._given[name]:
            return None
        self._state = {**self._known, name: reading}
        result = self.shown(name, reading)
        told = self.decided(expression)
        if self.undecided(told) is not None:
            text = self.word("depends", what=self.join(self.blanks(told)))
            self._facts.update(dict.fromkeys(each for each in f.facts_of(told) if each in self._state))
        else:
            text = self.tell(told)
        numbers = self.pack.vocabulary.facts[name].type in ("int", "money", "rate", "date")
        reckoning = f"{text} = {result}" if numbers else f"{text}{self.word('colon')}{result}"
        return Workings(name, result, result if text == result else reckoning, tuple(self.sources()))

    def shown(self, name: str, reading: b.Reading) -> str:
        """What a fact is, or what is known of it more than of any case."""
        bound = reading.__class__ in b.BOUNDS
        if bound and reading is not b.NOTHING and reading == self._derivation.blank.get(name):
            return self.word("open")
        return shown(self.pack, name, b.outer(reading) if bound else reading, self.language)

    def read(self, expression: f.Expression) -> b.Reading:
        found = self._readings.get(id(expression))
        if found is None:
            found = self._readings[id(expression)] = (expression, self._derivation.reader_of(expression)(self._known))
        return found[1]

    def undecided(self, expression: f.Expression) -> f.Expression | None:
        """The choice that is still open, if what is to be told is one."""
        return expression if isinstance(expression, f.If | f.Otherwise | f.Match | f.Buckets) else None

    def decided(self, expression: f.Expression) -> f.Expression:
        """What a fact comes to. Where that says no more than the result does, what decided it."""
        chosen = self.chosen(expression)
        if chosen is None:
            return self.resolved(expression)
        deciding, branch = chosen
        told = self.decided(branch)
        return deciding if isinstance(told, f.Constant) else told

    def resolved(self, expression: f.Expression) -> f.Expression:
        """What an expression comes to: of a choice what was chosen, without the terms that came to nothing."""
        if (chosen := self.chosen(expression)) is not None:
            return self.resolved(chosen[1])
        match expression:
            case f.Otherwise(first, _) if not b.maybe_nothing(self.read(first)):
                return self.resolved(first)
            case f.Once(_, then):
                return self.resolved(then)
            case f.Buckets() | f.Match():
                return self.looked_up(expression)
            case f.Subtract(left, right) if self.is_left_out(right):
                return self.resolved(left)
            case f.Add(terms) if any(map(self.is_left_out, terms)):
                kept = tuple(each for each in terms if not self.is_left_out(each))
                return f.Add(kept) if len(kept) > 1 else self.resolved((*kept, terms[0])[0])
        return expression

    def chosen(self, expression: f.Expression) -> tuple[f.Expression, f.Expression] | None:
        """What decided a choice, and what was chosen; None of what is no choice, or still open."""
        match expression:
            case f.If(condition, then, otherwise):
                holds = self.read(condition)
                return (condition, then if holds else otherwise) if isinstance(holds, bool) else None
            case f.Otherwise(first, second) if self.read(first) is b.NOTHING:
                return first, second
        return None

    def is_left_out(self, term: f.Expression) -> bool:
        """Whether a choice came to a 0 that stands in the formula: it adds nothing and takes nothing off."""
        while (chosen := self.chosen(term)) is not None:
            term = chosen[1]
            if isinstance(term, f.Constant):
                return term.value == 0
        return False

    def looked_up(self, table: f.Buckets | f.Match) -> f.Expression:
        """What a table comes to for what it is looked up by, or that itself."""
        reading = self.read(table.of)
        if reading.__class__ in b.BOUNDS:
            return table
        if isinstance(table, f.Buckets):
            return self.resolved(table.of)
        branch = self.resolved(self.branch(table, str(reading)))
        return table.of if isinstance(branch, f.Constant | f.NothingNode) else branch

    def branch(self, match: f.Match, text: str) -> f.Expression:
        folded = text.casefold()
        for case in match.cases:
            if any(each in folded if match.contains else each == text for each in case.words):
                return case.gives
        return match.otherwise

    def tell(self, expression: f.Expression) -> str:
        match expression:
            case f.FactNode(name):
                return self.fact(name)
            case f.ParameterNode():
                return self.parameter(expression)
            case f.Today():
                return self.as_of.isoformat()
            case f.Divide():
                return self.divided(expression)
            case f.Least(terms) | f.Greatest(terms):
                return self.extreme(terms, least=isinstance(expression, f.Least))
            case f.If() | f.Otherwise() | f.Match() | f.Buckets() | f.Once():
                found = self.resolved(expression)
                return (
                    self.word("unknown", title=self.join(self.blanks(found)))
                    if found == expression
                    else self.tell(found)
                )
        told = self.constant(expression) or self.arithmetic(expression) or self.calendar(expression)
        return told or self.condition(expression) or ""

    def fact(self, name: str) -> str:
        self._facts.setdefault(name)
        reading = self._state.get(name, self._derivation.around.missing.get(name, b.NOTHING))
        if name not in self._state:  # submitted, and not given
            return self.word("unknown", title=self.title(name))
        if reading.__class__ in b.BOUNDS or self.pack.vocabulary.facts[name].type in ("enum", "bool", "text"):
            return self.word("named", title=self.title(name), value=self.shown(name, reading))
        return self.shown(name, reading)

    def parameter(self, expression: f.ParameterNode) -> str:
        self._parameters.setdefault(expression)
        entry, reading = self.pack.parameters[expression.name], self.read(expression)
        if isinstance(reading, int):
            return amount(reading, entry.unit, self.language)
        named = title(entry.title, self.language)
        return self.word("none_in_force" if reading is b.NOTHING else "unknown", title=named)

    def percent(self, expression: f.Expression) -> str:
        reading = self.read(expression)
        for each in f.walk(expression):
            if isinstance(each, f.ParameterNode):
                self._parameters.setdefault(each)
        return amount(reading, "percent", self.language) if isinstance(reading, int) else self.inner(expression)

    def divided(self, expression: f.Divide) -> str:
        quotient = self.arithmetic(expression) or ""
        one, other = self.read(expression.dividend), self.read(expression.divisor)
        if isinstance(one, int) and isinstance(other, int) and other:
            up, down = expression.factors
            if one * up % (other * down):
                return self.word(f"divided.{expression.rounding}", quotient=quotient)
        return quotient

    def extreme(self, terms: tuple[f.Expression, ...], *, least: bool) -> str:
        limits = [each for each in terms if isinstance(each, f.Constant)]
        others = [each for each in terms if not isinstance(each, f.Constant)]
        if len(limits) == 1 and len(others) == 1:
            limit, of = amount(limits[0].value, limits[0].unit, self.language), self.tell(self.resolved(others[0]))
            low, high = b.ends(self.read(others[0]))
            bound = limits[0].value
            if low is None or not isinstance(bound, int):
                return of
            if low > bound if least else high < bound:
                return (
                    self.word("ceilinged", of=of, ceiling=limit) if least else self.word("floored", of=of, floor=limit)
                )
            if low == high or (high <= bound if least else low >= bound):
                return of
            return self.word("ceiling", of=of, ceiling=limit) if least else self.word("floor", of=of, floor=limit)
        readings = [self.read(each) for each in terms]
        if self.dated(terms[0]):
            days = self.telling(terms, least=least)
            if len(days) == 1:
                return self.tell(self.resolved(days[0]))
            return self.word("earliest" if least else "latest", terms=self.word("with").join(map(self.inner, days)))
        if all(isinstance(each, int) for each in readings):  # the one that it came to
            return self.tell(self.resolved(terms[readings.index((min if least else max)(readings))]))
        return self.word("least" if least else "greatest", terms=self.word("with").join(map(self.inner, terms)))

    def telling(self, dates: tuple[f.Expression, ...], *, least: bool) -> list[f.Expression]:
        """Of several days those that the earliest or latest can be, with those that are known."""
        read = [(each, self.read(each)) for each in dates]
        known = [reading for _, reading in read if isinstance(reading, dt.date)]
        edge = (min if least else max)(known, default=None)
        told = []
        for each, reading in read:
            end = (reading.low if least else reading.high) if isinstance(reading, b.Interval) else None
            beaten = isinstance(end, dt.date) and edge is not None and (end >= edge if least else end <= edge)
            if reading is not b.NOTHING and not beaten:
                told.append(each)
        return told

    def blanks(self, expression: f.Expression) -> list[str]:
        """The facts that something still hangs on."""
        open_ = [
            name
            for name in f.facts_of(expression)
            if name not in self._state or self._state[name].__class__ in b.BOUNDS
        ]
        given = [name for name in open_ if not self.pack.vocabulary.facts[name].given]
        return [self.title(name) for name in given or open_]

    def sources(self) -> Iterable[str]:
        for name in self._facts:
            reading = self._state.get(name)
            if self.pack.vocabulary.facts[name].type in ("enum", "bool", "text"):
                continue  # told by their names already
            if reading is not None and reading.__class__ not in b.BOUNDS:
                yield f"{self.title(name)} {self.shown(name, reading)}"
        for each in self._parameters:
            value = self.read(each)
            if isinstance(value, int):
                entry = self.pack.parameters[each.name]
                yield f"{title(entry.title, self.language)} {amount(value, entry.unit, self.language)}"


def reads_text(pack: Pack, name: str) -> bool:
    """Whether a derived fact is found from what somebody wrote, which then stands in its workings in any language."""
    facts = pack.vocabulary.facts
    return any(facts[read].type == "text" for read in facts[name].inputs)
