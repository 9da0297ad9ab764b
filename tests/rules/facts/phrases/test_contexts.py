"""What lowers an alarm: what stands before it, behind it or on both sides, in its own sentence and not far away."""

from __future__ import annotations

import pytest

from rules.facts.phrases.contexts import lowering
from rules.pack.files.red_flags import RedFlag
from tests.support.packs.tiny_pack import tiny

PHRASES = """
contexts:
  heard: {before: [听说, 新闻], unless: [我]}
  denied: {after: [没有的事, 开玩笑]}
  over: {before: [以前], after: [现在好了, 想通了]}
"""
PACK = tiny({"phrases.yaml": PHRASES})
ALARM = "跳楼"
REACH = 40


def lowered(text: str, *contexts: str, alarm: str = ALARM) -> bool:
    """Whether the alarm in a text is lowered by any of these contexts."""
    flag = RedFlag.model_validate({"title": {"zh": "某", "en": "Some"}, "words": [alarm], "lowered_by": contexts})
    start = text.index(alarm)
    return lowering(PACK, flag).lowers(text, start, start + len(alarm))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("跳楼", False),
        ("听说有人跳楼", True),
        ("新闻说跳楼", True),
        ("跳楼听说", False),  # behind it, it is no context
        ("听说。跳楼", False),  # nor in another sentence
        ("看了电影。听说跳楼", True),
        ("听说我要跳楼", False),  # what comes between speaks against it
        ("我听说跳楼", True),  # and what stands before does not
        ("听说跳楼。我", True),
        ("听说我来，听说跳楼", True),  # the nearest counts
        ("听说他来，听说我要跳楼", False),
    ],
)
def test_what_stands_before_an_alarm_lowers_it_unless_something_between_speaks_against_it(
    text: str, told: bool
) -> None:
    assert lowered(text, "heard") is told


def test_what_speaks_against_it_may_be_in_the_alarm_itself() -> None:
    assert lowered("听说跳楼", "heard")
    assert not lowered("听说我跳楼", "heard", alarm="我跳楼")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("跳楼", False),
        ("跳楼没有的事", True),
        ("跳楼，开玩笑的", True),
        ("没有的事跳楼", False),
        ("跳楼。没有的事", False),
        ("跳楼，开玩笑。走了", True),
    ],
)
def test_what_stands_behind_an_alarm_lowers_it(text: str, told: bool) -> None:
    assert lowered(text, "denied") is told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("以前想跳楼现在好了", True),
        ("以前想跳楼，想通了", True),
        ("以前想跳楼", False),
        ("想跳楼现在好了", False),
        ("现在好了跳楼以前", False),
    ],
)
def test_a_context_of_both_sides_needs_both(text: str, told: bool) -> None:
    assert lowered(text, "over") is told


@pytest.mark.parametrize(("letters", "told"), [(REACH, True), (REACH + 1, False)])
def test_a_context_reaches_so_many_letters_in_each_direction(letters: int, told: bool) -> None:
    before, after = "听说", "没有的事"
    assert lowered(f"{before}{'字' * (letters - len(before))}{ALARM}", "heard") is told
    assert lowered(f"{ALARM}{'字' * (letters - len(after))}{after}", "denied") is told


def test_one_of_several_contexts_is_enough_and_none_lowers_nothing() -> None:
    assert not lowered("听说跳楼没有的事")
    for contexts in (("heard", "denied"), ("denied", "heard")):
        assert [lowered(text, *contexts) for text in ("听说跳楼", "跳楼没有的事", "跳楼")] == [True, True, False]
