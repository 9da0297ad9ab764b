"""Numbers and names of people, where they must not stand."""

import pytest

from rules.facts.notation.personal import is_name, number_as, number_within


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("13800138000", "phone"),
        ("+86 138-0013-8000", "phone"),
        ("（138）0013 8000", "phone"),
        ("110101199003077758", "id_number"),
        ("11010119900307775x", "id_number"),
        ("１３８００１３８０００", "phone"),
        ("12800138000", None),
        ("110101199013077758", None),  # no thirteenth month
        ("2024013800138000", None),
        ("HT-13912345678", None),  # a contract's number may be anything behind its letters
        ("FB-0001", None),
        ("", None),
    ],
)
def test_a_text_that_is_a_number_of_a_person_is_known(text: str, whose: str | None) -> None:
    assert number_as(text) == whose


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("王先生13800138000", "phone"),
        ("某区某路1号（138 0013 8000）", "phone"),
        ("身份证110101199003077758", "id_number"),
        ("测试银行客服 400-820-8888", None),
        ("贷款账号 6217001380013800012", None),  # more digits than a phone has
    ],
)
def test_a_number_of_a_person_within_a_text_is_known(text: str, whose: str | None) -> None:
    assert number_within(text) == whose


@pytest.mark.parametrize("text", ["张伟", "張偉", "欧阳娜娜", "王小明"])
def test_a_name_of_a_person_is_known(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["张", "测试案件", "甲001", "张伟1", "王小明先生你好", "case", ""])
def test_what_is_no_name_is_not_taken_for_one(text: str) -> None:
    assert not is_name(text)
