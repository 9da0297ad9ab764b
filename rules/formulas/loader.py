"""The formulas of a pack: read, put in the order of what follows from what, and proved to be safe for every case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final

from rules.formulas import bounds as b
from rules.formulas.derivation import anytime
from rules.formulas.operands import FormulaError
from rules.formulas.parser import Parsed, parse_formula
from rules.formulas.reader import State, reader
from rules.formulas.sizes import WIDEST, Sizes
from rules.formulas.units import kind_of, told
from rules.pack.files.derived_facts import DerivedFact
from rules.pack.files.schema import Fact, FactEntry, Parameter
from rules.pack.formulas import Divide, facts_of
from rules.pack.pack import LoadedFormula, quoted
from rules.pack.parameters import mistakes

FOLDER: Final = "facts/derived"
_LARGEST: Final = 2**63 - 1  # what both engines and a column hold

Entries = Mapping[str, tuple[str, DerivedFact]]  # by fact: the path of its file, and what it says


def name_of(path: str) -> str:
    """The fact that a file of the folder derives."""
    return PurePosixPath(path).stem


def with_derived(facts: Mapping[str, FactEntry], entries: Entries, errors: list[str]) -> dict[str, Fact]:
    """The facts of facts.yaml and those that files of their own derive."""
    found = {
        name: Fact(**{key: getattr(entry, key) for key in entry.model_fields_set}, derived=entry.given)
        for name, entry in facts.items()
    }
    for name, (path, entry) in entries.items():
        if name in found:
            stated = [key for key in ("type", "title", "unit", "values") if key in entry.model_fields_set]
            if stated:
                errors.append(
                    f"{path}: {stated[0]}: {name} is in facts.yaml, which says so; remove the key, or the fact there"
                )
            if found[name].given:
                errors.append(
                    f"{path}: formula: the application gives {name}; remove given from facts.yaml, or this file"
                )
        elif entry.type is None or entry.title is None:
            errors.append(f"{path}: {'type' if entry.type is None else 'title'}: is missing; add it")
        else:
            found[name] = Fact(
                type=entry.type, title=entry.title, unit=entry.unit, how=entry.how, values=entry.values, derived=True
            )
    return found


def load_formulas(
    entries: Entries, facts: Mapping[str, Fact], parameters: Mapping[str, Parameter], errors: list[str]
) -> dict[str, LoadedFormula]:
    """The formulas, each after those it reads. What is wrong with them is added to the errors."""
    parsed: dict[str, Parsed] = {}
    for name, (path, entry) in entries.items():
        if name not in facts:
            continue  # told already
        try:
            parsed[name] = parse_formula(entry.formula, facts, parameters)
            _fits(facts[name], parsed[name])
        except FormulaError as error:
            errors.append(f"{path}: {error}")
            parsed.pop(name, None)
    ordered, circle = _ordered({name: facts_of(each.expression) for name, each in parsed.items()})
    if circle:
        way = " -> ".join([*circle, circle[0]])
        errors.append(f"{entries[circle[0]][0]}: formula: cyclic reference {way}; break the circle")
        return {}
    sound = not any(any(mistakes(parameter)) for parameter in parameters.values())  # else it is told already
    if sound and len(parsed) == len(entries):
        for name, fault in _unsafe({name: parsed[name] for name in ordered}, facts, parameters):
            errors.append(f"{entries[name][0]}: {fault}")
    return {name: LoadedFormula(name, entries[name][1], parsed[name].expression, entries[name][0]) for name in ordered}


def _fits(fact: Fact, parsed: Parsed) -> None:
    """A formula must give what its fact is."""
    kind = kind_of(fact)
    if kind is None:
        raise FormulaError(f"type: a fact of type {fact.type} cannot be derived by a formula")
    if parsed.kind is not None and parsed.kind != kind:
        raise FormulaError(f"formula: gives {told(parsed.kind)}, but the fact is in {told(kind)}")


def _ordered(reads: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str]]:
    """The names, each after those it reads, else as they stand; and a circle among them, if there is one."""
    done: dict[str, None] = {}
    way: list[str] = []

    def visit(name: str) -> list[str]:
        if name in way:
            return way[way.index(name) :]
        if name in done or name not in reads:
            return []
        way.append(name)
        for other in reads[name]:
            if circle := visit(other):
                return circle
        way.pop()
        done[name] = None
        return []

    for name in reads:
        if circle := visit(name):
            return [], circle
    return list(done), []


def _unsafe(
    formulas: Mapping[str, Parsed], facts: Mapping[str, Fact], parameters: Mapping[str, Parameter]
) -> Iterable[tuple[str, str]]:
    """What could go wrong for some case on some day: a division by 0, a number too large, a word that is no value."""
    around = anytime(facts, parameters.items())
    state: State = {}
    sizes = Sizes(around, state)
    for name, formula in formulas.items():
        yield from ((name, fault) for fault in _miscounted(formula, sizes))
        reading = reader(formula.expression, around)(state)
        if facts[name].derived:
            state[name] = reading
        elif b.join((b.without_nothing(reading), around.missing[name])) != around.missing[name]:
            yield name, f"formula: can come to what {name} may not be by facts.yaml; keep it within with min or max"
        if facts[name].type == "enum":
            for word in sorted(map(str, (b.values_of(reading) or frozenset()) - facts[name].values.keys())):
                yield name, f"formula: {quoted(word)} is no value of {name}; add it to values"


def _miscounted(formula: Parsed, sizes: Sizes) -> Iterable[str]:
    """A division by 0, and a number that columns have no room for, on the way or in the end."""
    for place, each in formula.operators:
        if isinstance(each, Divide) and each.zero is None:
            low, high = sizes.ends(each.divisor)
            if low <= 0 <= high:
                yield f"{place}.by: can be 0; say what the division gives then, such as zero: nothing"
    too_large = next((place for place, each in formula.operators if sizes.on_the_way(each) > WIDEST), None)
    if too_large:
        yield (
            f"{too_large}: can come to more than a whole number of 128 bits holds on the way; "
            "limit what it reckons with by min"
        )
    elif sizes.most(formula.expression) > _LARGEST:
        yield "formula: can come to more than a whole number of 64 bits holds; limit it with min"
