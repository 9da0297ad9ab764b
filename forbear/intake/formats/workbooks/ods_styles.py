"""The styles of an OpenDocument spreadsheet that draw a line through the text, always or by a rule."""

import re
from pathlib import Path
from typing import Any

from forbear.intake.formats.workbooks.beside.struck import Condition, areas_of, named_operator, rule_of, unknown
from forbear.intake.formats.workbooks.beside.unseen import same_colour
from forbear.intake.formats.workbooks.ods_cells import STYLE
from forbear.intake.formats.workbooks.xlsx_package import opened
from forbear.intake.formats.workbooks.xml_stream import elements

_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_NUMBER = "{urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0}"
_STYLE, _FORMAT, _CONTENT = f"{STYLE}style", f"{_NUMBER}text-style", f"{_NUMBER}text-content"
STYLES = (_STYLE, _FORMAT)  # elements
_FORMULA = re.compile(r"is-true-formula\((.*)\)", re.DOTALL)
_OWN = re.compile(r"cell-content\(\)\s*(<=|>=|!=|<>|=|<|>)(.*)", re.DOTALL)
_REFERENCE = re.compile(r"\[\.(\$?[A-Z]{1,3}\$?\d{1,7})\]")
_BASE = re.compile(r"\.\$?([A-Z]{1,3}\$?\d{1,7})$")


def shared_styles(path: Path) -> tuple[set[str | None], "Unseen"]:
    """Of the styles of a document the names of those that draw a line through the text, and those that show nothing."""
    struck, unseen = set[str | None](), Unseen()
    with opened(path) as package:
        if package.has("styles.xml"):
            with package.open("styles.xml") as stream:
                for event, style in elements(stream, STYLES):
                    if event == "start":
                        continue
                    unseen.note(style)
                    if style.get(f"{STYLE}parent-style-name") in struck or any(map(strikes, style)):
                        struck.add(style.get(f"{STYLE}name"))
    return struck, unseen


def condition_of(rule: Any) -> Condition:
    """The condition of a rule that strikes out, in the words of Excel."""
    base = _BASE.search(rule.get(f"{STYLE}base-cell-address", ""))
    text = rule.get(f"{STYLE}condition", "")
    areas = areas_of(base[1] if base else "A1")
    if whole := _FORMULA.fullmatch(text):
        return rule_of(areas, "expression", "", "", [_REFERENCE.sub(r"\1", whole[1])]).condition
    if own := _OWN.fullmatch(text):
        return rule_of(areas, "cellIs", named_operator(own[1]), "", [own[2]]).condition
    return unknown


class Unseen:
    """The styles of cells of which nothing is shown: in the colour of what they stand on, or text by its format."""

    def __init__(self) -> None:
        self._whole = set[str | None]()
        self._texts = set[str | None]()
        self._formats = set[str | None]()  # that show nothing of a text: ;;;

    def note(self, style: Any) -> None:
        """Take note of a style, or of a format; formats stand before the styles that have them."""
        name = style.get(f"{STYLE}name")
        if style.tag == _FORMAT:
            if not any(each.tag == _CONTENT or (each.text or "").strip() for each in style):
                self._formats.add(name)
        elif _is_in_one_colour(style):
            self._whole.add(name)
        elif style.get(f"{STYLE}data-style-name") in self._formats:
            self._texts.add(name)

    def hides(self, style: str | None, cell: object) -> bool:
        """Whether a cell of a style is one."""
        return style in self._whole or (style in self._texts and isinstance(cell, str))


def _is_in_one_colour(style: Any) -> bool:
    """Whether letters of a style have the colour of their cell."""
    letters, behind = None, None
    for each in style:
        letters = each.get(f"{_FO}color") or letters
        behind = each.get(f"{_FO}background-color") or behind
    return same_colour(letters, behind)


def strikes(properties: Any) -> bool:
    """Whether properties of a style draw a line through the text."""
    return any(properties.get(f"{STYLE}text-line-through-{what}") not in (None, "none") for what in ("style", "type"))
