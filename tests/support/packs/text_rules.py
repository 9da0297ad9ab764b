"""Every text a pack can say, and what no text may ever say: one place for both."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Final

from pydantic import BaseModel

from rules.pack.pack import Pack

# Never said to anybody, not even to deny it: the words alone spread the myth.
BANNED: Final = (
    "一定能停息挂账",
    "60期是法定权利",
    "花呗依据第七十条",
    "征信可以消除",
    "征信可以洗白",
    "不还也不会怎样",
    "部分无效可以不还",
    "催收只能到20点",
    "催收只能到21点",
    "坐牢",
    "找XX公司代办",
    "先借一笔还上",
    "反复投诉银行就会让步",
    "发抖音曝光",
    "一次性信用修复还可申请",
    "以不还款对抗",
    "对支付令只要说没钱就能让它失效",
    "will definitely stop interest",
    "interest will certainly be stopped",
    "60 instalments is a statutory right",
    "60 instalments are a statutory right",
    "Huabei under article 70",
    "article 70 covers Huabei",
    "your credit record can be erased",
    "clean up your credit record",
    "nothing happens if you do not pay",
    "void above 12%",
    "void above 24%",
    "above 24% is void",
    "above 24% need not be paid",
    "collection is only allowed until 8 p.m.",
    "collection is only allowed until 9 p.m.",
    "go to jail",
    "go to prison",
    "hire an agent to handle it",
    "borrow elsewhere first to repay",
    "keep complaining and the bank will give in",
    "expose them on Douyin",
    "one-off credit repair can still be applied for",
    "refuse to pay in protest",
    "saying that you have no money makes the order lapse",
    "guaranteed result",
)
MANDATORY: Final = (
    "是否同意由贷款机构决定",
    "书面确认后再付款",
    "保留凭证",
    "不收费, 不保证结果",
    "本建议不是法律意见, 由人工复核",
)
_NOISE: Final = re.compile(r"[^\w%]|_")
# What has no place in the words for a person in a crisis.
MONEY: Final = (
    "还款",
    "欠",
    "债",
    "贷",
    "利息",
    "分期",
    "征信",
    "催收",
    "付款",
    "元",
    "¥",
    "debt",
    "loan",
    "pay",
    "yuan",
)


def folded(text: str) -> str:
    """A text as it is searched: one width, no case, no spaces, no punctuation - 不 收 费，不保证 is 不收费不保证."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text).casefold())


def banned_in(text: str) -> list[str]:
    """The banned phrases of a text, however they are written."""
    searched = folded(text)
    return [phrase for phrase in BANNED if folded(phrase) in searched]


def texts_of(pack: Pack) -> Iterator[tuple[str, str]]:
    """Every text of a pack in either language, with its place: whatever has a zh and an en, wherever it stands."""
    for each in fields(pack):
        yield from _walk(each.name, getattr(pack, each.name))


def _walk(place: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _walk(f"{place}.{key}", entry)
    elif isinstance(value, tuple):
        for number, entry in enumerate(value):
            yield from _walk(f"{place}[{number}]", entry)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            entry = getattr(value, name)
            if name in ("zh", "en"):
                yield f"{place}.{name}", entry
            else:
                yield from _walk(f"{place}.{name}", entry)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _walk(f"{place}.{each.name}", getattr(value, each.name))
