"""A page of the negotiation pack as PDF, made by WeasyPrint in a process of its own.

So the memory of native text libraries, their threads and their crashes stay out of the web server. Nothing is fetched.
"""

import subprocess
import sys
from functools import cache
from typing import Final

from forbear.base import extras
from forbear.base.errors import ForbearError

_WEASYPRINT: Final = (sys.executable, "-m", "weasyprint")
_OPTIONS: Final = ("--quiet", "--pdf-tags", "--encoding", "utf-8", "--allowed-protocols", "none")  # no such protocol
_SECONDS: Final = 60  # a pack takes one or two
_INSTEAD: Final = "Print kit.html from a browser instead."


def render(page: str) -> bytes:
    """The PDF of a page that needs nothing but itself, as `prepare.page` gives it.

    Raises:
        ForbearError: this machine cannot make one (`unavailable` says so beforehand), or making it failed.
    """
    reason = unavailable()
    if reason is not None:
        raise ForbearError(reason)
    try:
        done = _run(*_WEASYPRINT, *_OPTIONS, "-", "-", given=page.encode())
    except subprocess.TimeoutExpired:
        raise ForbearError(f"The PDF was not done after {_SECONDS} seconds. {_INSTEAD}") from None
    if done.returncode != 0:
        raise ForbearError(f"WeasyPrint could not make the PDF (exit code {done.returncode}). {_INSTEAD}")
    return done.stdout


@cache
def unavailable() -> str | None:
    """Why this machine cannot make a PDF, in one sentence that says what to install; None where it can.

    Asked once a process. Without a Chinese font there would be a PDF, but of empty boxes: that is refused too.
    """
    if (extra := extras.lacking("weasyprint")) is not None:
        return f"Making a PDF is not part of this installation: install Forbear with its extra `{extra}`. {_INSTEAD}"
    if not _works(*_WEASYPRINT, "--info"):
        return f"A PDF needs Pango: on Debian install libpangoft2-1.0-0 and libharfbuzz-subset0. {_INSTEAD}"
    if not _works("fc-list", "--quiet", ":lang=zh-cn"):
        return f"A PDF needs a Chinese font: on Debian install fonts-noto-cjk and fontconfig. {_INSTEAD}"
    return None


def _works(*command: str) -> bool:
    try:
        return _run(*command).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _run(*command: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, input=given, capture_output=True, timeout=_SECONDS, check=False)
