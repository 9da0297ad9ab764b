"""What everybody may see of a personal value: enough to tell people apart, and no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forbear.base.masks import mask


@pytest.mark.parametrize(
    ("fact", "value", "shown"),
    [
        ("name", "张三丰", "张**"),
        ("name", "张", "**"),
        ("name", "张三", "张**"),
        ("name", "Zhang San", "Z**"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "0571-8888", "****"),
        ("phone", "1381234567", "****"),
        ("phone", "+8613812345678", "+86*******5678"),
        ("id_number", "330102199003071234", "3301**********1234"),
        ("id_number", "33010219900307123X", "3301**********123X"),
        ("id_number", "330102900307123", "3301*******7123"),
        ("id_number", "E1234567", "****"),
        ("notes", "什么都不露", None),
        ("anything_else", "x", None),
    ],
)
def test_a_mask_shows_what_tells_people_apart_and_no_more(fact: str, value: str, shown: str | None) -> None:
    assert mask(fact, value) == shown


@given(st.sampled_from(["name", "phone", "id_number", "notes"]), st.text(min_size=1, max_size=60))
def test_no_mask_shows_more_than_eight_characters_nor_a_whole_value(fact: str, value: str) -> None:
    shown = mask(fact, value)
    most = {"name": 1, "phone": 7, "id_number": 8}.get(fact, 0)
    assert shown is None or len(shown.replace("*", "")) <= min(most, max(0, len(value) - 1))
