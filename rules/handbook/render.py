"""A handbook as one self-contained HTML file, or as GitHub-flavoured Markdown, each from one template."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from rules.handbook.document import Handbook, Line, TextSpan
from rules.handbook.wording import TEMPLATES, words
from rules.locale import in_language

# What Markdown would read as more than text, wherever it stands; < and & would open HTML.
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|~#$&])")
_START: Final = re.compile(r"^(\d+)([.)])|^([-+=])")


def html(book: Handbook) -> str:
    """The book as an HTML page with its style inside, and without scripts."""
    return _render("handbook.html", book)


def markdown(book: Handbook) -> str:
    """The book as GitHub-flavoured Markdown."""
    return _render("handbook.md", book)


def _render(template: str, book: Handbook) -> str:
    said = {key: in_language(text, book.language) for key, text in words().items()}
    return _environment().get_template(template).render(book=book, words=said, target="#{}".format)


@cache
def _environment() -> Environment:
    # Markdown has no automatic escaping: its template passes every text through `md` or `line`.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = escaped
    environment.filters["line"] = line
    return environment


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    flat = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return _START.sub(lambda found: rf"{found[1]}\{found[2]}" if found[1] else rf"\{found[3]}", flat)


def line(spans: Line) -> str:
    """A line as Markdown. It holds no line break and no bare bar, so it fits into a table too."""
    return "".join(_span(span) for span in spans).strip()


def _span(span: TextSpan) -> str:
    text = _kept(span.text)
    if span.look == "badge":
        text = rf"\[{text}\]"
    elif span.look == "strong":
        text = f"**{text}**"
    elif span.look == "code":
        text = f"<code>{text}</code>"
    return f"[{text}](#{span.to})" if span.to else text


def _kept(text: str) -> str:
    """Escaped, with the spaces at its ends: they part it from its neighbours."""
    inner = escaped(text)
    before = " " if text[:1].isspace() else ""
    after = " " if inner and text[-1:].isspace() else ""
    return f"{before}{inner}{after}"
