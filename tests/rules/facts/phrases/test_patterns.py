"""Patterns say what they find, refuse what cannot be read, and cost any text no more than its length."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts.phrases import patterns as p
from rules.facts.reading import plain
from rules.loading.loader import DEFAULT_PACK, load

# How the standard library reads an expression.
_constants: Any = importlib.import_module("re._constants")
_parser: Any = importlib.import_module("re._parser")

CLASSES = {"poison": ("农药", "敌敌畏"), "filler": ("了", "过"), "any": ("<poison>", "毒药")}
SHIPPED = load(DEFAULT_PACK)
PATTERNS = [
    p.parse(pattern, SHIPPED.phrases.classes)
    for pattern in (
        *(each for flag in SHIPPED.red_flags.values() for each in flag.patterns),
        *(each for kind in SHIPPED.phrases.harmless.values() for each in kind),
    )
]


def found(pattern: str, text: str) -> bool:
    return p.compiled(p.parse(pattern, CLASSES)).search(plain(text)) is not None


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("喝<filler>?<poison>", ["喝农药", "她喝了敌敌畏"], ["喝了点农药", "喝了过农药", "农药"]),
        ("喝~2<any>", ["喝毒药", "喝一口毒药"], ["喝了一口毒药", "喝，毒药"]),
        ("喝~~2农药", ["喝，农药", "喝了，农药"], ["喝了一，农药", "喝。农药"]),
        ("^走了", ["走了", "再见，走了"], ["我走了"]),
        ("走了$", ["走了", "走了。再见", "走了，"], ["走了吗"]),
        ("走了，", ["走了，再见", "走了。"], ["走了"]),
        ("自·杀", ["自杀", "自，杀"], ["自我杀"]),
        ("(跳(楼|下去)|上吊)(了)?死", ["跳楼死", "跳下去了死", "上吊死"], ["跳死"]),
        ("绳子?断", ["绳断", "绳子断"], ["断"]),
        ("zs", ["想zs", "ZS"], ["zsh", "azs"]),
        ("drug", ["drug", "a drug!"], ["drugs", "xdrug"]),
        ("drugs", ["drugs", "drugstore"], ["xdrugs"]),
        ("吃药", ["吃药ok"], ["吃点药"]),
        ("kill myself", ["I'd KILL   myself", "kill-myself"], ["skill myself"]),
        ("dont want", ["don't want", "Don’t  want"], ["do want"]),
    ],
)
def test_a_pattern_finds_what_it_says(pattern: str, hits: list[str], misses: list[str]) -> None:
    assert [each for each in hits if not found(pattern, each)] == []
    assert [each for each in misses if found(pattern, each)] == []


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("<none>", "unknown class <none>"),
        ("(a|b", "a choice is not closed"),
        ("a)", "belongs to no choice"),
        ("(a|)", "empty branch"),
        ("~3", "no word that must be there"),
        ("(死)?~3", "no word that must be there"),
        ("死<", "'<' belongs to no class"),
        ("、死", None),
        ("死~~99~~99死", "can match in 10000 ways"),
    ],
)
def test_what_cannot_be_read_is_refused(pattern: str, complaint: str | None) -> None:
    if complaint is None:
        assert p.parse(pattern, CLASSES)
        return
    with pytest.raises(p.PatternError, match=re.escape(complaint)):
        p.parse(pattern, CLASSES)


def test_a_class_that_holds_itself_or_a_blank_is_refused() -> None:
    for classes, complaint in (({"a": ("<a>",)}, "holds itself"), ({"a": ("·",)}, "is blank")):
        with pytest.raises(p.PatternError, match=complaint):
            p.expanded("a", classes)


def test_no_pattern_repeats_without_a_bound() -> None:
    for elements in PATTERNS:
        assert p.tries(elements) <= p.MOST_TRIES
        assert _endless(_parser.parse(p.compiled(elements).pattern)) == []


def _endless(parsed: Any) -> list[Any]:
    """Every repetition in a regular expression that has no end."""
    found = []
    for operation, argument in parsed:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            least, most, inner = argument
            found += [(least, most)] if most is _constants.MAXREPEAT else []
            found += _endless(inner)
        elif operation is _constants.SUBPATTERN:
            found += _endless(argument[-1])
        elif operation is _constants.BRANCH:
            found += [each for branch in argument[1] for each in _endless(branch)]
    return found


class _Counted:
    """A second reading of patterns, one step at a time: what it finds, and how many steps that took."""

    def __init__(self, text: str) -> None:
        self.text, self.steps = text, 0

    def ends(self, elements: p.Sequence, at: int) -> bool:
        """Whether the elements can be met from a place on."""
        if not elements:
            return True
        first, rest = elements[0], elements[1:]
        for end in self._over(first, at):
            self.steps += 1
            if self.ends(rest, end):
                return True
        return False

    def _over(self, element: p.Element, at: int) -> list[int]:
        match element:
            case p.Literal(word):
                met = re.compile(p.word_expression(word)).match(self.text, at)
                return [met.end()] if met else []
            case p.Gap(most, across):
                stops = "。" if across else "。，"
                ends = [at]
                while len(ends) <= most and ends[-1] < len(self.text) and self.text[ends[-1]] not in stops:
                    ends.append(ends[-1] + 1)
                return ends
            case p.Branches(of, optional):
                ends = [end for each in of for end in self._all(each, at)]
                return [*dict.fromkeys(ends), *([at] if optional else [])]
            case p.Edge("^"):
                return [at] if at == 0 or self.text[at - 1] in "。，" else []
            case p.Edge("$"):
                return [at] if at == len(self.text) or self.text[at] in "。，" else []
            case _:
                return [at + 1] if self.text[at : at + 1] in ("。", "，") else []

    def _all(self, elements: p.Sequence, at: int) -> list[int]:
        ends = [at]
        for each in elements:
            ends = [end for place in ends for end in self._over(each, place)]
        return ends


@given(
    st.sampled_from(PATTERNS),
    st.text(st.sampled_from("死想不活了我跳楼，。药喝一割自己"), max_size=40),
    st.integers(1, 4),
)
def test_the_steps_of_a_search_grow_no_faster_than_the_text(elements: p.Sequence, text: str, times: int) -> None:
    text = text * times
    counted = _Counted(text)
    met = [at for at in range(len(text) + 1) if counted.ends(elements, at)]
    assert counted.steps <= 4 * p.tries(elements) * len(elements) * (len(text) + 1)
    first = p.compiled(elements).search(text)
    assert (first.start() if first else None) == (met[0] if met else None)


@pytest.mark.parametrize(
    ("pattern", "ways"),
    [
        ("死", 1),
        ("死~4了", 5),
        ("(了)?死", 2),
        ("(跳|跳楼|走)~4死", 10),  # one begins the other
        ("(跳|楼|走)死", 1),
        ("(跳~2楼|跳|走)死", 4),
        ("(跳~2楼|上~1吊)死", 5),
    ],
)
def test_a_pattern_is_tried_in_so_many_ways(pattern: str, ways: int) -> None:
    assert p.tries(p.parse(pattern, CLASSES)) == ways
