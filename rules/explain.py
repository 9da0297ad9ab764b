"""One decision at length: what is recommended, why, why nothing else, what would change it, what is to be asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rules.facts import Facts, Language
from rules.normal import facts_of
from rules.outcome import DISAGREEMENT, Outcome
from rules.pack import Pack
from rules.phrases import URGENCY, change, cited, phrase, say, used
from rules.policy import DEFAULT
from rules.reasons import reason, rules_of, source, speaking
from rules.schema import Text
from rules.twin import RuleTrace

_MOST: Final = 5  # near misses told
_ENOUGH: Final = 3  # conditions a rule must have so that missing one of them is near
_HEADINGS: Final[Mapping[str, Text]] = {
    "deadlines": Text(zh="期限", en="Deadlines"),
    "why": Text(zh="为什么", en="Why"),
    "why_not": Text(zh="为什么不是别的", en="Why not something else"),
    "changes": Text(zh="什么会改变建议", en="What would change it"),
    "questions": Text(zh="还需要了解", en="What is still to be asked"),
    "differences": Text(zh="两套引擎的差异", en="Where the engines differ"),
}


def explain(
    pack: Pack, outcome: Outcome, facts: Facts, trace: Sequence[RuleTrace], as_of: dt.date, language: Language
) -> str:
    """The explanation, in paragraphs. `trace` is of the same facts, from Evaluator.trace."""
    traced = {each.rule: each for each in trace}
    sections = [
        ("", _recommendation(pack, outcome, language)),
        ("deadlines", _deadlines(pack, outcome, as_of, language)),
        ("differences", [f"{each.rule}: {each.engine} / {each.twin}" for each in outcome.disagreement]),
        ("why", [_why(pack, rule, facts, traced, as_of, language) for rule in speaking(pack, outcome.rules_fired)]),
        ("why_not", list(_near_misses(pack, outcome, trace, language))),
        ("changes", [change(pack, each, language) for each in outcome.recourse]),
        ("questions", [_question(pack, name, language) for name in outcome.questions]),
    ]
    paragraphs = [_section(heading, list(lines), language) for heading, lines in sections if lines]
    return "\n\n".join([*paragraphs, say(pack.manifest.disclaimer, language)])


def _section(heading: str, lines: list[str], language: Language) -> str:
    if not heading:
        return "\n".join(lines)
    return "\n".join([say(_HEADINGS[heading], language), *(f"- {line}" for line in lines)])


def _recommendation(pack: Pack, outcome: Outcome, language: Language) -> list[str]:
    strategy = pack.strategies[outcome.strategy]
    urgency = say(URGENCY[outcome.urgency], language)
    others = [say(pack.strategies[name].title, language) for name in outcome.secondary]
    blocked = [say(pack.strategies[name].title, language) for name in outcome.blocked]
    if language == "zh":
        sure = "已确定：缺少的信息不会改变这一策略。" if outcome.certain else "尚未确定：缺少的信息可能改变这一策略。"
        return [
            f"建议：{strategy.title.zh}（{strategy.code}），紧急程度 {outcome.urgency}（{urgency}）。",
            strategy.summary.zh,
            sure if outcome.engines_agree else "两套引擎的结果不一致，由顾问判断。",
            *([f"同时考虑：{'、'.join(others)}。"] if others else []),
            *([f"暂不可用：{'、'.join(blocked)}。"] if blocked else []),
        ]
    sure = (
        "This is certain: nothing that is still unknown could change it."
        if outcome.certain
        else "This is not certain: what is still unknown could change it."
    )
    return [
        f"Recommended: {strategy.title.en} ({strategy.code}), urgency {outcome.urgency} ({urgency}).",
        strategy.summary.en,
        sure if outcome.engines_agree else "The two engines came to different results; a counsellor decides.",
        *([f"Also to be considered: {', '.join(others)}."] if others else []),
        *([f"Not to be used for now: {', '.join(blocked)}."] if blocked else []),
    ]


def _deadlines(pack: Pack, outcome: Outcome, as_of: dt.date, language: Language) -> Iterator[str] | list[str]:
    said = []
    for due in outcome.deadlines:
        clock, left = pack.deadlines[due.id], (due.date - as_of).days
        title, references = say(clock.title, language), cited(pack, clock.references, language)
        if language == "zh":
            when = f"还有 {left} 天" if left >= 0 else f"已过 {-left} 天"
            guess = "；起算日不明或当年假日未公布，按此日处理" if due.assumed else ""
            said.append(f"{title}：{due.date}（{when}{guess}）。依据：{references}")
        else:
            days = f"{abs(left)} day{'' if abs(left) == 1 else 's'}"
            when = f"{days} left" if left >= 0 else f"{days} ago"
            guess = "; assumed, because its start or the holidays of that time are not known" if due.assumed else ""
            said.append(f"{title}: {due.date} ({when}{guess}). Basis: {references}")
    return said


def _why(
    pack: Pack, rule: str, facts: Facts, traced: Mapping[str, RuleTrace], as_of: dt.date, language: Language
) -> str:
    text = reason(pack, rule, facts, as_of, language)
    references = cited(pack, source(pack, rule).references, language)
    if rule in (DEFAULT, DISAGREEMENT) or rule not in traced:
        return f"{text}\n  {'依据' if language == 'zh' else 'Basis'}{_colon(language)}{references}"
    trace = traced[rule]
    conditions = {"zh": "；", "en": "; "}[language].join(
        phrase(pack, part, language) for part, value in trace.parts if value is True
    )
    names = tuple(name for each in trace.leaves if each.value is not None for name in facts_of(each.leaf))
    title = say(rules_of(pack)[rule].rule.title, language)
    words = {"zh": ("规则", "条件", "事实", "依据"), "en": ("Rule", "Conditions", "Facts", "Basis")}[language]
    said = (f"{title} [{rule}]", conditions, used(pack, names, facts, language), references)
    details = [f"  {word}{_colon(language)}{each}" for word, each in zip(words, said, strict=True) if each]
    return "\n".join([text, *details])


def _near_misses(pack: Pack, outcome: Outcome, trace: Sequence[RuleTrace], language: Language) -> Iterator[str]:
    """For each other strategy the rule that comes nearest to recommending it: all but one of its conditions hold."""
    rules = rules_of(pack)
    nearest: dict[str, RuleTrace] = {}
    for each in sorted(trace, key=lambda each: -len(each.parts)):  # otherwise as the rules are: most important first
        wanted = next((effect.recommend for effect in rules[each.rule].rule.then if effect.recommend), None)
        values = [value for _, value in each.parts]
        near = len(values) >= _ENOUGH and values.count(False) == 1 and None not in values
        if near and wanted and wanted != outcome.strategy and wanted not in outcome.blocked:
            nearest.setdefault(wanted, each)
    for wanted, each in list(nearest.items())[:_MOST]:
        failed = next(part for part, value in each.parts if value is False)
        title, lacking = say(pack.strategies[wanted].title, language), phrase(pack, failed, language)
        yield (
            f"{title} [{each.rule}]：只差一个条件：{lacking}。"
            if language == "zh"
            else f"{title} [{each.rule}]: one condition is missing: {lacking}."
        )


def _question(pack: Pack, name: str, language: Language) -> str:
    fact = pack.vocabulary.facts[name]
    return say(fact.question or fact.title, language)


def _colon(language: Language) -> str:
    return "：" if language == "zh" else ": "
