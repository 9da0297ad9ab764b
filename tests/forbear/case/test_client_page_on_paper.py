"""The client's page prints on one A4, in each language and in both, also the longest ones of the sweep."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from forbear.case.negotiation import negotiation_files, pdf
from rules.locale import Language
from rules.text.client_plan import ClientPlan
from tests.support.packs.words_sweep import Read, read

WORST = 4  # of each language


def length(plan: ClientPlan, language: Language) -> int:
    """Characters of a page, and what its lines break at."""
    lines = (plan.sentence, *plan.today, *plan.this_week, *plan.not_to_do, *(day.title for day in plan.days))
    call = 0 if plan.whom_to_call is None else len(getattr(plan.whom_to_call, language))
    return call + sum(len(getattr(line, language)) + 20 for line in lines)


def longest(language: Language) -> list[Read]:
    """The longest pages of those that are for a client, one of a strategy."""
    given = (each for each in read() if not each.kit.staff)
    ordered = sorted(given, key=lambda each: length(each.plan, language))
    by_strategy = {each.decided.outcome.strategy: each for each in ordered}
    return sorted(by_strategy.values(), key=lambda each: -length(each.plan, language))[:WORST]


def pages(each: Read, languages: tuple[Language, ...]) -> list[str]:
    document = pdf.render(negotiation_files.page(each.kit, languages))
    return ["".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(document)).pages]


def without_spaces(text: str) -> str:
    return "".join(text.split())


@pytest.mark.browser
@pytest.mark.parametrize("languages", [("zh",), ("en",), ("zh", "en")])
def test_it_is_the_first_page_and_nothing_of_it_is_on_the_second(languages: tuple[Language, ...]) -> None:
    for each in longest(languages[-1]):
        first, second, *_ = pages(each, languages)
        ends = each.plan.whom_to_call
        assert ends is not None
        for language in languages:
            # The last digits of the call end the page: a number is read the same in every font.
            assert without_spaces(getattr(ends, language))[-6:-1] in first, (each.name, language)
            assert without_spaces(getattr(ends, language)) not in second, (each.name, language)
        days = "要紧的日子" if "zh" in languages else "Daystokeep"
        assert days not in first and days in second, (each.name, languages)
