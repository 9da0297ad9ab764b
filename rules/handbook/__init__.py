"""The policy handbook: everything a pack says, as HTML and Markdown, in both languages, to be read and annotated."""

from __future__ import annotations

import datetime as dt

from rules.handbook.contents import LANGUAGES, book
from rules.handbook.render import html, markdown
from rules.pack.pack import Pack


def handbook(pack: Pack, day: dt.date) -> dict[str, str]:
    """The handbook's files by name, figures marked as of the day. The same pack and day give the same text."""
    books = [book(pack, day, language) for language in LANGUAGES]
    pages = {f"handbook.{each.language}.html": html(each) for each in books}
    return pages | {f"handbook.{each.language}.md": markdown(each) for each in books}
