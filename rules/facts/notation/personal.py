"""Personal: somebody's number or name in a text that is shown and logged, where it must not stand."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, Literal, TypeAlias

from rules.facts.notation.letters import clean
from rules.locale.word_lists import word_lists

Personal: TypeAlias = Literal["phone", "id_number", "mail", "bank_card"]

SHORTEST: Final = 11  # characters that such a number has at least
_PLACE: Final = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}"
_DAY: Final = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ID: Final = rf"{_PLACE}(?:18|19|20)\d\d{_DAY}\d{{3}}[\dx]"
_OLD_ID: Final = rf"{_PLACE}[3-9]\d{_DAY}\d{{3}}"  # of 15 digits, given to who was born before 2000
_PHONE: Final = r"(?:(?:\+|00)?86)?1[3-9]\d{9}"
_ID_NUMBER: Final = re.compile(rf"{_ID}|{_OLD_ID}", re.ASCII | re.IGNORECASE)
_PHONE_NUMBER: Final = re.compile(_PHONE, re.ASCII)
_ID_WITHIN: Final = re.compile(rf"(?<!\d)(?:{_ID}|{_OLD_ID})(?!\d)", re.ASCII | re.IGNORECASE)
_PHONE_WITHIN: Final = re.compile(rf"(?<!\d){_PHONE}(?!\d)", re.ASCII)
# As they are written within a code, whose other parts must not be taken together with them: FB-110101-19900307-1234.
_ID_IN_CODE: Final = re.compile(
    rf"(?<!\d){_PLACE}[\s.-]?(?:(?:18|19|20)\d\d{_DAY}[\s.-]?\d{{3}}[\dx]|[3-9]\d{_DAY}[\s.-]?\d{{3}})(?!\d)",
    re.ASCII | re.IGNORECASE,
)
_PHONE_IN_CODE: Final = re.compile(
    r"(?<!\d)(?:(?:\+|00)?86[\s.-]?)?1[3-9]\d(?:\d{8}|([\s.-])(?!(?:19|20)\d\d)\d{4}\1\d{4})(?!\d)", re.ASCII
)
# Of 16 to 19 digits, the last of which checks them. UnionPay's (62) are known as they are; those of Visa, Mastercard
# and JCB where they stand in fours: numbers of contracts begin like them, with the code of a province.
_CARD: Final = re.compile(r"62\d{14,17}|(?:4\d|5[1-5]|35)\d{14}", re.ASCII)
_CARD_IN_CODE: Final = re.compile(
    r"(?<!\d)(?:\d{16,19}|\d{4}([\s.-])(?:\d{4}\1){2}\d{4}(?:\1\d{1,3})?)(?!\d)", re.ASCII
)
_MAIL: Final = re.compile(r"[\w.+-]@[\w-]+\.[\w.-]*[a-z]", re.ASCII | re.IGNORECASE)
_PARTING: Final = re.compile(r"[\s().-]+")
_HAN: Final = r"\u3400-\u9fff"
_NAME: Final = re.compile(rf"(?:{'|'.join(word_lists('surnames'))})[{_HAN}\u00b7]{{1,2}}")
_NEW_ID: Final = 18  # characters of an ID number; the old ones have 15
_LONGEST_NAME: Final = 4


def number_in_code(text: str) -> Personal | None:
    """Whose number or address stands whole in a code; its own numbers and dates are nobody's."""
    if len(text) < SHORTEST and "@" not in text:
        return None
    plain = clean(text)
    if _MAIL.search(plain):
        return "mail"
    if _ID_IN_CODE.search(plain):
        return "id_number"
    if _PHONE_IN_CODE.search(plain):
        return "phone"
    return "bank_card" if _holds_card(plain) else None


def number_as(text: str) -> Personal | None:
    """Whose number a text is from its first letter to its last, as far as that can be seen."""
    if len(text) < SHORTEST:
        return None
    bare = _PARTING.sub("", clean(text))
    if _ID_NUMBER.fullmatch(bare):
        return "id_number"
    if _PHONE_NUMBER.fullmatch(bare):
        return "phone"
    return "bank_card" if bare.isdecimal() and _holds_card(clean(text)) else None


def number_within(text: str) -> Personal | None:
    """Whose number or address stands somewhere in a text."""
    if "@" in text and _MAIL.search(clean(text)):
        return "mail"
    if len(text) < SHORTEST:
        return None
    bare = _PARTING.sub("", clean(text))
    if _ID_WITHIN.search(bare):
        return "id_number"
    if _PHONE_WITHIN.search(bare):
        return "phone"
    return "bank_card" if _holds_card(clean(text)) else None


def _holds_card(text: str) -> bool:
    return any(
        _is_card(_PARTING.sub("", found[0])) and (found[1] is not None or found[0].startswith("62"))
        for found in _CARD_IN_CODE.finditer(text)
    )


def _is_card(digits: str) -> bool:
    """Whether a bank gives out such a number: how it begins, how long it is, and Luhn's sum (ISO/IEC 7812-1)."""
    if not _CARD.fullmatch(digits):
        return False
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(each - 9 * (each > 9) for each in doubled) % 10 == 0


def birthday(id_number: str) -> dt.date | None:
    """The day that an ID number of the mainland says somebody was born; None where it is none."""
    bare = _PARTING.sub("", clean(id_number))
    if not _ID_NUMBER.fullmatch(bare):
        return None
    day = bare[6:14] if len(bare) == _NEW_ID else f"19{bare[6:12]}"
    try:
        return dt.date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError:
        return None


def is_name(text: str) -> bool:
    """Whether a text looks like the name of a person and nothing else."""
    return 1 < len(text) <= _LONGEST_NAME and _NAME.fullmatch(clean(text)) is not None
