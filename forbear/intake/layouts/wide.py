"""Wide rows: one row a person with several debts in its columns, each read as a row of its own."""

import re
import unicodedata
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from forbear.intake.columns import NOTES
from forbear.intake.guessing.guessed import BY_NAME, PROPOSED, Guessed
from forbear.intake.headers import Names, bare, folded
from forbear.intake.mapping import MOST_DEBTS, ColumnUse, Mapping
from forbear.locale import said
from rules.facts.cells import fold, words_of_values
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Vocabulary

SCALE: Final = 100  # row 7, debt 2 is counted as row 702
_NUMBER: Final = word_lists("columns")["number"]
_BEFORE, _BEHIND = "|".join(_NUMBER["before"]), "|".join(_NUMBER["behind"])
# A figure of at most two digits; a letter of another script is one if Unicode has a number for it.
_FIGURE: Final = r"(\d{1,2}|[^\W\d_a-z])"
_LAST: Final = re.compile(rf"(.+?)[\s_\-(]*{_FIGURE}\)?")
_FIRST: Final = re.compile(rf"(?:{_BEFORE})?[\s_\-(]*{_FIGURE}\)?\s*(?:{_BEHIND})?(?:{_BEFORE})?[\s_\-.:]*(.+)")
# What a debt is known by, not a person: only such columns say that a row holds several.
_OF_DEBTS: Final = ("balance", "principal", "product", "lender", "days_overdue", "due_date", "monthly_due")


class Numbered(NamedTuple):
    """A header taken apart: the name of a fact, and the number of a debt."""

    name: str
    debt: int


def proposed(
    vocabulary: Vocabulary,
    names: Names,
    columns: Sequence[Guessed],
    cells: Sequence[Sequence[object]],
    base: Mapping,
) -> tuple[list[Guessed], dict[int, dict[str, str]]]:
    """The guesses, with columns of several debts numbered where they show, and what is constant of each debt."""
    if base.numbers or any(each.use.debt is not None for each in columns):
        return list(columns), {}
    found = _numbered(vocabulary, names, columns, cells) or _by_product(vocabulary, names, columns)
    if found is None:
        return list(columns), {}
    settled, debts = found
    each_debt = {each.use.fact for each in settled if each.use.debt is not None}
    each_debt |= {name for constants in debts.values() for name in constants}
    return [_of_row(each, each_debt) for each in settled], debts


def _of_row(each: Guessed, each_debt: Container[str | None]) -> Guessed:
    """A column of the row, which is a total of what each of its debts has itself."""
    if each.use.debt is not None or each.use.fact is None or each.use.fact not in each_debt:
        return each
    alone = each.use if each.sure == "certain" else None
    return replace(each, use=ColumnUse(fact=None), sure="likely", why=said("guess.each_debt"), alone=alone)


def _numbered(
    vocabulary: Vocabulary, names: Names, columns: Sequence[Guessed], cells: Sequence[Sequence[object]]
) -> tuple[list[Guessed], dict[int, dict[str, str]]] | None:
    """Columns like balance 1, lender 1, balance 2, lender 2."""
    found: dict[int, tuple[str, int]] = {}
    for position, each in enumerate(columns):
        for name, debt in readings(each.text):
            fact = _fact(names, name)
            if _guessed_by_itself(each) and fact is not None and not _of_person(vocabulary, fact):
                found[position] = (fact, debt)
                break
    _products_by_lender(vocabulary, found, columns, cells)
    uses = set(found.values())
    debts = {debt for _, debt in uses}
    repeated = [fact for fact in {fact for fact, _ in uses} if sum(name == fact for name, _ in uses) > 1]
    if len(debts) < 2 or len(uses) < len(found) or not any(fact in _OF_DEBTS for fact in repeated):
        return None
    why = said("guess.debt")
    settled = list(columns)
    for position, (fact, debt) in found.items():
        settled[position] = replace(
            columns[position], use=ColumnUse(fact=fact, debt=debt), sure="likely", why=why, weight=PROPOSED
        )
    return settled, {}


def _products_by_lender(
    vocabulary: Vocabulary,
    found: dict[int, tuple[str, int]],
    columns: Sequence[Guessed],
    cells: Sequence[Sequence[object]],
) -> None:
    """Where nothing else says what product a debt is, lenders that are all names of products do: Huabei, Jiebei."""
    held = {fact for fact, _ in found.values()} | {each.use.fact for each in columns}
    lenders = [position for position, (fact, _) in found.items() if fact == "lender"]
    words = {fold(str(cell)) for position in lenders for cell in cells[position]}
    if "product" not in held and words and words <= words_of_values(vocabulary.facts["product"]).keys():
        for position in lenders:
            found[position] = ("product", found[position][1])


def _by_product(
    vocabulary: Vocabulary, names: Names, columns: Sequence[Guessed]
) -> tuple[list[Guessed], dict[int, dict[str, str]]] | None:
    """Columns like balance of Huabei, balance of Jiebei: the header says what product the debt is."""
    product = vocabulary.facts.get("product")
    if product is None or any(each.use.fact == "product" for each in columns):
        return None
    words = {
        folded(word): name
        for name, value in product.values.items()
        for word in (name, value.zh, value.en, *value.brands, *value.aliases)
        if len(word) > 1
    }
    longest_first = sorted(words, key=len, reverse=True)
    found: dict[int, tuple[str, str]] = {}
    for position, each in enumerate(columns):
        form = folded(bare(each.text))
        word = next((word for word in longest_first if form.startswith(word)), None)
        if word is None or not _guessed_by_itself(each):
            continue
        fact = _fact(names, form.removeprefix(word))
        if fact is not None and not _of_person(vocabulary, fact):
            found[position] = (fact, word)
    debts = list(dict.fromkeys(word for _, word in found.values()))
    if len(debts) < 2 or len(set(found.values())) < len(found) or len(debts) > MOST_DEBTS:
        return None
    numbers = {word: number for number, word in enumerate(debts, 1)}
    why = said("guess.debt")
    settled = list(columns)
    for position, (fact, word) in found.items():
        settled[position] = replace(
            columns[position], use=ColumnUse(fact=fact, debt=numbers[word]), sure="likely", why=why, weight=PROPOSED
        )
    return settled, {number: {"product": words[word]} for word, number in numbers.items()}


def _fact(names: Names, name: str) -> str | None:
    """The fact that a name means, or most likely does."""
    header = names.of(name)
    return None if header is None else header.facts[0]


def _guessed_by_itself(each: Guessed) -> bool:
    """Whether nobody said or confirmed what the column holds, and its name alone is no name of a fact."""
    return each.weight < BY_NAME


def _of_person(vocabulary: Vocabulary, fact: str) -> bool:
    return fact in (NOTES, "case_ref", "borrower_ref") or vocabulary.facts[fact].private


def readings(header: str) -> Iterator[Numbered]:
    """A header as a name with a number behind or before it, in the ways that make sense."""
    text = unicodedata.normalize("NFKC", bare(header)).casefold().strip()
    for pattern, figure, name in ((_LAST, 2, 1), (_FIRST, 1, 2)):
        if (match := pattern.fullmatch(text)) and (debt := _figure(match[figure])):
            yield Numbered(match[name], debt)


def _figure(text: str) -> int | None:
    if text.isdecimal():
        number = int(text)
    else:
        value = unicodedata.numeric(text, 0.0)
        number = int(value) if value.is_integer() else 0
    return number if 1 <= number <= MOST_DEBTS else None
