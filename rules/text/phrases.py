"""Conditions, values and references in words, in Chinese and English."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from rules.decision.outcome import Counterfactual, StaleParameter
from rules.facts.case_facts import Facts, Language, display
from rules.facts.cells import Value
from rules.pack import conditions as c
from rules.pack.pack import Pack
from rules.pack.parameters import value_on
from rules.pack.schema import Layer, Reference, Status, Text, Unit, Urgency, Vocabulary

UNKNOWN: Final[Mapping[Language, str]] = {"zh": "未知", "en": "unknown"}
_COMPARE: Final[Mapping[str, tuple[str, str, str, str]]] = {
    # The operator as it stands, and negated; in Chinese and in English.
    "equals": ("是", "is", "不是", "is not"),
    "not_equals": ("不是", "is not", "是", "is"),
    "more_than": ("大于", "is more than", "不大于", "is at most"),
    "at_least": ("不小于", "is at least", "小于", "is less than"),
    "less_than": ("小于", "is less than", "不小于", "is at least"),
    "at_most": ("不大于", "is at most", "大于", "is more than"),
}
_DATES: Final[Mapping[str, tuple[str, str, str, str]]] = {
    **_COMPARE,
    "more_than": ("晚于", "is after", "不晚于", "is no later than"),
    "at_least": ("不早于", "is no earlier than", "早于", "is before"),
    "less_than": ("早于", "is before", "不早于", "is no earlier than"),
    "at_most": ("不晚于", "is no later than", "晚于", "is after"),
}
# How sure we are of a claim, and what force the source of it has.
STATUS: Final[Mapping[Status, Text]] = {
    "primary": Text(zh="已核条文原文", en="text of the law read"),
    "official": Text(zh="官方或主流来源", en="official or mainstream source"),
    "weak": Text(zh="来源较弱", en="weak source"),
    "own_knowledge": Text(zh="未经核实", en="unverified"),
    "design": Text(zh="本服务的设计", en="design of this service"),
}
FORCE: Final[Mapping[Layer, Text]] = {
    "law": Text(zh="法律或司法解释", en="law"),
    "regulation": Text(zh="法规或监管规定", en="regulation"),
    "standard": Text(zh="推荐标准或行业指引", en="recommended standard or industry guideline"),
    "practice": Text(zh="通行做法", en="practice"),
    "design": STATUS["design"],
}
URGENCY: Final[Mapping[Urgency, Text]] = {
    "U0": Text(zh="危机，立即由工作人员处理", en="crisis: staff act now"),
    "U1": Text(zh="紧急", en="critical"),
    "U2": Text(zh="高", en="high"),
    "U3": Text(zh="中", en="medium"),
    "U4": Text(zh="低", en="low"),
    "U5": Text(zh="仅供参考", en="for information"),
}


def say(text: Text, language: Language) -> str:
    """A text in one language."""
    return text.zh if language == "zh" else text.en


def phrase(pack: Pack, condition: c.Condition, language: Language, wanted: bool = True) -> str:
    """A condition in words, or its opposite."""
    match condition:
        case c.Not(child):
            return phrase(pack, child, language, not wanted)
        case c.All(children) | c.Any(children):
            together = isinstance(condition, c.All) is wanted
            said = [_inner(pack, child, language, wanted, alone=len(children) == 1) for child in children]
            return {"zh": "，且" if together else "，或", "en": " and " if together else " or "}[language].join(said)
    return "".join(parts(pack, condition, language, wanted))


def _inner(pack: Pack, child: c.Condition, language: Language, wanted: bool, *, alone: bool) -> str:
    text = phrase(pack, child, language, wanted)
    while isinstance(child, c.Not):
        child = child.child
    if alone or not isinstance(child, c.All | c.Any):
        return text
    return f"（{text}）" if language == "zh" else f"({text})"


def parts(pack: Pack, leaf: c.Leaf, language: Language, wanted: bool = True) -> tuple[str, str, str]:
    """A comparison, or its opposite, in words: the fact, what is said of it, and what it is compared with.

    One after the other they are the phrase. The last is empty where there is nothing to compare with.
    """
    vocabulary = pack.vocabulary
    title = say(vocabulary.facts[leaf.fact].title, language)
    match leaf:
        case c.Known(_, known):
            words = ("已填写", "is given") if known is wanted else ("未填写", "is not given")
            return _apart(title, words, "", language)
        case c.Contains(fact, value):
            words = ("包括", "includes") if wanted else ("不包括", "does not include")
            return _apart(title, words, display(vocabulary, fact, (value,), language), language)
        case c.OneOf(fact, values):
            shown = {"zh": "、", "en": ", "}[language].join(
                display(vocabulary, fact, each, language) for each in values
            )
            words = ("属于", "is one of") if wanted else ("不属于", "is none of")
            return _apart(title, words, shown, language)
        case c.ComparePair(fact, operator, other):
            right = say(vocabulary.facts[other].title, language)
            if operator == "equals_fact":
                return _apart(title, ("等于", "equals") if wanted else ("不等于", "differs from"), right, language)
            return _apart(title, _operator(vocabulary, fact, operator.removesuffix("_fact"), wanted), right, language)
        case c.Compare(fact, operator, bool(value)):
            truth = (value is wanted) if operator == "equals" else (value is not wanted)
            return title, {"zh": "：", "en": ": "}[language], display(vocabulary, fact, truth, language)
        case c.Compare(fact, operator, value):
            if isinstance(value, c.ParameterReference):
                right = say(pack.parameters[value.name].title, language)
            else:
                right = display(vocabulary, fact, value, language)
            return _apart(title, _operator(vocabulary, fact, operator, wanted), right, language)


def _operator(vocabulary: Vocabulary, fact: str, operator: str, wanted: bool) -> tuple[str, str]:
    words = (_DATES if vocabulary.facts[fact].type == "date" else _COMPARE)[operator]
    return words[:2] if wanted else words[2:]


def _apart(left: str, words: tuple[str, str], right: str, language: Language) -> tuple[str, str, str]:
    return left, words[0] if language == "zh" else f" {words[1]} "[: None if right else -1], right


def fill(pack: Pack, text: str, facts: Mapping[str, Value], as_of: dt.date, language: Language) -> str:
    """A text with its {facts} and {parameters} filled in; what is not known reads so."""

    def shown(name: str) -> str:
        if name in facts:
            return display(pack.vocabulary, name, facts[name], language)
        return parameter(pack, name, as_of) or UNKNOWN[language]

    return "".join(literal + ("" if name is None else shown(name)) for literal, name in _template(text))


@lru_cache(maxsize=4096)  # the sentences of a few packs
def _template(text: str) -> tuple[tuple[str, str | None], ...]:
    """A text in pieces, and the name that follows each."""
    return tuple((literal, name) for literal, name, _, _ in string.Formatter().parse(text))


def filled(pack: Pack, text: Text, facts: Mapping[str, Value], as_of: dt.date) -> Text:
    """A text filled in, in both languages."""
    return Text(zh=fill(pack, text.zh, facts, as_of, "zh"), en=fill(pack, text.en, facts, as_of, "en"))


def parameter(pack: Pack, parameter: str, on: dt.date) -> str | None:
    """A policy number in force on a day, without its unit where the sentence around it says it."""
    entry = pack.parameters.get(parameter)
    value = None if entry is None else value_on(entry, on)
    return None if entry is None or value is None else written(value.value, entry.unit)


def written(value: Decimal, unit: Unit) -> str:
    """A policy number as people write it: ¥50,000.00, 24%, 15."""
    match unit:
        case "yuan":
            return f"¥{value:,.2f}".removesuffix(".00")
        case "percent" | "percent_a_day":
            return f"{value.normalize():f}%"
        case "basis_points":
            return f"{(value / 100).normalize():f}%"
    return f"{value.normalize():f}"


def articles(numbers: str, language: Language) -> str:
    """Numbers of articles, listed as the language lists."""
    return numbers.replace(", ", "、") if language == "zh" else numbers


def cited(pack: Pack, references: tuple[Reference, ...], language: Language) -> str:
    """References as a reader wants them: title, number, article, what force the source has, how sure we are."""
    said = []
    for each in references:
        source = pack.references[each.id]
        force = () if source.layer == "design" else (say(FORCE[source.layer], language),)
        sure = {"zh": "，", "en": ", "}[language].join((*force, say(STATUS[each.status], language)))
        if language == "zh":
            number = f"（{source.number}）" if source.number else ""
            article = f"第{articles(each.article, language)}条" if each.article else ""
            said.append(f"{source.title.zh}{number}{article}（{sure}）")
        else:
            number = f" ({source.number})" if source.number else ""
            said.append(f"{source.title.en}{number}{f', art. {each.article}' if each.article else ''} ({sure})")
    return {"zh": "；", "en": "; "}[language].join(said)


def used(pack: Pack, names: tuple[str, ...], facts: Facts, language: Language) -> str:
    """Facts with their values, those that are known."""
    said = [
        f"{say(pack.vocabulary.facts[name].title, language)}{'：' if language == 'zh' else ': '}"
        f"{display(pack.vocabulary, name, facts[name], language)}"
        for name in dict.fromkeys(names)
        if name in facts
    ]
    return {"zh": "；", "en": "; "}[language].join(said)


def change(pack: Pack, recourse: Counterfactual, language: Language) -> str:
    """What the borrower could change, and what would then be recommended."""
    title = say(pack.vocabulary.facts[recourse.fact].title, language)
    value = display(pack.vocabulary, recourse.fact, recourse.value, language)
    strategy = say(pack.strategies[recourse.strategy].title, language)
    if language == "zh":
        return f"如果{title}为“{value}”，建议将是：{strategy}。"
    return f"If {title} were {value}, the recommendation would be: {strategy}."


def stale(pack: Pack, lapse: StaleParameter, language: Language) -> str:
    """That a figure a decision rests on is not confirmed, and what to do about it."""
    entry = pack.parameters[lapse.parameter]
    title, value = say(entry.title, language), parameter(pack, lapse.parameter, lapse.on)
    if lapse.kind == "carried":
        return (
            f"本建议用到的“{title}”在{lapse.on}没有经核实的数值，暂按最近一次核实的{value}处理，请先核对最新公告。"
            if language == "zh"
            else f"This rests on “{title}”, for which no confirmed value was found on {lapse.on}. The last confirmed "
            f"value, {value}, is carried on; check the latest announcement first."
        )
    last = max((each.valid_to for each in entry.values if each.valid_to and each.valid_to < lapse.on), default=None)
    if language == "zh":
        ended = f"（最后一个数值止于{last}）" if last else ""
        return f"本案需要“{title}”，但{lapse.on}没有有效数值{ended}，系统没有用旧数值代替，相关判断空缺，请人工核实。"
    ended = f" (the last one ended on {last})" if last else ""
    return (
        f"This case needs “{title}”, which has no value in force on {lapse.on}{ended}. No old value was put in its "
        "place: what depends on it is undecided, and a person has to check."
    )
