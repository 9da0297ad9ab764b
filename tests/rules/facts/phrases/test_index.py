"""Looking up phrases by the words they need rules out nothing that stands in a text."""

from pathlib import Path

import pytest

from rules.facts.phrases.index import PhraseIndex
from rules.facts.phrases.patterns import compiled, needs, parse
from rules.facts.reading import bare, reading
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)
CLASSES = {"kin": ("妈", "爸爸"), "way": ("跳楼", "药")}
CORPUS = (Path(__file__).parents[3] / "policy/cases/corpus/tuning.txt").read_text(encoding="utf-8").splitlines()


def possible(pattern: str, text: str) -> bool:
    elements = parse(pattern, CLASSES)
    return PhraseIndex([(pattern, needs(elements))]).possible(bare(text)) == [pattern]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("<kin>~4<way>", "我妈吃药", True),
        ("<kin>~4<way>", "我妈上班", False),
        ("<kin>~4<way>", "我吃药", False),
        ("<kin>?~4<way>", "我吃药", True),  # what may be lacking is not needed
        ("(想|要)走", "想，走", True),  # marks are for the expression to judge
        ("(想|要)走", "走", False),
        ("end my life", "I'll end-my life", True),
        ("跳楼机", "跳楼，机", True),
        ("跳楼机", "跳楼", False),  # begins like it
    ],
)
def test_every_word_that_is_needed_must_be_there(pattern: str, text: str, expected: bool) -> None:
    assert possible(pattern, text) is expected


def test_a_phrase_with_several_of_its_words_is_named_once() -> None:
    elements = parse("(跳楼|跳)", CLASSES)
    assert PhraseIndex([("one", needs(elements))]).possible("跳楼，跳楼") == ["one"]


def test_whatever_matches_was_possible() -> None:
    """Every thirteenth pattern, searched for in earnest in every tuning sentence."""
    patterns = [pattern for flag in PACK.red_flags.values() for pattern in flag.patterns][::13]
    patterns += [pattern for of_kind in PACK.phrases.harmless.values() for pattern in of_kind][::13]
    elements = {pattern: parse(pattern, PACK.phrases.classes) for pattern in patterns}
    index = PhraseIndex((pattern, needs(each)) for pattern, each in elements.items())
    expressions = {pattern: compiled(each) for pattern, each in elements.items()}
    found = 0
    for line in CORPUS:
        read = reading(line)
        assert read.letters == bare(line)
        standing = {pattern for pattern, each in expressions.items() if each.search(read.text)}
        assert standing <= set(index.possible(read.letters)), line
        found += len(standing)
    assert found > 100
