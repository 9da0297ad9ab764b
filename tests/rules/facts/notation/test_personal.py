"""Numbers and names of people, where they must not stand."""

import datetime as dt

import pytest

from rules.facts.notation.personal import birthday, is_name, number_as, number_in_code, number_within


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
        ("6222021234567890128", "bank_card"),
        ("6222 0212 3456 7890 128", "bank_card"),
        ("４１１１ １１１１ １１１１ １１１１", "bank_card"),
        ("4111-1111-1111-1111", "bank_card"),
        ("4111111111111111", None),  # a contract of a province may have this number
        ("4111 1111 1111 1112", None),  # its last digit does not check
        ("41111111111111111", None),  # Visa's have 16 digits
        ("2024011500000000012", None),  # it checks, and no bank begins so
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
        ("身份证110101900307775", "id_number"),
        ("某银行 zhang@example.com", "mail"),
        ("微信 @某某某某某某某某某", None),
        ("13800138000", "phone"),
        ("测试银行客服 400-820-8888", None),
        ("贷款账号 6217001380013800012", None),  # more digits than a phone has, and no card's
        ("还款卡 6217001380013800015", "bank_card"),
    ],
)
def test_a_number_of_a_person_within_a_text_is_known(text: str, whose: str | None) -> None:
    assert number_within(text) == whose


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("FB-110101199003071234", "id_number"),
        ("FB_110101199003071234X", "id_number"),
        ("fb11010119900307123x", "id_number"),
        ("FB-110101-19900307-1234", "id_number"),
        ("FB-110101900307123", "id_number"),
        ("110101900307123", "id_number"),
        ("T13812345678", "phone"),
        ("13812345678", "phone"),
        ("HT-13912345678", "phone"),
        ("张三13812345678", "phone"),
        ("FB-138-1234-5678", "phone"),
        ("FB-+86 13812345678", "phone"),
        ("zhang.san@example.com", "mail"),
        ("a@b.cn", "mail"),
        ("FB-2026-000123", None),
        ("20261129000123", None),
        ("202611290001234", None),
        ("FB-138-2026-0001", None),
        ("FB-138-20261129", None),
        ("2026-1380-0138-000", None),
        ("330100261129001", None),  # an office, a day, a number
        ("2024011500000000012", None),
        ("6217001380013800012", None),
        ("FB-6217001380013800015", "bank_card"),
        ("FB-6217-0013-8001-3800-015", "bank_card"),
        ("FB-62170013800138000159", None),  # within more digits
        ("FB@1", None),
    ],
)
def test_a_number_of_a_person_within_a_code_is_known(text: str, whose: str | None) -> None:
    assert number_in_code(text) == whose


@pytest.mark.parametrize("text", ["张伟", "張偉", "欧阳娜娜", "王小明"])
def test_a_name_of_a_person_is_known(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["张", "测试案件", "甲001", "张伟1", "王小明先生你好", "case", ""])
def test_what_is_no_name_is_not_taken_for_one(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("number", "day"),
    [
        ("110101199003077758", dt.date(1990, 3, 7)),
        ("110101 20041130 775X", dt.date(2004, 11, 30)),
        ("110101900307775", dt.date(1990, 3, 7)),
        ("１１０１０１１９９００３０７７７５８", dt.date(1990, 3, 7)),
        ("110101199002307758", None),  # no such day
        ("110101199013077758", None),
        ("1101011990030777580", None),
        ("000101900307775", None),
        ("", None),
    ],
)
def test_a_birthday_is_read_from_a_number_that_can_be_one(number: str, day: dt.date | None) -> None:
    assert birthday(number) == day
