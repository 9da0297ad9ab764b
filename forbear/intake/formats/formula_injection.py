"""Cells that a spreadsheet would run as a formula: made harmless on the way out, restored on the way in."""

import re

# OWASP's list for CSV injection, with the full-width forms that East Asian spreadsheets also take.
_FIRST = frozenset("'=+-@\t\r\n＝＋－＠")  # so that most cells cost no more than a look at their first character
_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_QUOTED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?%?|-", re.ASCII)


def neutralise(text: str) -> str:
    """The cell with a leading apostrophe if a spreadsheet could run it."""
    if text[:1] not in _FIRST or not _RISKY.match(text) or _PLAIN_NUMBER.fullmatch(text):
        return text
    return f"'{text}"


def quote_again(text: str) -> str:
    """The cell so that `restore` gives it back, for files whose cells are marked as text by other means."""
    return f"'{text}" if text[:1] == "'" and _QUOTED.match(text) else text


def restore(text: str) -> str:
    """The cell as it was before `neutralise`."""
    return text[1:] if text[:1] == "'" and _QUOTED.match(text) else text
