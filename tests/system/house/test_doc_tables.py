"""The docs say of formats and actions what the tables say, and of speed what the benches wrote."""

from pathlib import Path

import pytest

from tests.support.doc_tables import TABLES, current, pages


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_is_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert current(text) == text, "python -m tests.support.doc_tables writes it anew"


def test_every_table_stands_somewhere() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in pages())
    assert [name for name, table in TABLES.items() if table not in text] == []
