"""The mapping of an upload as a form: what was seen of the file as fields, and what comes back as a mapping."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from forbear.batch.submission.preview import Column, Preview
from forbear.intake import ColumnUse, Mapping
from forbear.intake.guessing.seen_values import UnknownWord
from forbear.intake.mapping import MOST_DEBTS, of_data
from forbear.intake.source import distinct
from rules.locale import said
from rules.pack.files.schema import Fact, Text, Vocabulary

_MAX_ROW = 7  # digits of the number of a row
_UNUSED = ColumnUse(fact=None)


@dataclass(frozen=True)
class Shown:
    """What a form shows: the mapping, guesses among it, and the places of the columns that are to be confirmed."""

    mapping: Mapping
    unsure: frozenset[int] = frozenset()

    def written(self) -> str:
        """As a field of the form."""
        return json.dumps({"mapping": self.mapping.data(), "unsure": sorted(self.unsure)})

    @classmethod
    def of(cls, fields: FormData) -> "Shown":
        """What the form that came in showed; nothing if it does not say. Raises IntakeError."""
        try:
            data = json.loads(_text(fields, "shown") or "{}")
            unsure = frozenset(int(at) for at in data.get("unsure", ()))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return cls(Mapping())
        return cls(of_data(data.get("mapping", {})), unsure)


@dataclass(frozen=True)
class MappingChoice:
    """What the form says: the mapping, without guesses that nobody confirmed; and whether it is another than shown."""

    mapping: Mapping
    changed: bool


def other_place(fields: FormData) -> Mapping | None:
    """Another sheet or another row as the header than was shown: there everything is seen anew. None if it is neither.

    Raises IntakeError for what is no mapping at all.
    """
    before = Shown.of(fields).mapping
    sheet = _text(fields, "sheet") or before.sheet
    row = _number(_text(fields, "header_row"), _MAX_ROW) or before.header_row
    if persons := _text(fields, "persons"):
        return of_data({"sheet": sheet, "persons": {"sheet": persons, "key": _text(fields, "key")}})
    if sheet != before.sheet:
        return Mapping(sheet=sheet)
    return Mapping(sheet=sheet, header_row=row, persons=before.persons) if row != before.header_row else None


def choice(fields: FormData, columns: Sequence[str]) -> MappingChoice:
    """The choice that came in for a file with these columns. Raises IntakeError for what is no mapping at all."""
    shown = Shown.of(fields)
    before = shown.mapping
    held = {at: _use(fields, at) for at in range(len(columns)) if f"fact.{at}" in fields}
    changed = {at for at, use in held.items() if use != before.columns.get(columns[at], _UNUSED)}
    ticked = {at for at in held if str(at) in fields.getlist("sure")}
    confirmed = {at: use for at, use in held.items() if at not in shown.unsure or at in changed | ticked}
    mapping = of_data(
        {
            **before.data(),
            "date_order": _text(fields, "date_order") or None,
            "columns": {columns[at]: use.model_dump() for at, use in confirmed.items()},
            "constants": _constants(fields, "constant"),
            "values": _values(fields),
            "debts": {number: _constants(fields, f"of.{number}") for number in before.debts},
        }
    )
    beside = ("date_order", "constants", "values", "debts")
    return MappingChoice(
        mapping, bool(changed) or any(getattr(mapping, name) != getattr(before, name) for name in beside)
    )


def _use(fields: FormData, at: int) -> ColumnUse:
    fact = _text(fields, f"fact.{at}") or None
    debt = _number(_text(fields, f"debt.{at}"), 2)
    if fact is None:
        return _UNUSED
    return ColumnUse(
        fact=fact, unit=_text(fields, f"unit.{at}") or None, debt=debt if debt and debt <= MOST_DEBTS else None
    )


def _constants(fields: FormData, prefix: str) -> dict[str, str]:
    """The constants that were filled in, by their facts."""
    start = f"{prefix}."
    named = {key.removeprefix(start): _text(fields, key) for key in fields if key.startswith(start)}
    return {name: value for name, value in named.items() if value}


def _values(fields: FormData) -> dict[str, dict[str, str]]:
    """The words for which a value was chosen, by their facts."""
    found: dict[str, dict[str, str]] = {}
    for key in fields:
        kind, _, rest = key.partition(".")
        if kind == "word" and (value := _text(fields, f"value.{rest}")):
            found.setdefault(rest.rpartition(".")[0], {})[_text(fields, key)] = value
    return found


def _text(fields: FormData, name: str) -> str:
    value = fields.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _number(text: str, digits: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= digits else None


@dataclass(frozen=True)
class ColumnField:
    """A column with what stands in its fields."""

    at: int
    column: Column
    use: ColumnUse
    sure: bool  # ticked as right


@dataclass(frozen=True)
class WordField:
    """A word that stands for no value of its fact, or for the one that was chosen."""

    fact: str
    word: str
    rows: int | None  # None: it is chosen already
    near: tuple[str, ...]
    value: str


@dataclass(frozen=True)
class ConstantField:
    """A fact that is the same in every row, or in every row's debt of this number."""

    name: str  # of the field
    fact: str
    value: str
    number: int | None = None  # of the debt
    missing: bool = False  # every case must have it, and it stands nowhere


