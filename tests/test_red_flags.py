"""Words of alarm are found however they are typed, and nobody argues with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.red_flags import scan
from tests.packs import edited, tiny

PACK = tiny()


@pytest.mark.parametrize(
    "notes",
    [
        "最近不想活了",
        "没有不想活的念头",  # negation is for a person to judge
        "不 想\n活",
        "不\u200b想活",
        "我想 END  MY LIFE",
        "ｅｎｄ ｍｙ ｌｉｆｅ",
        "i'd rather end my lifelong debt",  # widely: the beginning of a word is enough
        "就是end my life",
    ],
)
def test_danger_is_found(notes: str) -> None:
    assert scan(PACK, notes) == ("self_harm",)


@pytest.mark.parametrize("notes", ["", "失业，想分期", "weekend my life", "end my wife's loan", "不想，活着"])
def test_calm_notes_raise_nothing(notes: str) -> None:
    assert scan(PACK, notes) == ()


def test_several_flags_come_in_alphabetical_order() -> None:
    assert scan(PACK, "不想活，又碰到 ab 贷") == ("scam", "self_harm")


def test_a_pack_with_other_words_finds_those() -> None:
    other = tiny(edited("red_flags.yaml", "words: [AB贷]", "words: [过桥]"))
    assert scan(other, "AB贷过桥") == ("scam",)
    assert scan(PACK, "过桥") == ()


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_word_is_found_in_the_middle_of_anything(before: str, after: str) -> None:
    assert "self_harm" in scan(PACK, before + " 不想活 " + after)
