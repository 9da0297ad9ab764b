"""Names, phones and ID numbers land in no fact that is shown, whatever their column is called."""

from pathlib import Path

import pytest

from forbear.intake import SourceFile, SourceRow, guess
from forbear.intake.headers import Names
from forbear.intake.mapping import ColumnUse, Mapping
from forbear.intake.rows import Rejected, understand
from rules.facts.case_facts import Parser
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files.schema import Fact, Vocabulary

PERSONAL = {
    "phone": ["13800138000", "139 1234 5678", "+86 158-0013-8001"],
    "id_number": ["110101199003077758", "43010219851201123X", "510104197612240015"],
    "name": ["张伟", "王小明", "陈静"],
}
CASE = {"case_ref": "A-1", "product": "信用卡", "days_overdue": "5", "hardship": "none_stated"}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return load(DEFAULT_PACK).vocabulary


def _shown(vocabulary: Vocabulary) -> dict[str, Fact]:
    return {
        name: fact
        for name, fact in vocabulary.facts.items()
        if not fact.derived and not fact.given and not fact.private
    }


def _source(headers: list[str], rows: list[list[str]]) -> SourceFile:
    return SourceFile(
        Path("list.csv"), headers, lambda: iter(SourceRow(at, list(row)) for at, row in enumerate(rows, 1))
    )


@pytest.mark.parametrize("kind", PERSONAL)
def test_a_column_of_them_is_taken_for_no_text_that_is_shown_whatever_it_is_called(
    kind: str, vocabulary: Vocabulary
) -> None:
    texts = {name: fact for name, fact in _shown(vocabulary).items() if fact.type == "text"}
    headers = [
        header
        for name, fact in texts.items()
        for header in (name, fact.title.zh, fact.title.en, *fact.aliases, *fact.asks)
    ]
    found = guess(vocabulary, _source(headers, [[cell] * len(headers) for cell in PERSONAL[kind]]))
    assert {each.header: each.use.fact for each in found.columns if each.use.fact in texts} == {}


@pytest.mark.parametrize("kind", PERSONAL)
def test_a_cell_of_them_is_refused_in_every_fact_that_is_shown_even_where_somebody_says_so(
    kind: str, vocabulary: Vocabulary
) -> None:
    parser = Parser(vocabulary)
    for name in _shown(vocabulary):
        if kind == "name" and name in ("lender", "city"):
            continue  # a private lender has a name, and a town may be called like somebody
        for cell in PERSONAL[kind]:
            facts, errors = parser.parse({**CASE, name: cell})
            assert name in {error.field for error in errors} or facts.get(name) in (None, CASE.get(name)), (name, cell)


def test_a_number_inside_a_shown_text_is_refused_with_where_it_belongs(vocabulary: Vocabulary) -> None:
    _, errors = Parser(vocabulary).parse({**CASE, "lender": "王某 13800138000"})
    assert [error.en for error in errors] == [
        "Lender: holds a phone number; this is shown to others, so put phone numbers into the column for them."
    ]


def test_names_as_references_come_back_even_where_the_mapping_says_so(vocabulary: Vocabulary) -> None:
    mapping = Mapping(
        columns={"谁": ColumnUse(fact="case_ref")},
        constants={"product": "credit_card", "days_overdue": "5", "hardship": "none_stated"},
    )
    rows = list(understand(_source(["谁"], [["张伟"]]), vocabulary, mapping))
    assert [row.field for row in rows if isinstance(row, Rejected)] == ["case_ref"]
    assert isinstance(rows[0], Rejected)
    assert "looks like a name" in rows[0].en


def test_no_two_facts_share_a_name_as_headers_are_compared(vocabulary: Vocabulary) -> None:
    names = Names(vocabulary)
    for name, fact in vocabulary.facts.items():
        if not fact.derived:
            for header in (name, fact.title.zh, fact.title.en, *fact.aliases):
                known = names.of(header)
                assert known is not None
                assert (known.facts, known.sure) == ((name,), True), header
            for header in fact.asks:
                known = names.of(header)
                assert known is not None
                assert name in known.facts, header
                assert not known.sure, header
