"""The handbook tells how every strategy is carried out, and every letter in full, with its marks and conditions."""

from __future__ import annotations

from functools import cache

import pytest

from rules.handbook import handbook
from rules.handbook.contents import LANGUAGES
from rules.handbook.context import HandbookContext, context, plain, prose
from rules.locale import Language
from rules.pack.files.negotiation import Approach, Negotiation, ScriptLine
from rules.pack.files.schema import PRODUCT_CONTACTS, Text
from tests.rules.handbook.test_handbook import DAY, Page, entry, files, pack, page
from tests.support.packs.tiny_pack import tiny

MARK = {"zh": "等于承认债务", "en": "acknowledges the debt"}
ONLY_IF = {"zh": "仅当：", "en": "Only if: "}


@cache
def speaking(language: Language) -> HandbookContext:
    return context(pack(), DAY, language)


def negotiation() -> Negotiation:
    found = pack().negotiation
    assert found is not None
    return found


def told(language: Language, name: str) -> str:
    """An entry of the handbook as it is read, every stretch of space one."""
    return _one_line("".join(Page(entry(files()[f"handbook.{language}.html"], name)).text))


def untold(language: Language, name: str, *texts: Text) -> list[str]:
    """The texts that an entry does not tell, placeholders under the names of their fields."""
    shown = told(language, name)
    said = [_one_line(plain(prose(speaking(language), text))) for text in texts]
    return [text for text in said if text not in shown]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def lines_of(approach: Approach) -> tuple[ScriptLine, ...]:
    """The script, and the points that go with it."""
    names = (*approach.ask, *approach.in_writing, *approach.not_sign)
    return (*approach.say, *(negotiation().points[name] for name in names))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_strategy_tells_its_script_and_points_in_full(language: Language) -> None:
    assert negotiation().approaches.keys() == pack().strategies.keys()
    for name, approach in negotiation().approaches.items():
        assert untold(language, f"approaches.{name}", *lines_of(approach), approach.follow_up.text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_that_acknowledges_the_debt_is_marked_and_no_other(language: Language) -> None:
    for name, approach in negotiation().approaches.items():
        marked = sum(line.acknowledges for line in lines_of(approach))
        assert told(language, f"approaches.{name}").count(MARK[language]) == marked, name
    for name, letter in pack().letters.items():
        marked = letter.acknowledges + sum(line.acknowledges for line in letter.paragraphs)
        assert told(language, f"letters.{name}").count(MARK[language]) == marked, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_with_a_condition_says_when_it_is_said(language: Language) -> None:
    for name, approach in negotiation().approaches.items():
        conditions = sum(line.when is not None for line in lines_of(approach))
        assert told(language, f"approaches.{name}").count(ONLY_IF[language].strip()) == conditions, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_is_told_in_full(language: Language) -> None:
    for name, letter in pack().letters.items():
        signature = negotiation().signatures[letter.signed_by]
        closing = () if signature.closing is None else (signature.closing,)
        texts = (letter.title, letter.to, *letter.paragraphs, *closing, *signature.lines)
        held = (letter.hold,) if letter.hold is not None else ()
        assert untold(language, f"letters.{name}", *texts, *held) == []
        for line in (each for each in letter.paragraphs if each.when is not None):
            assert ONLY_IF[language].strip() in told(language, f"letters.{name}"), line.zh


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_every_call_has_in_common_is_told(language: Language) -> None:
    common = negotiation()
    calls = (*common.greeting, *common.farewell, common.reserve.say, common.reserve.not_sign, common.staff_notice)
    assert untold(language, "negotiation.calls", *calls) == []
    words = [text for reason in common.hardships.values() for text in (reason.say, reason.write)]
    assert untold(language, "negotiation.words", *words, *common.debts.values()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_strategies_letters_and_contacts_lead_to_each_other(language: Language) -> None:
    text = files()[f"handbook.{language}.html"]
    for name, approach in negotiation().approaches.items():
        own = entry(text, f"approaches.{name}")
        assert f'href="#strategies.{name}"' in own
        assert f'href="#approaches.{name}"' in entry(text, f"strategies.{name}")
        for file, found in (("letters", approach.letters), ("contacts", approach.contacts)):
            for each in found:
                if each == PRODUCT_CONTACTS:
                    assert 'href="#section.products"' in own
                else:
                    assert f'href="#{file}.{each}"' in own
                    assert f'href="#approaches.{name}"' in entry(text, f"{file}.{each}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_of_a_pack_leads_to_where_it_is_said(language: Language) -> None:
    text = files()[f"handbook.{language}.html"]
    for name, approach in negotiation().approaches.items():
        assert f'href="#approaches.{name}"' in entry(text, f"parameters.{approach.follow_up.days}")
    assert 'href="#letters.extension_request"' in entry(text, "facts.due_date")


def test_a_number_of_days_is_counted_as_people_count() -> None:
    assert "After 1 day: The same member of staff calls again" in told("en", "approaches.crisis_support")
    assert "After 15 days: " in told("en", "approaches.card_personalised_instalment")


def test_what_staff_say_is_marked_as_not_for_the_person() -> None:
    for name, approach in negotiation().approaches.items():
        shown = told("en", f"approaches.{name}")
        assert ("for staff, not given to the person" in shown) == (approach.speaker == "staff")
        assert ("with what is said in every call" in shown) == (approach.to == "lender")


def test_a_pack_without_words_for_a_negotiation_has_no_such_chapters() -> None:
    text = handbook(tiny(), DAY)["handbook.en.html"]
    assert "section.negotiation" not in text and "section.letters" not in text
    assert "section.negotiation" in page("en").values("id")
