"""A text is read in one script and width, whatever stands between its letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.reading import Reading, bare, plain, reading


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("不 想 活", "不想活"),
        ("不*想-活", "不想活"),
        ("不想\n活", "不想活"),
        ("今天很好。\n明天不想活", "今天很好。明天不想活"),
        ("今天没有还\n明天一定还", "今天没有还。明天一定还"),
        ("今天好\n明天一定还", "今天好明天一定还"),  # three letters are no line
        ("今天没还\n明天一定还", "今天没还。明天一定还"),
        ("今天一定还\n明天好", "今天一定还明天好"),
        ("輕生，遺書", "轻生，遗书"),
        ("ＥＮＤ　my\tlife", "end my life"),
        ("end-my_life", "end my life"),
        ("can't", "cant"),
        ("自.杀", "自杀"),
        ("不，想，活", "不想活"),
        ("不，想活", "不，想活"),
        ("不想……活", "不想活"),
        ("想亖", "想死"),
        ("不^想`活", "不想活"),
        ("0^¼", "0 1⁄4"),
        ("🔪手腕", "刀手腕"),
        ("不想活了😭", "不想活了"),
        ("zì shā", "zi sha"),
        ("传票、支付令；没有!", "传票、支付令。没有。"),
    ],
)
def test_what_is_read(text: str, read: str) -> None:
    assert plain(text) == read


def test_each_letter_that_is_read_stands_in_its_place() -> None:
    assert reading("ＥＮＤ　my") == Reading("end my", (0, 1, 2, 3, 4, 5))
    assert reading("不*想，，活了").places == (0, 2, 3, 5, 6)
    assert reading("½，好").text == "1⁄2，好"
    assert reading("½，好").places == (0, 0, 0, 1, 2)


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("不想活 *-，。.、\nabz'4亖裡🔪"), max_size=60))
def test_every_letter_that_is_read_stands_somewhere(text: str) -> None:
    read = reading(text)
    assert read.text == plain(text)
    assert len(read.places) == len(read.text)
    assert list(read.places) == sorted(read.places)
    assert all(0 <= place < len(text) for place in read.places)
    assert bare(text) == bare(read.text)
