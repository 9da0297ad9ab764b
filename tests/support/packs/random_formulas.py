"""Formulas made by chance, of every kind of node, over a vocabulary of facts with every type that formulas read."""

import datetime as dt
import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from rules.facts.cells import Value
from rules.pack import formulas as f
from rules.pack.files.derived_facts import DerivedFact, FormulaTest
from rules.pack.files.schema import Fact, Parameter, ParameterValue, Reference, Vocabulary
from rules.pack.pack import LoadedFormula, Pack
from tests.support.packs.tiny_pack import tiny
from tests.support.packs.vocabulary import COLOURS, TITLE, fact

DAYS = (dt.date(1999, 12, 31), dt.date(2024, 2, 29), dt.date(2025, 2, 28), dt.date(2026, 11, 23), dt.date(2090, 1, 1))
_NUMBERS = ("one", "two", "three")
_DATES = ("begun", "ended")
_REFERENCE = (Reference(id="practice", status="design"),)


def _dated(*values: tuple[str, str | None, int]) -> Parameter:
    return Parameter(
        title=TITLE,
        unit="count",
        values=tuple(
            ParameterValue(
                valid_from=dt.date.fromisoformat(first),
                valid_to=dt.date.fromisoformat(last) if last else None,
                status="design",
                references=_REFERENCE,
                value=Decimal(value),
            )
            for first, last, value in values
        ),
    )


PARAMETERS = {
    "always": _dated(("1990-01-01", None, 7)),
    "sometimes": _dated(("2010-01-01", "2024-02-28", 3), ("2024-03-01", "2025-12-31", 12)),  # with a day's gap
}


def _whole(maximum: int) -> Fact:
    return fact("int").model_copy(update={"minimum": -maximum if maximum > 50 else 0, "maximum": maximum})


_GIVEN = fact("int").model_copy(update={"derived": True, "given": True, "question": None})
SUBMITTED: dict[str, Fact] = {
    "one": _whole(40),
    "two": _whole(900),
    "three": _whole(3),
    "given": _GIVEN,
    "begun": fact("date"),
    "ended": fact("date"),
    "quiet": fact("bool"),
    "colour": fact("enum", *COLOURS),
    "city": fact("text"),
}
_ROUNDINGS: tuple[f.Rounding, ...] = ("up", "down", "half_up")
_ORDER: tuple[f.Comparison, ...] = ("equals", "not_equals", "more_than", "at_least", "less_than", "at_most")
_KINDS = ("number", "date", "bool", "word")
_ON = [f.ParameterNode("sometimes", f.FactNode(name)) for name in _DATES]


def case(dice: random.Random) -> dict[str, Value]:
    """A case with gaps."""
    gap = dice.choice((0, 0.2, 0.5, 0.9))
    values: dict[str, Value] = {
        "one": dice.randint(0, 40),
        "two": dice.choice((-900, -7, -1, 0, 1, 6, 899, 900)),
        "three": dice.randint(0, 3),
        "given": dice.randint(-5, 5),
        "begun": _day(dice),
        "ended": _day(dice),
        "quiet": dice.random() < 0.5,
        "colour": dice.choice(COLOURS),
        "city": dice.choice(("Shenzhen", "深圳市", "Xiamen", "nowhere")),
    }
    return {name: value for name, value in values.items() if dice.random() > gap}


def _day(dice: random.Random) -> dt.date:
    return dice.choice((dice.choice(DAYS), dt.date.fromordinal(dice.randint(726_500, 752_000))))


