"""Cells that a spreadsheet would run as a formula: made harmless on the way out, restored on the way in."""

import re

# OWASP's list for CSV injection, with the full-width forms that East Asian spreadsheets also take.
_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_QUOTED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?%?|-", re.ASCII)


def neutralise(text: str) -> str:
    """The cell with a leading apostrophe if a spreadsheet could run it."""
    return "'" + text if _RISKY.match(text) and not _PLAIN_NUMBER.fullmatch(text) else text


def quote_again(text: str) -> str:
    """The cell so that `restore` gives it back, for files whose cells are marked as text by other means."""
    return "'" + text if _QUOTED.match(text) else text


def restore(text: str) -> str:
    """The cell as it was before `neutralise`."""
    return text[1:] if _QUOTED.match(text) else text
