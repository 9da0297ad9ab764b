"""Mapping: which fact each column of a file holds and in which unit, and what stands in no column; written as JSON."""

import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_serializer
from pydantic_core import ErrorDetails

from forbear.intake.columns import refuse_twice
from forbear.intake.date_order import DateOrder
from forbear.intake.headers import folded, unit_named
from forbear.intake.source import IntakeError, distinct
from rules.facts.case_facts import reader
from rules.facts.cells import CellError
from rules.facts.notation.units import Unit, wanted
from rules.locale import listed
from rules.pack.files.schema import Fact, Text, Vocabulary

MOST_DEBTS = 99  # of one row; a row's number and a debt's stand in one number
_MOST_NAMED = 12  # columns or values that a refusal names


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnUse(_Model):
    """What a column holds: a fact, in a unit of its own, of one of the row's debts. None: kept, and not used."""

    fact: str | None
    unit: str | None = None
    debt: Annotated[int, Field(ge=1, le=MOST_DEBTS)] | None = None

    @model_serializer
    def _written(self) -> dict[str, Any]:
        return {name: value for name, value in self.__iter__() if name == "fact" or value is not None}


class Persons(_Model):
    """The sheet of the persons whose debts are in another, and the column, there in both, by which they are tied."""

    sheet: str
    key: str
    header_row: Annotated[int, Field(ge=1)] | None = None


class Mapping(_Model):
    """How a file is understood. A column that is left out is guessed; what is given is not."""

    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None
    date_order: DateOrder | None = None
    columns: dict[str, ColumnUse] = {}
    constants: dict[str, str] = {}  # facts that no column holds, the same in every row
    values: dict[str, dict[str, str]] = {}  # words of a fact's columns, and the values that they stand for
    debts: dict[Annotated[int, Field(ge=1, le=MOST_DEBTS)], dict[str, str]] = {}  # constants of one debt of a row
    persons: Persons | None = None

    def written(self) -> str:
        """The mapping as a file."""
        return json.dumps(self.data(), ensure_ascii=False, indent=2) + "\n"

    def data(self) -> dict[str, Any]:
        """The mapping as a JSON object that says only what is not so by itself."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The debts that a row may hold; none where a row is a debt."""
        held = {use.debt for use in self.columns.values() if use.debt is not None}
        return tuple(sorted(held | self.debts.keys()))

    def facts(self) -> set[str]:
        """The facts that a case may get."""
        held = {use.fact for use in self.columns.values() if use.fact is not None}
        held |= self.constants.keys() | {name for debt in self.debts.values() for name in debt}
        if self.numbers and "borrower_ref" in held:
            held.add("case_ref")  # the borrower's with the number of the debt, where the row has none of its own
        return held

    def with_constants(self, constants: dict[str, str]) -> "Mapping":
        """The same with these constants too."""
        return self.model_copy(update={"constants": {**self.constants, **constants}})


def parse(text: str, name: str) -> Mapping:
    """A mapping as it was written. Raises IntakeError."""
    try:
        data = json.loads(text, object_pairs_hook=_each_once)
    except (json.JSONDecodeError, RecursionError):
        raise IntakeError("mapping.not_json", name=name) from None
    return of_data(data)


def of_data(data: object) -> Mapping:
    """A mapping from the object that JSON gave. Raises IntakeError."""
    try:
        return Mapping.model_validate(data)
    except ValidationError as error:
        faults = error.errors()
        unknown = (each for each in faults if each["type"] == "extra_forbidden")  # a wrong key makes others missing
        raise _refused(next(unknown, faults[0])) from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise IntakeError("mapping.key_twice", name=key)
        found[key] = value
    return found


def _refused(error: ErrorDetails) -> IntakeError:
    where = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        known = ColumnUse.model_fields if "columns." in where else Mapping.model_fields
        return IntakeError("mapping.unknown_key", name=where, known=", ".join(known))
    if not where:
        return IntakeError("mapping.not_an_object")
    return IntakeError("mapping.wrong", name=where)


def check(mapping: Mapping, vocabulary: Vocabulary, columns: Sequence[str]) -> None:
    """Whether a mapping can be followed for a file with these columns. Raises IntakeError for the first mistake."""
    names = distinct(columns)
    for column, use in mapping.columns.items():
        if column not in names:
            raise IntakeError("mapping.no_column", column=column, columns=_some(near(column, names) or names))
        if use.fact is not None:
            _check_unit(_fact(vocabulary, use.fact, column), column, use)
    for constants in (mapping.constants, *mapping.debts.values()):
        for name, word in constants.items():
            _check_constant(vocabulary, name, word)
    for name, words in mapping.values.items():
        _check_values(_fact(vocabulary, name, "values"), name, words)
    check_held_once(mapping, vocabulary)
    if mapping.persons is not None and mapping.persons.key not in names:
        key = mapping.persons.key
        raise IntakeError("mapping.no_column", column=key, columns=_some(near(key, names) or names))
    refuse_twice(vocabulary, ((column, use.fact, use.debt) for column, use in mapping.columns.items()))


def check_held_once(mapping: Mapping, vocabulary: Vocabulary) -> None:
    """A fact that is constant, of all rows or of one debt of a row, stands in no column. Raises IntakeError."""
    for number, constants in ((None, mapping.constants), *mapping.debts.items()):
        for name in constants:
            for column, use in mapping.columns.items():
                if use.fact == name and (None in (number, use.debt) or use.debt == number):
                    raise IntakeError("mapping.constant_and_column", field=_title(vocabulary, name), column=column)


def _check_unit(fact: Fact, column: str, use: ColumnUse) -> None:
    if use.unit is not None and not isinstance(unit_named(fact, use.unit), Unit):
        raise IntakeError("mapping.unit", column=column, unit=use.unit, field=fact.title, wanted=wanted(fact))


def _fact(vocabulary: Vocabulary, name: str, column: str) -> Fact:
    fact = vocabulary.facts.get(name)
    if fact is None or fact.derived or fact.given:
        known = [each for each, fact in vocabulary.facts.items() if not fact.derived and not fact.given]
        raise IntakeError("mapping.unknown_fact", column=column, fact=name, known=_some(near(name, known) or known))
    return fact


def _check_constant(vocabulary: Vocabulary, name: str, word: str) -> None:
    fact = _fact(vocabulary, name, "constants")
    try:
        value = reader(fact)(word)
    except CellError as error:
        raise IntakeError("mapping.constant", field=_title(vocabulary, name), error=error.text) from None
    if value is None:
        raise IntakeError("mapping.constant_blank", field=_title(vocabulary, name))


def _check_values(fact: Fact, name: str, words: dict[str, str]) -> None:
    allowed = tuple(fact.values) or (("true", "false") if fact.type == "bool" else ())
    if not allowed:
        raise IntakeError("mapping.no_values", field=Text(zh=fact.title.zh, en=name))
    for word, value in words.items():
        if value not in allowed:
            raise IntakeError(
                "mapping.not_a_value",
                field=Text(zh=fact.title.zh, en=name),
                word=word,
                value=value,
                values=_some(near(value, allowed) or allowed),
            )


def near(name: str, known: Iterable[str]) -> list[str]:
    """Names like this one, the likest first."""
    by_form = {folded(each): each for each in known}
    return [by_form[form] for form in get_close_matches(folded(name), by_form, n=3, cutoff=0.5)]


def _some(names: Sequence[str]) -> Text:
    return listed(Text(zh=name, en=name) for name in names[:_MOST_NAMED])


def _title(vocabulary: Vocabulary, name: str) -> Text:
    return Text(zh=vocabulary.facts[name].title.zh, en=name)
