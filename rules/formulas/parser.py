"""A derived fact's `formula`, from YAML data to the AST: its types and units proved, a mistake told with its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, cast, get_args

from rules.formulas.functions import FUNCTIONS
from rules.formulas.operands import FormulaError, items, keys, one, same
from rules.formulas.units import QUANTITIES, Kind, Quantity, kind_of, told
from rules.pack import formulas as f
from rules.pack.files.schema import Fact, Parameter
from rules.pack.pack import allowed, quoted
from rules.pack.parameters import canonical

_COMPARISONS: Final = get_args(f.Comparison)
_ROUNDINGS: Final = get_args(f.Rounding)
_WORDS: Final = ("today", "nothing")


@dataclass(frozen=True)
class Parsed:
    """A formula, what it is measured in, and every operator in it with its place, from the inside out."""

    expression: f.Expression
    kind: Kind
    operators: tuple[tuple[str, f.Expression], ...]


def parse_formula(data: object, facts: Mapping[str, Fact], parameters: Mapping[str, Parameter]) -> Parsed:
    """Read a formula. Raises FormulaError with the first mistake in it."""
    parser = _FormulaParser(facts, parameters)
    expression, kind = parser.read(data, "formula")
    return Parsed(expression, kind, tuple(parser.operators))


@dataclass
class _FormulaParser:
    facts: Mapping[str, Fact]
    parameters: Mapping[str, Parameter]
    operators: list[tuple[str, f.Expression]] = field(default_factory=list)

    def read(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        """An expression and its kind."""
        match data:
            case bool() | dt.date() | str():
                return self.word(data, path)
            case {"parameter": name, **rest}:
                return self.parameter(name, dict(rest), path)
            case dict() if len(data) == 1:
                word, operand = next(iter(data.items()))
                inner = f"{path}.{word}"
                if word in QUANTITIES:
                    return self.constant(word, operand, inner)
                if word in _COMPARISONS:
                    return self.comparison(word, operand, inner)
                operator = _OPERATORS.get(word)
                if operator is None:
                    raise FormulaError(f"{path}: unknown operator {quoted(word)}; {allowed(word, _known())}")
                expression, kind = operator(self, operand, inner)
                self.operators.append((inner, expression))
                return expression, kind
        shown = sorted(map(str, data)) if isinstance(data, dict) else data
        hint = " (a number says its unit: {yuan: 0})" if isinstance(data, int | Decimal) else ""
        raise FormulaError(f"{path}: must be one operator with what it works on, not {quoted(shown)}{hint}")

    def word(self, data: bool | dt.date | str, path: str) -> tuple[f.Expression, Kind]:
        match data:
            case bool():
                return f.Constant(data, "bool"), "bool"
            case "today":
                return f.Today(), "date"
            case "nothing":
                return f.NothingNode(), None
            case "endless":
                raise FormulaError(f"{path}: endless stands only as the zero of a division; write nothing")
            case str():
                return f.Constant(data, "word"), "word"
        return f.Constant(data, "date"), "date"

    # --- leaves -------------------------------------------------------------------------------------------------

    def fact(self, name: object, path: str) -> tuple[f.Expression, Kind]:
        fact = self.facts.get(name) if isinstance(name, str) else None
        if fact is None or not isinstance(name, str):
            raise FormulaError(f"{path}: unknown fact {quoted(name)}; {allowed(name, self.facts)}")
        kind = kind_of(fact)
        if kind is None or fact.private:
            why = "is never shown to rules" if fact.private else f"is of type {fact.type}"
            raise FormulaError(f"{path}: {name} {why}, and formulas do not read it; use another fact")
        return f.FactNode(name), kind

    def parameter(self, name: object, rest: Mapping[object, object], path: str) -> tuple[f.Expression, Kind]:
        parameter = self.parameters.get(name) if isinstance(name, str) else None
        if parameter is None or not isinstance(name, str):
            raise FormulaError(f"{path}.parameter: unknown parameter {quoted(name)}; {allowed(name, self.parameters)}")
        if parameter.unit not in QUANTITIES:
            raise FormulaError(f"{path}.parameter: {name} is in {parameter.unit}, which formulas do not reckon with")
        on = None
        if rest:
            match rest:
                case {"on": {"fact": day, **more}, **others} if not more and not others:
                    found, kind = self.fact(day, f"{path}.on.fact")
                    if kind != "date":
                        raise FormulaError(f"{path}.on.fact: {day} is {told(kind)}, not a date; name a date fact")
                    on = cast(f.FactNode, found)
                case _:
                    raise FormulaError(f"{path}: beside parameter only on: {{fact: a date}} may stand")
        return f.ParameterNode(name, on), QUANTITIES[parameter.unit]

    def constant(self, unit: Any, value: object, path: str) -> tuple[f.Expression, Kind]:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise FormulaError(f"{path}: must be a number, not {quoted(value)}")
        try:
            number = canonical(Decimal(value), unit)
        except ValueError as error:
            raise FormulaError(f"{path}: {error}") from None
        return f.Constant(number, unit), QUANTITIES[unit]

    # --- arithmetic ---------------------------------------------------------------------------------------------

    def add(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        terms, kind = self.alike(data, path)
        self.quantity(kind, path)
        return f.Add(terms), kind

    def subtract(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        terms, kind = self.alike(data, path, 2)
        self.quantity(kind, path)
        return f.Subtract(*terms), kind

    def multiply(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        found = [self.number(item, place) for item, place in items(data, path)]
        kind = Quantity()
        for _, factor in found:
            kind = kind * factor
        return f.Multiply(tuple(each for each, _ in found)), kind

    def divide(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        given = keys(data, path, ("of", "by", "gives", "round"), ("zero",))
        dividend, above = self.number(given["of"], f"{path}.of")
        divisor, below = self.number(given["by"], f"{path}.by")
        gives, quotient = given["gives"], above / below
        if gives not in QUANTITIES:
            raise FormulaError(f"{path}.gives: unknown unit {quoted(gives)}; {allowed(gives, QUANTITIES)}")
        kind = QUANTITIES[gives]
        if kind.dimension != quotient.dimension:
            raise FormulaError(f"{path}.gives: {told(above)} by {told(below)} does not give {gives}")
        zero: f.Expression | None = None
        if given.get("zero") == "endless":
            zero = f.Endless()
        elif "zero" in given:
            zero, other = self.read(given["zero"], f"{path}.zero")
            same(kind, other, f"{path}.zero")
        rounding = one(given["round"], _ROUNDINGS, f"{path}.round")
        return f.Divide(dividend, divisor, gives, rounding, zero, kind.scale - quotient.scale), kind

    def portion(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        given = keys(data, path, ("of", "percent", "round"))
        of, kind = self.number(given["of"], f"{path}.of")
        percent, other = self.number(given["percent"], f"{path}.percent")
        if other != QUANTITIES["percent"]:
            raise FormulaError(f"{path}.percent: is in {told(other)}, not in percent")
        return f.Portion(of, percent, one(given["round"], _ROUNDINGS, f"{path}.round")), kind

    def share(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        names = ("of", "balance", "before", "total")
        given = keys(data, path, names)
        of, kind = self.number(given["of"], f"{path}.of")
        others = [self.number(given[name], f"{path}.{name}") for name in names[1:]]
        for name, (_, other) in zip(names[1:], others, strict=True):
            same(kind, other, f"{path}.{name}")
        return f.Share(of, *(each for each, _ in others)), kind

    def least(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        terms, kind = self.alike(data, path)
        self.ordered(kind, path)
        return f.Least(terms), kind

    def greatest(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        terms, kind = self.alike(data, path)
        self.ordered(kind, path)
        return f.Greatest(terms), kind

    # --- dates --------------------------------------------------------------------------------------------------

    def days_between(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        return f.DaysBetween(*self.dates(data, path)), QUANTITIES["days"]

    def months_begun(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        return f.MonthsBegun(*self.dates(data, path)), QUANTITIES["months"]

    def full_years(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        return f.YearsFull(*self.dates(data, path)), QUANTITIES["years"]

    def shift(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        unit: Literal["days", "years"] = "years" if isinstance(data, dict) and "years" in data else "days"
        given = keys(data, path, ("date", unit))
        date, kind = self.read(given["date"], f"{path}.date")
        same("date", kind, f"{path}.date")
        amount, other = self.number(given[unit], f"{path}.{unit}")
        same(QUANTITIES[unit], other, f"{path}.{unit}")
        return f.Shift(date, amount, unit), "date"

    def call(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        given = keys(data, path, ("function", "with"))
        name = given["function"]
        function = FUNCTIONS.get(name) if isinstance(name, str) else None
        if function is None:
            raise FormulaError(f"{path}.function: unknown function {quoted(name)}; {allowed(name, FUNCTIONS)}")
        found = [self.read(*item) for item in items(given["with"], f"{path}.with", len(function.arguments))]
        for number, (wanted, (_, kind)) in enumerate(zip(function.arguments, found, strict=True)):
            same(wanted, kind, f"{path}.with[{number}]")
        return f.FunctionCall(name, tuple(each for each, _ in found)), function.gives

    # --- conditions ---------------------------------------------------------------------------------------------

    def comparison(self, word: Any, data: object, path: str) -> tuple[f.Expression, Kind]:
        (left, right), kind = self.alike(data, path, 2)
        if word not in ("equals", "not_equals"):
            self.ordered(kind, path)
        for fact, constant, place in ((left, right, f"{path}[1]"), (right, left, f"{path}[0]")):
            if isinstance(fact, f.FactNode) and isinstance(constant, f.Constant) and constant.unit == "word":
                self.value(fact, constant.value, place)
        return f.CompareNode(left, word, right), "bool"

    def all(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        return f.AllOf(tuple(self.condition(*item) for item in items(data, path))), "bool"

    def any(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        return f.AnyOf(tuple(self.condition(*item) for item in items(data, path))), "bool"

    def negation(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        return f.NotOf(self.condition(data, path)), "bool"

    def exists(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        return f.Exists(self.read(data, path)[0]), "bool"

    # --- choices ------------------------------------------------------------------------------------------------

    def either(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        given = keys(data, path, ("when", "then", "else"))
        condition = self.condition(given["when"], f"{path}.when")
        (then, otherwise), kind = self.branches([(given["then"], f"{path}.then"), (given["else"], f"{path}.else")])
        return f.If(condition, then, otherwise), kind

    def otherwise(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        (first, second), kind = self.branches(items(data, path, 2))
        return f.Otherwise(first, second), kind

    def once(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        given = keys(data, path, ("given", "then"))
        names = [name for name, _ in items(given["given"], f"{path}.given")]
        for number, name in enumerate(names):
            self.fact(name, f"{path}.given[{number}]")
            if self.facts[str(name)].derived:
                raise FormulaError(f"{path}.given[{number}]: {name} is derived, nobody gives it; name a submitted fact")
        then, kind = self.read(given["then"], f"{path}.then")
        return f.Once(tuple(map(str, names)), then), kind

    def buckets(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        given = keys(data, path, ("of", "table", "above"))
        of, measured = self.number(given["of"], f"{path}.of")
        rows = [
            (keys(item, place, ("up_to", "gives")), place) for item, place in items(given["table"], f"{path}.table")
        ]
        ends: list[int] = []
        for row, place in rows:
            end, kind = self.read(row["up_to"], f"{place}.up_to")
            same(measured, kind, f"{place}.up_to")
            if not isinstance(end, f.Constant) or not isinstance(end.value, int):
                raise FormulaError(f"{place}.up_to: must be a number with its unit, such as {{days: 30}}")
            if ends and end.value <= ends[-1]:
                raise FormulaError(f"{place}.up_to: is not above the row before; put the rows in order")
            ends.append(end.value)
        gives, kind = self.branches(
            [*((row["gives"], f"{place}.gives") for row, place in rows), (given["above"], f"{path}.above")]
        )
        table = tuple(f.Bucket(*row) for row in zip(ends, gives, strict=False))
        return f.Buckets(of, table, gives[-1]), kind

    def table(self, data: object, path: str) -> tuple[f.Expression, Kind]:
        given = keys(data, path, ("of", "cases", "otherwise"), ("contains",))
        of, kind = self.read(given["of"], f"{path}.of")
        same("word", kind, f"{path}.of")
        contains = given.get("contains", False)
        if not isinstance(contains, bool):
            raise FormulaError(f"{path}.contains: must be true or false, not {quoted(contains)}")
        rows = [
            (keys(item, place, ("words", "gives")), place) for item, place in items(given["cases"], f"{path}.cases")
        ]
        seen: set[object] = set()
        for row, place in rows:
            for word, where in items(row["words"], f"{place}.words"):
                if not isinstance(word, str) or not word:
                    raise FormulaError(f"{where}: must be a word, not {quoted(word)}; put it in quotes")
                if word in seen:
                    raise FormulaError(f"{where}: {quoted(word)} is there twice; keep one")
                if contains and word != word.casefold():
                    raise FormulaError(f"{where}: is looked for in small letters; write {quoted(word.casefold())}")
                seen.add(word)
                if isinstance(of, f.FactNode) and not contains:
                    self.value(of, word, where)
        gives, kind = self.branches(
            [*((row["gives"], f"{place}.gives") for row, place in rows), (given["otherwise"], f"{path}.otherwise")]
        )
        cases = tuple(f.MatchCase(tuple(row["words"]), each) for (row, _), each in zip(rows, gives, strict=False))
        return f.Match(of, cases, gives[-1], contains), kind

    # --- what operands must be ----------------------------------------------------------------------------------

    def number(self, data: object, path: str) -> tuple[f.Expression, Quantity]:
        expression, kind = self.read(data, path)
        self.quantity(kind, path)
        return expression, cast(Quantity, kind)

    def condition(self, data: object, path: str) -> f.Expression:
        expression, kind = self.read(data, path)
        same("bool", kind, path)
        return expression

    def dates(self, data: object, path: str) -> tuple[f.Expression, ...]:
        terms, kind = self.alike(data, path, 2)
        same("date", kind, path)
        return terms

    def alike(self, data: object, path: str, count: int | None = None) -> tuple[tuple[f.Expression, ...], Kind]:
        """Operands of one kind."""
        return self.branches(items(data, path, count))

    def branches(self, items: list[tuple[object, str]]) -> tuple[tuple[f.Expression, ...], Kind]:
        kind: Kind = None
        found = []
        for data, path in items:
            expression, other = self.read(data, path)
            same(kind, other, path)
            kind = other if kind is None else kind
            found.append(expression)
        return tuple(found), kind

    def quantity(self, kind: Kind, path: str) -> None:
        if not isinstance(kind, Quantity):
            raise FormulaError(f"{path}: is {told(kind)}, not a number")

    def ordered(self, kind: Kind, path: str) -> None:
        if not isinstance(kind, Quantity) and kind != "date":
            raise FormulaError(f"{path}: {told(kind)} has no order; only numbers and dates do")

    def value(self, fact: f.FactNode, word: object, path: str) -> None:
        values = self.facts[fact.name].values
        if self.facts[fact.name].type == "enum" and word not in values:
            raise FormulaError(f"{path}: {quoted(word)} is no value of {fact.name}; {allowed(word, values)}")


def _known() -> tuple[str, ...]:
    return (*_OPERATORS, *_COMPARISONS, *QUANTITIES, *_WORDS, "parameter")


_OPERATORS: Final[Mapping[str, Callable[[_FormulaParser, object, str], tuple[f.Expression, Kind]]]] = {
    "fact": _FormulaParser.fact,
    "add": _FormulaParser.add,
    "subtract": _FormulaParser.subtract,
    "multiply": _FormulaParser.multiply,
    "divide": _FormulaParser.divide,
    "portion": _FormulaParser.portion,
    "share": _FormulaParser.share,
    "min": _FormulaParser.least,
    "max": _FormulaParser.greatest,
    "days_between": _FormulaParser.days_between,
    "months_begun": _FormulaParser.months_begun,
    "full_years": _FormulaParser.full_years,
    "shift": _FormulaParser.shift,
    "call": _FormulaParser.call,
    "all": _FormulaParser.all,
    "any": _FormulaParser.any,
    "not": _FormulaParser.negation,
    "exists": _FormulaParser.exists,
    "if": _FormulaParser.either,
    "otherwise": _FormulaParser.otherwise,
    "once": _FormulaParser.once,
    "buckets": _FormulaParser.buckets,
    "match": _FormulaParser.table,
}
