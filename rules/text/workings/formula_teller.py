"""How the nodes of a formula are put into words, whether with the numbers of a case or in general."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from rules.locale import Language
from rules.pack import formulas as f
from rules.pack.pack import Pack
from rules.text.workings.formula_words import amount, comparison, shown, title, word

_JOINED: Final = (f.Add, f.Subtract, f.Multiply, f.Divide, f.Portion, f.Share, f.AllOf, f.AnyOf)


class Teller:
    """What both forms have in common: operators, and words in the order of the language."""

    def __init__(self, pack: Pack, as_of: dt.date, language: Language) -> None:
        self.pack, self.as_of, self.language = pack, as_of, language

    def word(self, key: str, **names: str) -> str:
        return word(key, self.language, **names)

    def tell(self, expression: f.Expression) -> str:
        raise NotImplementedError

    def inner(self, expression: f.Expression) -> str:
        """An expression where it stands in another, in brackets where it must be."""
        resolved = self.resolved(expression)
        text = self.tell(resolved)
        return f"{self.word('bracket.open')}{text}{self.word('bracket.close')}" if self.joined(resolved) else text

    def joined(self, expression: f.Expression) -> bool:
        """Whether its text consists of parts that could be taken apart by what stands around it."""
        match expression:
            case f.Least(terms) | f.Greatest(terms):
                return not self.dated(expression) and any(self.joined(self.resolved(each)) for each in terms)
        return isinstance(expression, _JOINED)

    def resolved(self, expression: f.Expression) -> f.Expression:
        """What a choice comes to, where that is known."""
        return expression

    def dated(self, expression: f.Expression) -> bool:
        match self.resolved(expression):
            case f.FactNode(name):
                return self.pack.vocabulary.facts[name].type == "date"
            case f.Today() | f.Shift() | f.FunctionCall():
                return True
            case f.Constant(value):
                return isinstance(value, dt.date)
            case f.Least(terms) | f.Greatest(terms):
                return self.dated(terms[0])
        return False

    def arithmetic(self, expression: f.Expression) -> str | None:
        match expression:
            case f.Add(terms):
                return " + ".join(self.inner(each) for each in terms)
            case f.Subtract(left, right):
                first = (
                    self.tell(self.resolved(left))
                    if isinstance(self.resolved(left), f.Subtract | f.Add)
                    else self.inner(left)
                )
                return f"{first} − {self.inner(right)}"
            case f.Multiply(factors):
                counted = [each for each in factors if not (isinstance(each, f.Constant) and each.value == 1)]
                return " × ".join(self.inner(each) for each in counted)
            case f.Divide(dividend, divisor):
                told = self.resolved(dividend)
                product = isinstance(told, f.Multiply)
                return f"{self.tell(told) if product else self.inner(dividend)} ÷ {self.inner(divisor)}"
            case f.Portion(of, percent):
                return self.word("portion", of=self.inner(of), percent=self.percent(percent))
            case f.Share(of, balance, _, total):
                return self.word("share", of=self.inner(of), balance=self.inner(balance), total=self.inner(total))
        return None

    def percent(self, expression: f.Expression) -> str:
        return self.inner(expression)

    def calendar(self, expression: f.Expression) -> str | None:
        match expression:
            case f.DaysBetween(start, end):
                return self.word("days_between", start=self.inner(start), end=self.inner(end))
            case f.MonthsBegun(start, end):
                return self.word("months_begun", start=self.inner(start), end=self.inner(end))
            case f.YearsFull(start, end):
                return self.word("full_years", start=self.inner(start), end=self.inner(end))
            case f.Shift(date, f.Subtract(f.Constant(0), amount_)):
                return self.word("before", date=self.inner(date), amount=self.inner(amount_))
            case f.Shift(date, f.Constant(int(days), unit)) if days < 0:
                return self.word("before", date=self.inner(date), amount=amount(-days, unit, self.language))
            case f.Shift(date, amount_):
                return self.word("after", date=self.inner(date), amount=self.inner(amount_))
            case f.FunctionCall("legal_deadline", (date, f.Constant(0))):
                return self.word("working_day", date=self.inner(date))
            case f.FunctionCall(function, arguments):
                names = dict(zip(("first", "second"), (self.inner(each) for each in arguments), strict=False))
                return self.word(f"function.{function}", **names)
        return None

    def condition(self, expression: f.Expression) -> str | None:
        match expression:
            case f.CompareNode(f.FactNode(name), operator, f.Constant(str(value))):
                named = self.tell(f.FactNode(name))
                key = "is" if operator == "equals" else "is_not"
                return self.word(key, left=named, right=shown(self.pack, name, value, self.language))
            case f.CompareNode(left, operator, right):
                key = comparison(operator, self.dated(left))
                return self.word(key, left=self.tell(self.resolved(left)), right=self.tell(self.resolved(right)))
            case f.AllOf(members):
                return self.word("and").join(self.inner(each) for each in members)
            case f.AnyOf(members):
                return self.word("or").join(self.inner(each) for each in members)
            case f.NotOf(f.Exists(of)):
                return self.word("exists_not", of=self.named(of))
            case f.NotOf(member):
                return self.word("not", of=self.inner(member))
            case f.Exists(of):
                return self.word("exists", of=self.named(of))
        return None

    def named(self, expression: f.Expression) -> str:
        """An expression by its name, where what counts is that it has a value."""
        if isinstance(expression, f.ParameterNode):
            named = title(self.pack.parameters[expression.name].title, self.language)
            return self.word("on", date=self.inner(expression.on), what=named) if expression.on else named
        return self.inner(expression)

    def constant(self, expression: f.Expression) -> str | None:
        match expression:
            case f.Constant(value, unit):
                return amount(value, unit, self.language)
            case f.NothingNode():
                return self.word("nothing")
            case f.Endless():
                return self.word("endless")
        return None

    def title(self, name: str) -> str:
        return title(self.pack.vocabulary.facts[name].title, self.language)

    def join(self, texts: Iterable[str]) -> str:
        return self.word("list").join(texts)
