"""The styles of an OpenDocument spreadsheet that draw a line through the text, always or by a rule."""

import re
from pathlib import Path
from typing import Any

from forbear.intake.formats.workbooks.beside.struck import Condition, areas_of, named_operator, rule_of, unknown
from forbear.intake.formats.workbooks.beside.unseen import same_colour
from forbear.intake.formats.workbooks.ods_cells import STYLE
from forbear.intake.formats.workbooks.xlsx_package import opened
from forbear.intake.formats.workbooks.xml_stream import elements

STYLE_ELEMENT = f"{STYLE}style"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_FORMULA = re.compile(r"is-true-formula\((.*)\)", re.DOTALL)
_OWN = re.compile(r"cell-content\(\)\s*(<=|>=|!=|<>|=|<|>)(.*)", re.DOTALL)
_REFERENCE = re.compile(r"\[\.(\$?[A-Z]{1,3}\$?\d{1,7})\]")
_BASE = re.compile(r"\.\$?([A-Z]{1,3}\$?\d{1,7})$")


def struck_styles(path: Path) -> set[str | None]:
    """The names of the styles of a document in which a line is drawn through the text."""
    found: set[str | None] = set()
    with opened(path) as package:
        if package.has("styles.xml"):
            with package.open("styles.xml") as stream:
                for event, style in elements(stream, (STYLE_ELEMENT,)):
                    parent = style.get(f"{STYLE}parent-style-name") in found
                    if event == "end" and (parent or any(map(strikes, style))):
                        found.add(style.get(f"{STYLE}name"))
    return found


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


def is_unseen(style: Any) -> bool:
    """Whether letters of a style have the colour of their cell."""
    letters, behind = None, None
    for each in style:
        letters = each.get(f"{_FO}color") or letters
        behind = each.get(f"{_FO}background-color") or behind
    return same_colour(letters, behind)


def strikes(properties: Any) -> bool:
    """Whether properties of a style draw a line through the text."""
    return any(properties.get(f"{STYLE}text-line-through-{what}") not in (None, "none") for what in ("style", "type"))
