"""A denial close before the words is seen; what only looks like one is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.phrases.negation import negated


@pytest.mark.parametrize(
    "before",
    [
        "客户表示没有",
        "没",
        "不",
        "无",
        "并非",
        "绝不会",
        "从来没有想过",
        "没有任何",
        "否认有",
        "未",
        "没 有",
        "不会去",
        "他没有过任何想要",
        "沒有",
        "no ",
        "not ",
        "never ",
        "without ",
        "no signs of ",
        "he denies any ",
        "i do not ",
        "i don't ",
        "don’t want to ",
        "never had thoughts of ",
        "did not mention any ",
        "i dont ",
        "they wouldn't ",
    ],
)
def test_a_denial_close_before_is_seen(before: str) -> None:
    assert negated(before)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "最近",
        "还不起钱，",
        "还不起钱想",
        "没钱了想",
        "受不了想",
        "无力偿还想",
        "走投无路",
        "不得不",
        "除非",
        "何不",
        "差点没",
        "无时无刻不",
        "没有工作，",
        "睡不着就",
        "别人说做",
        "no money, ",
        "i cannot pay and ",
        "not now. ",
        "another ",
        "no job left so i ",
        "knot ",
        "i want to ",
        "an important ",
    ],
)
def test_what_only_looks_like_a_denial_is_none(before: str) -> None:
    assert not negated(before)


@given(st.text(max_size=80))
def test_a_comma_ends_a_denial(before: str) -> None:
    assert not negated(before + "没有，")
    assert not negated(before + "never, ")


def test_a_denial_reaches_sixty_letters_and_no_further() -> None:
    between = " the" * 14
    assert negated("no" + between.ljust(58))
    assert not negated("no" + between.ljust(59))
    assert not negated("she said no" + " the" * 40)
