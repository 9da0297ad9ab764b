"""Whether what stands before some words may deny them, in Chinese or English. A hint for people, never a decision."""

from __future__ import annotations

import re
from typing import Final

_REACH: Final = 60  # characters looked back at
# A "不" that denies nothing: 不得不, 何不, 要不, 为什么不, 无时无刻不; so with 除非 and 差点没.
_NO: Final = r"(?:没有|没|(?<![得何要么刻])不|无|未|(?<!除)非|否认|从不|从未|勿|别|沒有|沒|無|從未|否認)"
_NO_BUT: Final = r"(?<!差点)(?<!差一点)(?<!险些)"
# What may stand between a denial and what it denies. Anything else ends it: "还不起钱想跳楼" denies nothing.
_BETWEEN: Final = (
    "法院|法庭|正式|书面|任何|什么|伪造|偽造|一点|丝毫|半点|明显|打算|考虑|出现|产生|存在|发生|发现|参与|参加|涉及|接触|联系|收到|提到|知道|进行|实施|"
    "说过|说|提|听|想|要|会|能|敢|可能|愿意|愿|有|过|是|再|去|来|被|受到|受|遭到|遭|曾|真|的|地|到|见|找|用|做|办|借|人|"
    "甚麼|打算|發生|發現|過|說|會|參與|聯繫|被"
)
_CHINESE: Final = re.compile(rf"{_NO_BUT}{_NO}(?:{_BETWEEN}){{0,6}}$")
_LIGHT: Final = (
    "a|an|the|any|all|thoughts?|thinking|think|ideas?|plans?|signs?|intentions?|intent|intends?|intending|history|risk|"
    "of|to|for|about|at|in|on|by|from|or|been|being|be|is|was|am|are|were|has|have|had|ever|really|currently|"
    "wants?|wanted|wish(?:es)?|going|go|feels?|feeling|attempts?|attempted|consider(?:s|ed|ing)?|mention(?:s|ed)?|"
    "report(?:s|ed)?|express(?:es|ed)?|talk(?:s|ed)?|says?|said|he|she|they|i|me|my|his|her|their|receiv(?:e|ed)|"
    "get|got|used?|using|involved|engaged|seen|see|trying|tried|try"
)
_ENGLISH: Final = re.compile(
    rf"\b(?:no|not|never|without|none|neither|nor|cannot|[a-z]+n['’]?t|den(?:y|ies|ied|ying))(?:[\s-]+(?:{_LIGHT}))*[\s-]*$"
)


def negated(before: str) -> bool:
    """Whether the lower-case text before some words ends in a denial of them, as far as can be told."""
    near = before[-_REACH:]
    return bool(_CHINESE.search("".join(near.split())) or _ENGLISH.search(near))
