"""What an English sentence says otherwise than its template: one of a thing, a day, the number of a document."""

import datetime as dt
from typing import Any

import pytest

from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from rules.text import english, phrases


@pytest.fixture(scope="module")
def default_pack() -> Pack:
    return load(DEFAULT_PACK)


@pytest.mark.parametrize(
    ("words", "one"),
    [
        (" days overdue.", " day overdue."),
        (" creditors are overdue", " creditor is overdue"),
        (" working days", " working day"),
        (" overdue days are", " overdue day is"),
        (" a month", " a month"),
        (" daysack", " daysack"),
        (", days left", ", days left"),
    ],
)
def test_one_of_a_thing_is_no_plural(words: str, one: str) -> None:
    assert english.one_of(words) == one


def test_a_sentence_is_filled_in_as_english_says_it(default_pack: Pack) -> None:
    text = Text(
        zh="逾期{days_overdue}天，{due_date}到期，{creditors_overdue}家",
        en="{days_overdue} days overdue since {due_date}; {creditors_overdue} creditors are owed.",
    )

    def told(**facts: Any) -> Text:
        return phrases.filled(default_pack, text, facts, dt.date(2026, 11, 23))

    day = dt.date(2026, 11, 22)
    one, more = (told(days_overdue=n, due_date=day, creditors_overdue=n) for n in (1, 11))
    assert one.en == "1 day overdue since 22 November 2026; 1 creditor is owed."
    assert more.en == "11 days overdue since 22 November 2026; 11 creditors are owed."
    assert one.zh == "逾期1天，2026-11-22到期，1家"


def test_every_chinese_number_of_a_document_is_said_in_english(default_pack: Pack) -> None:
    numbers = {each.number for each in default_pack.references.values() if each.number}
    chinese = {number for number in numbers if not number.isascii()}
    assert {number for number in chinese if not english.document_number(number)} == set()
    assert english.document_number("银监会令2011年第2号") == "CBRC order No. 2 of 2011"
    assert english.document_number("GB/T 45251-2025") is None
    assert english.document_number("某会〔2020〕1号") is None