@dataclass(frozen=True)
class MappingForm:
    """The fields of a file's mapping: the columns to be confirmed, those that hold a fact, those that are not used."""

    shown: Shown
    unsure: tuple[ColumnField, ...]
    used: tuple[ColumnField, ...]
    unused: tuple[ColumnField, ...]
    words: tuple[WordField, ...]
    constants: tuple[ConstantField, ...]
    homeless: tuple[str, ...]  # facts that every case must have, and that only a column can hold
    date_order: str
    debts: int  # of a row; 0 where a row is a debt


def form_of(seen: Preview, vocabulary: Vocabulary, sent: FormData | None = None) -> MappingForm:
    """The form of a preview; of one that was refused, with what it said."""
    places = {name: at for at, name in enumerate(distinct(seen.headers))}
    unsure = frozenset(places[each.header] for each in seen.unconfirmed)
    columns = [_column(places[each.header], each, sent) for each in seen.columns]
    facts = vocabulary.facts
    one_for_all = [name for name in seen.missing if _may_be_constant(facts[name])]
    return MappingForm(
        shown=Shown(seen.mapping, unsure),
        unsure=tuple(each for each in columns if each.at in unsure),
        used=tuple(each for each in columns if each.at not in unsure and each.column.fact is not None),
        unused=tuple(each for each in columns if each.at not in unsure and each.column.fact is None),
        words=tuple(_words(seen, sent)),
        constants=tuple(_constant_fields(seen, one_for_all, sent)),
        homeless=tuple(name for name in seen.missing if name not in one_for_all),
        date_order=_text(sent, "date_order") if sent is not None else seen.mapping.date_order or "",
        debts=max(seen.mapping.numbers, default=0),
    )


def _may_be_constant(fact: Fact) -> bool:
    """Whether all rows may say the same: no reference and nobody's name."""
    return fact.type != "text"


def _column(at: int, column: Column, sent: FormData | None) -> ColumnField:
    use = ColumnUse(fact=column.fact, unit=column.unit, debt=column.debt)
    if sent is None or f"fact.{at}" not in sent:
        return ColumnField(at, column, use, sure=False)
    return ColumnField(at, column, _use(sent, at), sure=str(at) in sent.getlist("sure"))


def _words(seen: Preview, sent: FormData | None) -> Iterator[WordField]:
    given = {} if sent is None else _values(sent)
    for fact, chosen in seen.mapping.values.items():
        for word, value in chosen.items():
            yield WordField(fact, word, None, (), given.get(fact, {}).get(word, value))
    for fact, words in seen.unknown.items():
        for each in words:
            yield _unknown(fact, each, given.get(fact, {}))


def _unknown(fact: str, each: UnknownWord, given: dict[str, str]) -> WordField:
    return WordField(fact, each.word, each.rows, each.near, given.get(each.word, ""))


def _constant_fields(seen: Preview, missing: Sequence[str], sent: FormData | None) -> Iterator[ConstantField]:
    def field(name: str, fact: str, value: str, number: int | None = None, *, missing: bool = False) -> ConstantField:
        return ConstantField(name, fact, value if sent is None else _text(sent, name), number, missing)

    for fact in missing:
        yield field(f"constant.{fact}", fact, "", missing=True)
    for fact, value in seen.mapping.constants.items():
        yield field(f"constant.{fact}", fact, value)
    for number, constants in seen.mapping.debts.items():
        for fact, value in constants.items():
            yield field(f"of.{number}.{fact}", fact, value, number)


def counted_from(mapping: Mapping | None) -> int:
    """The row of the file from which its rows are counted; 0 where they stand in no row of their own."""
    return 0 if mapping is None or mapping.numbers else mapping.header_row or 0


def fact_groups(vocabulary: Vocabulary) -> tuple[tuple[Text | None, tuple[str, ...]], ...]:
    """The facts that a column may hold under the pack's headings; what stands under none comes first."""
    facts = vocabulary.facts
    known = {name for name, fact in facts.items() if not fact.derived and not fact.given}
    grouped = [(group.title, tuple(name for name in group.facts if name in known)) for group in vocabulary.groups]
    taken = {name for _, names in grouped for name in names}
    return ((None, tuple(name for name in facts if name in known - taken)), *grouped)


def values_of(fact: Fact) -> dict[str, Text]:
    """The values that a select offers, with their names."""
    if fact.type == "bool":
        return {"true": said("value.yes"), "false": said("value.no")}
    return {name: Text(zh=value.zh, en=value.en) for name, value in fact.values.items()}
