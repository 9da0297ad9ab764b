"""Whom a text names: in Chinese without blanks, in whatever width, and not within an address."""

import pytest

from forbear.conversation.notes import NamedPeople, named

NAMES = {"wang": 1, "li": 2, "wang.li": 3, "王芳": 4, "a_b": 5}


@pytest.mark.parametrize(
    ("text", "accounts", "unknown"),
    [
        ("@wang", (1,), ()),
        ("请@wang看一下", (1,), ()),
        ("＠ＷＡＮＧ，请看", (1,), ()),
        ("@wang.", (1,), ()),
        ("@wang.li", (3,), ()),
        ("@王芳请看 @li", (4, 2), ()),
        ("@li @li @wang", (2, 1), ()),
        ("@a_b", (5,), ()),
        ("@a_bc", (), ("a_bc",)),
        ("@wangwei", (), ("wangwei",)),
        ("@lisi 和 @li", (2,), ("lisi",)),
        ("写信到 li@wang 或 x.y@li.example", (), ()),
        ("@ 谁", (), ()),
        ("", (), ()),
    ],
)
def test_a_text_names_the_longest_name_that_is_there(
    text: str, accounts: tuple[int, ...], unknown: tuple[str, ...]
) -> None:
    assert named(text, NAMES) == NamedPeople(accounts, unknown)
