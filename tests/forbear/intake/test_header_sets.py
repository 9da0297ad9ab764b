"""Header sets of public lists: what their columns are taken for at first guess, and all of them in once confirmed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from forbear.intake import Accepted, ColumnUse, Mapping, guess, open_source, understand
from rules.facts.case_facts import reader
from rules.facts.cells import CellError
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files.schema import Vocabulary
from tests.support.header_sets import AS_OF, HeaderSet, header_sets

LEAST_RIGHT = 95  # percent of the columns
REAL_FILES = (  # that newcomers came with, and none of which went in
    *("zxh-standard", "zxh-cards", "huaxia-tasks", "collection-tasks", "loanguard-tape", "loandisk-loans"),
    *("lendingclub-loans", "uci-cards"),
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load(DEFAULT_PACK).vocabulary


def test_the_sets_are_many_each_is_sourced_and_a_third_is_kept_back() -> None:
    sets = header_sets()
    assert len(sets) >= 100
    assert len({each.name for each in sets}) == len(sets)
    assert all(each.source.startswith("github") for each in sets)
    assert 0.3 < sum(each.held_out for each in sets) / len(sets) < 0.5
    assert set(REAL_FILES) <= {each.name for each in sets}


@pytest.mark.parametrize("held_out", [False, True])
def test_the_first_guess_is_right_of_nearly_all_columns_and_never_wrong_in_silence(
    held_out: bool, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    counts: Counter[str] = Counter()
    silently_wrong = []
    for each in header_sets():
        if each.held_out is held_out:
            for header, outcome in _outcomes(each, vocabulary, tmp_path):
                counts[outcome] += 1
                if outcome == "wrong":
                    silently_wrong.append((each.name, header))
    assert silently_wrong == []
    assert counts["right"] >= LEAST_RIGHT / 100 * counts.total(), counts


def _outcomes(each: HeaderSet, vocabulary: Vocabulary, folder: Path) -> Iterator[tuple[str, str]]:
    """Of each column whether the guess is right, open, another but asked about, passed over, or wrong and taken."""
    guessed = guess(vocabulary, open_source(each.csv(folder / "list.csv"), vocabulary))
    for column, found in zip(each.columns, guessed.columns, strict=True):
        if found.sure == "open":
            yield column.header, "open"
        elif found.use.fact in column.right:
            yield column.header, "right"
        elif found.use.fact is None or found.sure == "likely":
            yield column.header, "asked" if found.sure == "likely" else "passed over"
        else:
            yield column.header, "wrong"


@pytest.mark.parametrize("name", REAL_FILES)
def test_a_real_list_goes_in_cell_by_cell_once_its_columns_are_confirmed(
    name: str, vocabulary: Vocabulary, tmp_path: Path
) -> None:
    each = next(each for each in header_sets() if each.name == name)
    assert _faults(each, vocabulary, tmp_path) == []


def test_every_list_goes_in_cell_by_cell_once_its_columns_are_confirmed(vocabulary: Vocabulary, tmp_path: Path) -> None:
    assert [fault for each in header_sets() for fault in _faults(each, vocabulary, tmp_path)] == []


def _faults(each: HeaderSet, vocabulary: Vocabulary, folder: Path) -> list[tuple[str, object]]:
    """Rows that do not come in, or not as they are meant."""
    mapping = _confirmed(each, vocabulary)
    path = each.csv(folder / "list.csv", numbered="case_ref" not in mapping.facts())
    rows = list(understand(open_source(path, vocabulary, mapping), vocabulary, mapping).on(AS_OF))
    faults: list[tuple[str, object]] = []
    renamed = {"borrower_ref": "case_ref"} if "borrower_ref" not in mapping.facts() else {}
    for row, meant in zip(rows, each.meant(), strict=True):
        if not isinstance(row, Accepted):
            faults.append((each.name, (row.field, row.en)))
            continue
        got = row.facts | row.private
        wrong = {
            fact: (value, got.get(renamed.get(fact, fact)))
            for fact, value in meant.items()
            if got.get(renamed.get(fact, fact)) != value
        }
        beyond = got.keys() - meant.keys() - mapping.constants.keys() - {"case_ref", "notes"}
        if wrong or beyond:
            faults.append((each.name, (wrong, sorted(beyond))))
    return faults


def _confirmed(each: HeaderSet, vocabulary: Vocabulary) -> Mapping:
    """What somebody who knows the list says of it, in the form that page, command line and API take."""
    used = each.used
    if "case_ref" not in used.values():  # a list of persons: its number of the person is the case's
        used = {header: "case_ref" if fact == "borrower_ref" else fact for header, fact in used.items()}
    cells = {column.header: column.cells for column in each.columns}
    columns = {column.header: ColumnUse(fact=used.get(column.header)) for column in each.columns}
    columns |= {
        header: ColumnUse(fact=fact, unit="fraction" if cells[header] == "frac" else "%")
        for header, fact in used.items()
        if fact == "annual_rate_percent"
    }
    constants = {"hardship": "none_stated", "product": "credit_card"}
    if not {"days_overdue", "due_date"} & set(used.values()):
        constants["days_overdue"] = "30"
    kinds = set(cells.values())
    return Mapping(
        columns=columns,
        constants={fact: word for fact, word in constants.items() if fact not in used.values()},
        values={"product": _words(each, vocabulary)},
        date_order="mdy" if "date_us" in kinds else "dmy" if "date_uk" in kinds else None,
    )


def _words(each: HeaderSet, vocabulary: Vocabulary) -> dict[str, str]:
    """The words for products that the pack does not know, with what they mean."""
    read, words = reader(vocabulary.facts["product"]), {}
    for word, value in each.words("product").items():
        try:
            read(word)
        except CellError:
            words[word] = value
    return words
