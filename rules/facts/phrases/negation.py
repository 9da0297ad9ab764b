"""Whether what stands before some words may deny them, in Chinese or English. A hint for people, never a decision."""

from __future__ import annotations

import re
from typing import Final

from rules.locale.word_lists import word_lists

_REACH: Final = 60  # characters looked back at
_WORDS: Final = word_lists("negation")["chinese"]
_CHINESE: Final = re.compile(
    "".join(f"(?<!{each})" for each in _WORDS["not_after"])
    + f"(?:{'|'.join(_WORDS['no'])})(?:{'|'.join(_WORDS['between'])}){{0,6}}$"
)
_LIGHT: Final = (
    "a|an|the|any|all|thoughts?|thinking|think|ideas?|plans?|signs?|intentions?|intent|intends?|intending|history|risk|"
    "of|to|for|about|at|in|on|by|from|or|been|being|be|is|was|am|are|were|has|have|had|ever|really|currently|"
    "wants?|wanted|wish(?:es)?|going|go|feels?|feeling|attempts?|attempted|consider(?:s|ed|ing)?|mention(?:s|ed)?|"
    "report(?:s|ed)?|express(?:es|ed)?|talk(?:s|ed)?|says?|said|he|she|they|i|me|my|his|her|their|receiv(?:e|ed)|"
    "get|got|used?|using|involved|engaged|seen|see|trying|tried|try"
)
_SHORT: Final = (
    "do|does|did|is|are|was|were|has|have|had|ca|could|wo|would|should"  # what people write without the mark
)
_ENGLISH: Final = re.compile(
    rf"\b(?:no|not|never|without|none|neither|nor|cannot|[a-z]+n['’]t|(?:{_SHORT})nt|den(?:y|ies|ied|ying))"
    rf"(?:[\s-]+(?:{_LIGHT}))*[\s-]*$"
)


def negated(before: str) -> bool:
    """Whether the lower-case text before some words ends in a denial of them, as far as can be told."""
    near = before[-_REACH:]
    return bool(_CHINESE.search("".join(near.split())) or _ENGLISH.search(near))