@dataclass
class Maker:
    """Makes expressions; `earlier` are the derived facts they may read, by kind."""

    dice: random.Random
    earlier: dict[str, str] = field(default_factory=dict)

    def leaf(self, kind: str) -> f.Expression:
        leaves: list[f.Expression] = [f.FactNode(name) for name, of in self.earlier.items() if of == kind]
        match kind:
            case "number":
                leaves += [f.FactNode(name) for name in (*_NUMBERS, "given")]
                leaves += [f.Constant(self.dice.randint(-20, 20), "count"), f.ParameterNode("always")]
                leaves += [f.ParameterNode("sometimes"), *_ON]
            case "date":
                leaves += [
                    *(f.FactNode(name) for name in _DATES),
                    f.Constant(self.dice.choice(DAYS), "date"),
                    f.Today(),
                ]
            case "bool":
                leaves += [f.FactNode("quiet"), f.Constant(self.dice.random() < 0.5, "bool")]
            case "word":
                leaves += [f.FactNode("colour"), f.Constant(self.dice.choice(COLOURS), "word")]
        return self.dice.choice(leaves)

    def make(self, kind: str, depth: int) -> f.Expression:
        """An expression of a kind, so many nodes deep."""
        if depth == 0 or self.dice.random() < 0.1:
            return self.leaf(kind)

        def inner(of: str = kind) -> Any:
            return self.make(of, depth - 1)

        choose = self.dice.choice
        makers: list[Callable[[], f.Expression]] = [
            lambda: f.If(inner("bool"), inner(), inner()),
            lambda: f.If(inner("bool"), inner(), f.NothingNode()),
            lambda: f.Otherwise(inner(), inner()),
            lambda: f.Otherwise(f.If(inner("bool"), inner(), f.NothingNode()), inner()),
            lambda: f.Once(choose((("one",), ("quiet", "begun"))), inner()),
            lambda: f.Buckets(inner("number"), (f.Bucket(-3, inner()), f.Bucket(5, inner())), inner()),
            lambda: f.Match(inner("word"), (f.MatchCase(("red", "blue"), inner()),), inner()),
            lambda: f.Match(f.FactNode("city"), (f.MatchCase(("shenzhen", "深圳"), inner()),), inner(), True),
        ]
        match kind:
            case "number":
                makers += [
                    lambda: f.Add((inner(), inner(), inner())),
                    lambda: f.Subtract(inner(), inner()),
                    lambda: f.Multiply((inner(), inner())),
                    lambda: f.Divide(
                        inner(),
                        inner(),
                        "count",
                        choose(_ROUNDINGS),
                        choose((f.NothingNode(), f.Constant(5, "count"))),
                        choose((0, 0, 2, -1)),
                    ),
                    lambda: f.Portion(inner(), inner(), choose(_ROUNDINGS)),
                    lambda: f.Share(inner(), inner(), inner(), inner()),
                    lambda: f.Least((inner(), inner())),
                    lambda: f.Greatest((inner(), inner())),
                    lambda: f.DaysBetween(inner("date"), inner("date")),
                    lambda: f.MonthsBegun(inner("date"), inner("date")),
                    lambda: f.YearsFull(inner("date"), inner("date")),
                ]
            case "date":
                makers += [
                    lambda: f.Least((inner(), inner())),
                    lambda: f.Greatest((inner(), inner())),
                    lambda: f.Shift(inner(), inner("number"), choose(("days", "years"))),
                    lambda: f.FunctionCall("legal_deadline", (inner(), f.Constant(15, "days"))),
                ]
            case "bool":
                makers += [
                    lambda: f.AllOf((inner(), inner())),
                    lambda: f.AnyOf((inner(), inner())),
                    lambda: f.NotOf(inner()),
                    *[lambda of=of: f.CompareNode(inner(of), choose(_ORDER), inner(of)) for of in ("number", "date")],
                    *[lambda of=of: f.CompareNode(inner(of), choose(_ORDER[:2]), inner(of)) for of in ("bool", "word")],
                    lambda: f.Exists(choose(_ON)),
                    lambda: f.Exists(inner("number")),
                ]
        return choose(makers)()


def formulas(dice: random.Random, count: int = 4, depth: int = 3) -> dict[str, tuple[str, f.Expression]]:
    """A few formulas by the fact each derives, with its kind; one may read those before it. The last is endless."""
    maker = Maker(dice)
    found: dict[str, tuple[str, f.Expression]] = {}
    for number in range(count):
        kind = dice.choice(_KINDS)
        expression = maker.make(kind, depth)
        found[f"derived_{number}"] = (kind, expression)
        maker.earlier[f"derived_{number}"] = kind
    last = f.Divide(maker.make("number", 1), maker.make("number", 2), "count", "up", f.Endless())
    return {**found, "endless": ("number", last)}


_ENTRY = DerivedFact(
    how=TITLE,
    formula="made by chance",
    references=_REFERENCE,
    tests=(FormulaTest(name="none", facts={}, unknown=True),),
)


def pack_with(made: dict[str, tuple[str, f.Expression]]) -> Pack:
    """A pack that derives facts by these formulas."""
    types = {"number": fact("int"), "date": fact("date"), "bool": fact("bool"), "word": fact("enum", *COLOURS)}
    derived = {
        name: types[kind].model_copy(
            update={
                "derived": True,
                "question": None,
                "inputs": tuple(each for each in f.facts_of(expression) if each != "given"),
            }
        )
        for name, (kind, expression) in made.items()
    }
    return replace(
        tiny(),
        vocabulary=Vocabulary(facts={**SUBMITTED, **derived}),
        parameters=PARAMETERS,
        formulas={name: LoadedFormula(name, _ENTRY, each, f"{name}.yaml") for name, (_, each) in made.items()},
        rules=(),
        sha256=hashlib.sha256(repr(made).encode()).hexdigest(),
    )
