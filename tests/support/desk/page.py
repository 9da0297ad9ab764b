"""A page as a test reads it: a tree of elements, found by a few of CSS's selectors, and their words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
_STEP = re.compile(r"([a-z0-9]+)?((?:[.#][\w-]+|\[[\w-]+(?:=[^\]]*)?\])*)")
_PART = re.compile(r"([.#])([\w-]+)|\[([\w-]+)(?:=([^\]]*))?\]")


@dataclass
class Element:
    """An element, or the page itself."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def select(self, selector: str) -> list[Element]:
        """What is inside and matches, in its order: `tag`, `.class`, `#id`, `[name=value]`, one within another."""
        found = [self]
        for step in selector.split():
            found = [inner for each in found for inner in each._inside() if inner._matches(step)]
            found = list({id(each): each for each in found}.values())
        return found

    def one(self, selector: str) -> Element:
        """The only thing that matches."""
        found = self.select(selector)
        assert len(found) == 1, f"{len(found)} of {selector}"
        return found[0]

    def texts(self, selector: str) -> list[str]:
        """The words of everything that matches."""
        return [each.text for each in self.select(selector)]

    def values(self, selector: str, attribute: str) -> list[str]:
        """An attribute of everything that matches and has it."""
        return [each.attributes[attribute] for each in self.select(selector) if attribute in each.attributes]

    @property
    def text(self) -> str:
        """All its words on one line."""
        said = (each if isinstance(each, str) else each.text for each in self.children)
        return " ".join(" ".join(said).split())

    def _inside(self) -> list[Element]:
        elements = [each for each in self.children if isinstance(each, Element)]
        return [inner for each in elements for inner in (each, *each._inside())]

    def _matches(self, step: str) -> bool:
        whole = _STEP.fullmatch(step)
        assert whole, f"no selector: {step}"
        tag, parts = whole.groups()
        return (not tag or tag == self.tag) and all(self._has(*part) for part in _PART.findall(parts))

    def _has(self, mark: str, name: str, attribute: str, value: str) -> bool:
        if mark == ".":
            return name in self.attributes.get("class", "").split()
        if mark == "#":
            return self.attributes.get("id") == name
        return attribute in self.attributes and value in ("", self.attributes[attribute])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(html: str) -> Element:
    """The tree of a page whose elements are closed in order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is not closed"
    return reader.open[0]
