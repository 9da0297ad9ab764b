"""The pack that ships: fit to publish, free of banned phrases, and without ambiguities."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from rules.check import check
from rules.loader import DEFAULT_PACK, Pack, load

# Never said to anybody, not even to deny it: the words alone spread the myth.
BANNED = (
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
)
MANDATORY = (
    "是否同意由贷款机构决定",
    "书面确认后再付款",
    "保留凭证",
    "不收费, 不保证结果",
    "本建议不是法律意见, 由人工复核",
)


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


def texts() -> list[tuple[str, str]]:
    """Every file of the pack, but of the red flags only what they are called: their words are what people write."""
    files = [path for path in sorted(DEFAULT_PACK.rglob("*.yaml")) if path.name != "red_flags.yaml"]
    flags = [(f"red_flags.{name}", flag.title.zh + flag.title.en) for name, flag in pack().red_flags.items()]
    return [*((path.name, path.read_text(encoding="utf-8")) for path in files), *flags]


def test_the_pack_is_fit_to_publish() -> None:
    # What nobody has confirmed yet is told, each with the open point that names it; nothing else is found.
    assert [each for each in check(DEFAULT_PACK) if each.level == "error" or "; open point: " not in each.message] == []


@pytest.mark.parametrize("phrase", BANNED)
def test_no_text_holds_a_banned_phrase(phrase: str) -> None:
    assert [where for where, text in texts() if phrase in text] == []


@pytest.mark.parametrize("phrase", MANDATORY)
def test_every_decision_carries_the_mandatory_phrases(phrase: str) -> None:
    assert phrase in pack().manifest.disclaimer.zh


def test_the_disclaimer_names_the_day_of_the_review() -> None:
    assert pack().manifest.reviewed_on.isoformat() in pack().manifest.disclaimer.zh


def test_rules_of_one_priority_recommend_one_strategy() -> None:
    strategies: defaultdict[int, set[str]] = defaultdict(set)
    for rule in pack().rules:
        strategies[rule.rule.priority] |= {effect.recommend for effect in rule.rule.then if effect.recommend}
    assert {priority: found for priority, found in strategies.items() if len(found) > 1} == {}


def test_every_strategy_has_its_code() -> None:
    assert [each.code for each in pack().strategies.values()] == [f"S{number:02}" for number in range(1, 30)]
