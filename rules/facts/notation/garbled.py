"""Garbled: letters that were read in an encoding that was not theirs, or lost on the way and left as ? or U+FFFD."""

from __future__ import annotations

import re
from typing import Final

_LOST: Final = re.compile(r"\ufffd|\u951f\u65a4\u62f7|\u9518\u5321\u8c62|\u70eb{3}|\u5c6f{3}")  # U+FFFD, and it in GBK
# UTF-8 taken for Windows-1252: a lead byte as a letter, then bytes that are no letters.
_WESTERN: Final = re.compile(
    "(?:[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2026\u2030"
    "\u2039\u203a\u20ac\u2122]{1,3})+"
)
_LATIN_RUN: Final = re.compile("[\u00a1-\u00ff]{4,}")  # GB18030 taken for Latin-1: nobody writes four such in a row
_LOST_LETTER: Final = re.compile(r"[^\x00-\x7f]\?|\?[^\x00-\x7f]")
_HAN_RUN: Final = re.compile(r"[\u2e80-\u9fff\ue000-\uffe5\u20ac\u2000-\u22ff]+")
# Letters that UTF-8 taken for GBK begins with, since every Chinese one begins with E4 to E9 there; in real texts rare.
_FIRST: Final = "".join(
    bytes((lead, trail)).decode("gbk", "ignore") for lead in range(0xE4, 0xEA) for trail in range(0x80, 0xC0)
)
_FIRST_OF_UTF8: Final = re.compile(f"[{_FIRST}]")
_SIGN: Final = re.compile(rf"[{_FIRST}\ufffd\u951f\u9518\u70eb\u5c6f\u00a1-\u00ff]")  # there is one in all of these
_CUT: Final = re.compile(rf"(?:[{_FIRST}]\?){{2}}")  # each second half lost
_UTF8_HAN: Final = rb"(?:[\xe4-\xe9][\x80-\xbf]{2}|\xe3\x80[\x80-\xbf]|\xef[\xbc-\xbd][\x80-\xbf])"
_CUT_OFF: Final = rb"[\xe3-\xef][\x80-\xbf]?"
_UTF8_WHOLE: Final = re.compile(_UTF8_HAN + rb"(?:" + _UTF8_HAN + rb"+(?:" + _CUT_OFF + rb")?\??|" + _CUT_OFF + rb")")
_UTF8_WITHIN: Final = re.compile(_UTF8_HAN + rb"{3,}")


def is_garbled(text: str) -> bool:
    """Whether a text is not what somebody wrote, as far as that can be seen."""
    if text.isascii():
        return "???" in text and _is_question_marks(text)
    if _SIGN.search(text) is None:
        return False
    return bool(_LOST.search(text)) or _is_western(text) or _is_gbk(text)


def has_lost_letters(text: str) -> bool:
    """Whether a name has question marks where letters were: 李?, or ?? for two of them."""
    return "?" in text and (_LOST_LETTER.search(text) is not None or (len(text) > 1 and not text.strip("?")))


def _is_question_marks(text: str) -> bool:
    """Whether a text is more question marks than letters: what a program without the letters wrote."""
    marks = text.count("?")
    return marks > sum(map(str.isalpha, text))


def _is_western(text: str) -> bool:
    """UTF-8 taken for Windows-1252, or GB18030 for Latin-1."""
    for found in _WESTERN.finditer(text):
        raw = _western_bytes(found[0])
        meant = raw.decode("utf-8", "ignore")
        if meant.encode() == raw or _HAN_RUN.search(meant):
            return True
    for found in _LATIN_RUN.finditer(text):
        try:
            found[0][: len(found[0]) // 2 * 2].encode("latin-1").decode("gb2312")
        except UnicodeDecodeError:
            continue
        return True
    return False


def _western_bytes(text: str) -> bytes:
    return b"".join(
        letter.encode("latin-1") if ord(letter) < 0x100 else letter.encode("cp1252", "replace") for letter in text
    )


def _is_gbk(text: str) -> bool:
    """UTF-8 taken for GBK."""
    if _FIRST_OF_UTF8.search(text) is None:
        return False
    if _CUT.search(text):
        return True
    for found in _HAN_RUN.finditer(text):
        raw = found[0].encode("gb18030", "replace")
        if _UTF8_WHOLE.fullmatch(raw) or _UTF8_WITHIN.search(raw):
            return True
    return False
