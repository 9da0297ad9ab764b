"""Conditional formats of an Excel sheet, found in its XML piece by piece; which of them strike out, its styles say."""

import re
from dataclasses import dataclass, field
from html import unescape

_FORMAT = re.compile(
    rb"<(?:\w+:)?conditionalFormatting(?:\s([^<>]*))?>((?:(?!</(?:\w+:)?conditionalFormatting>).){0,20000}?)"
    rb"</(?:\w+:)?conditionalFormatting>",
    re.DOTALL,
)
_RULE = re.compile(rb"<(?:\w+:)?cfRule\s([^<>]*?)(?:/>|>(.*?)</(?:\w+:)?cfRule>)", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?(?:formula|f)>([^<]*)</")
_RANGES = re.compile(rb"<(?:\w+:)?sqref>([^<]*)</")
_STRIKE = re.compile(rb"<(?:\w+:)?strike(?:\s+val=[\"'](\w+)[\"'])?\s*/?>")
_ATTRIBUTE = re.compile(rb"(\w+)=(?:\"([^\"]*)\"|'([^']*)')")
OVERLAP = 40_000  # bytes, longer than one such format
_MOST = 5_000


@dataclass(frozen=True)
class ConditionalRule:
    """A rule as it is written; `style` is the number of the style that it applies, or it strikes out by itself."""

    ranges: str
    kind: str
    operator: str
    text: str
    formulas: tuple[str, ...]
    style: str
    strikes: bool


@dataclass
class ConditionFinder:
    """Finds them."""

    found: dict[ConditionalRule, None] = field(default_factory=dict)

    def look(self, text: bytes) -> None:
        """Search one piece, which overlaps the one before."""
        if b"conditionalFormatting" not in text or len(self.found) > _MOST:
            return
        for attributes, body in _FORMAT.findall(text):
            own = _attributes(attributes).get("sqref") or " ".join(map(_text, _RANGES.findall(body)))
            for rule, inside in _RULE.findall(body):
                given = _attributes(rule)
                line = _STRIKE.search(inside)
                self.found[
                    ConditionalRule(
                        own,
                        given.get("type", ""),
                        given.get("operator", ""),
                        given.get("text", ""),
                        tuple(map(_text, _FORMULA.findall(inside))),
                        given.get("dxfId", ""),
                        line is not None and line[1] not in (b"0", b"false"),
                    )
                ] = None


def _attributes(text: bytes) -> dict[str, str]:
    return {name.decode(): _text(one or other) for name, one, other in _ATTRIBUTE.findall(text)}


def _text(raw: bytes) -> str:
    return unescape(raw.decode("utf-8", "replace"))
