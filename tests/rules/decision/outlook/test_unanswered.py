"""What the notes tell and no fact answers, flag by flag."""

from dataclasses import replace
from typing import Any

import pytest

from rules.decision.outlook.unanswered import doubted, unanswered
from rules.pack.files.red_flags import RedFlag
from rules.pack.files.schema import Text
from tests.support.packs.tiny_pack import tiny

TITLE = Text(zh="旗", en="Flag")
PACK = replace(
    tiny(),
    red_flags={
        "plain": RedFlag(title=TITLE),  # nothing answers it, and it asks for nothing
        "court": RedFlag(
            title=TITLE,
            answered_by=({"fact": "stage", "one_of": ("hearing", True)}, "served_on"),
        ),
        "visits": RedFlag(title=TITLE, answered_by=({"fact": "violations", "one_of": ("visit",)}, "served_on")),
    },
)


@pytest.mark.parametrize(
    ("facts", "open_flags"),
    [
        ({}, ("court", "visits")),
        ({"stage": "hearing"}, ("visits",)),
        ({"stage": True}, ("visits",)),
        ({"stage": "none"}, ("court", "visits")),
        ({"violations": ("visit", "hours")}, ("court",)),
        ({"violations": ("hours", "family")}, ("court", "visits")),
        ({"violations": ()}, ("court", "visits")),
        ({"violations": "visit"}, ("court",)),
        ({"served_on": "yesterday"}, ()),
        ({"served_on": 0}, ("court", "visits")),  # as good as no
        *(({"served_on": nothing}, ("court", "visits")) for nothing in (None, False, "none", ())),
    ],
)
def test_a_flag_is_answered_by_any_of_its_facts_and_what_says_no_is_no_answer(
    facts: dict[str, Any], open_flags: tuple[str, ...]
) -> None:
    assert unanswered(PACK, {"note_flags": ("court", "plain", "visits"), **facts}) == open_flags


def test_only_what_was_raised_and_is_known_to_the_pack_is_open() -> None:
    assert unanswered(PACK, {}) == ()
    assert unanswered(PACK, {"note_flags": ("of_another_pack", "court")}) == ("court",)
    assert unanswered(PACK, {"note_flags": ("plain",)}) == ()


def test_each_fact_that_would_answer_is_asked_for_once() -> None:
    assert doubted(PACK, ("court", "plain", "visits")) == ("stage", "served_on", "violations")
    assert doubted(PACK, ("plain",)) == ()
