"""One decision at length, as a good counsellor would put it: what, why, what to do, why nothing else, what to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rules.decision.near_misses import near_misses
from rules.decision.outcome import Outcome
from rules.decision.reasons import decided_alone, rules_of, source
from rules.engines.polars_engine import RuleTrace
from rules.facts.case_facts import Facts, Language
from rules.pack import conditions as c
from rules.pack.normal_form import facts_of, leaves
from rules.pack.pack import Pack
from rules.pack.schema import Reference, Text
from rules.text.decision_view import Citation, DeadlineView, DecisionView, ItemView, QuestionView, ReasonView
from rules.text.phrases import URGENCY, cited, fill, phrase, say, used

_MOST_QUESTIONS: Final = 5
_HEADINGS: Final[Mapping[str, Text]] = {
    "red_flags": Text(zh="备注里的警示", en="Red flags in the notes"),
    "situation": Text(zh="情况", en="The situation"),
    "deadlines": Text(zh="期限", en="Deadlines"),
    "differences": Text(zh="两套计算的差异", en="Where the engines differ"),
    "why": Text(zh="为什么", en="Why"),
    "steps": Text(zh="接下来做什么", en="What to do next"),
    "plan_options": Text(zh="可以提出的还款方案", en="Plans that can be offered"),
    "documents": Text(zh="要准备的材料", en="Papers to have in hand"),
    "rights": Text(zh="可以依据的权利", en="Rights to rely on"),
    "warnings": Text(zh="要提醒当事人的", en="What the borrower should know"),
    "why_not": Text(zh="为什么不是别的", en="Why not something else"),
    "changes": Text(zh="什么会改变建议", en="What would change it"),
    "questions": Text(zh="还要问清", en="Still to be asked"),
    "sources": Text(zh="依据", en="Sources"),
}
# What a counsellor wants to see first; nothing about money where a person is in danger.
_SITUATION: Final = (
    "product",
    "days_overdue",
    "hardship",
    "hardship_duration",
    "legal_stage",
    "balance",
    "monthly_due",
    "capacity",
    "creditors_overdue",
)


def explain(
    pack: Pack,
    decision: DecisionView,
    outcome: Outcome,
    facts: Facts,
    trace: Sequence[RuleTrace],
    language: Language,
) -> str:
    """The explanation, in paragraphs. `decision` is the outcome in words, `trace` of the same facts."""
    notes = _Notes(pack, language)
    alone = decided_alone(pack, outcome.rules_fired)
    traced = {each.rule: each for each in trace}
    sections: list[tuple[str, list[str]]] = [
        ("", _recommendation(pack, decision, outcome, facts, language)),
        ("red_flags", [say(flag.text, language) for flag in decision.red_flags]),
        ("situation", [] if alone else _situation(pack, facts, language)),
        ("deadlines", [_deadline(due, notes, language) for due in decision.deadlines]),
        ("differences", [f"{each.rule}: {each.engine} / {each.twin}" for each in outcome.disagreement]),
        ("why", [_why(pack, reason, facts, traced, notes) for reason in decision.reasons]),
        ("steps", _items(decision.steps, notes, language)),
        ("plan_options", [say(plan.text, language) for plan in decision.plan_options]),
        ("documents", _items(decision.documents, notes, language)),
        ("rights", _items(decision.rights, notes, language)),
        ("warnings", _items(decision.warnings, notes, language)),
        ("questions", _questions(pack, decision.questions, language)),
        ("why_not", [] if alone else list(_why_not(pack, outcome, facts, trace, language))),
        ("changes", [say(recourse.text, language) for recourse in decision.recourse]),
        ("sources", notes.listed()),
    ]
    paragraphs = [_section(heading, lines, language) for heading, lines in sections if lines]
    return "\n\n".join([*paragraphs, say(pack.manifest.disclaimer, language)])


def _questions(pack: Pack, asked: Sequence[QuestionView], language: Language) -> list[str]:
    """The first few, and how many more there are: nobody asks thirty things at once.

    The days on which clocks start come after the stage that says whether there is a clock.
    """
    starts = {clock.starts_from for clock in pack.deadlines.values()}
    first = sorted(asked, key=lambda question: question.fact in starts)
    said = [say(question.text, language) for question in first[:_MOST_QUESTIONS]]
    more = len(asked) - len(said)
    if more:
        said.append(
            f"另有{more}项，问清以上各项后再看。" if language == "zh" else f"{more} more, once these are clear."
        )
    return said


class _Notes:
    """Numbers the sources as they are met, so that a text names each once."""

    def __init__(self, pack: Pack, language: Language) -> None:
        self._pack = pack
        self.language = language
        self._numbers: dict[Reference, int] = {}

    def mark(self, references: Sequence[Reference]) -> str:
        """The numbers of these sources, to stand behind a sentence."""
        numbers = sorted({self._numbers.setdefault(each, len(self._numbers) + 1) for each in references})
        joined = ("、" if self.language == "zh" else ", ").join(map(str, numbers))
        return f"〔{joined}〕" if self.language == "zh" and numbers else f" [{joined}]" if numbers else ""

    def mark_cited(self, cited: Sequence[Citation]) -> str:
        """The same for references as a decision in words has them."""
        return self.mark([Reference(id=each.id, article=each.article, status=each.status) for each in cited])

    def listed(self) -> list[str]:
        """Every source met, by number."""
        return [cited(self._pack, (each,), self.language) for each in self._numbers]


def _section(heading: str, lines: list[str], language: Language) -> str:
    if not heading:
        return "\n".join(lines)
    numbered = heading in ("steps", "sources")
    marks = (f"{number}. " if numbered else "- " for number in range(1, len(lines) + 1))
    return "\n".join(
        [say(_HEADINGS[heading], language), *(mark + line for mark, line in zip(marks, lines, strict=True))]
    )


def _recommendation(
    pack: Pack, decision: DecisionView, outcome: Outcome, facts: Facts, language: Language
) -> list[str]:
    strategy = pack.strategies[outcome.strategy]
    summary, sound_when, against = (
        fill(pack, say(text, language), facts, decision.as_of, language)
        for text in (strategy.summary, strategy.sound_when, strategy.against)
    )
    urgency = say(URGENCY[outcome.urgency], language)
    others = [say(pack.strategies[name].title, language) for name in outcome.secondary]
    blocked = [say(pack.strategies[name].title, language) for name in outcome.blocked]
    if language == "zh":
        sure = "已确定：缺少的信息不会改变这一策略。" if outcome.certain else "尚未确定：缺少的信息可能改变这一策略。"
        return [
            f"建议：{strategy.title.zh}（{strategy.code}），紧急程度 {outcome.urgency}（{urgency}）。",
            summary,
            f"什么时候合适：{sound_when}",
            f"有什么不利：{against}",
            sure if outcome.engines_agree else "两套计算的结果不一致，由顾问判断。",
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
        summary,
        f"Sound: {sound_when}",
        f"What speaks against it: {against}",
        sure if outcome.engines_agree else "The two engines came to different results; a counsellor decides.",
        *([f"Also to be considered: {', '.join(others)}."] if others else []),
        *([f"Not to be used for now: {', '.join(blocked)}."] if blocked else []),
    ]


def _situation(pack: Pack, facts: Facts, language: Language) -> list[str]:
    said = used(pack, tuple(name for name in _SITUATION if name in facts), facts, language)
    return [said] if said else []


def _deadline(due: DeadlineView, notes: _Notes, language: Language) -> str:
    """A clock, how long it still runs, and what is assumed about it."""
    left, mark = due.days_left, notes.mark_cited(due.basis)
    note = say(due.note, language) if due.note else ""
    if language == "zh":
        when = f"还有 {left} 天" if left > 0 else "就是今天" if left == 0 else f"已过 {-left} 天"
        return f"{due.title.zh}：{due.date}（{when}）。{note}{mark}"
    days = f"{abs(left)} day{'' if abs(left) == 1 else 's'}"
    when = f"{days} left" if left > 0 else "today" if left == 0 else f"{days} ago"
    return f"{due.title.en}: {due.date} ({when}).{' ' + note if note else ''}{mark}"


def _why(pack: Pack, reason: ReasonView, facts: Facts, traced: Mapping[str, RuleTrace], notes: _Notes) -> str:
    """What a rule says, the facts that made it speak, and its name."""
    rule, language = reason.rule, notes.language
    text = say(reason.text, language) + notes.mark(source(pack, rule).references)
    if rule not in traced:
        return text
    trace = traced[rule]
    values = {each.leaf: each.value for each in trace.leaves}
    names = tuple(name for part, _ in trace.parts for name in _telling(part, values))
    known = used(pack, names, facts, language)
    title = say(rules_of(pack)[rule].rule.title, language)
    if language == "zh":
        return f"{text}\n  规则“{title}”（{rule}）" + (f"，用到的信息：{known}" if known else "")
    return f"{text}\n  Rule “{title}” ({rule})" + (f", which looked at: {known}" if known else "")


def _items(items: Sequence[ItemView], notes: _Notes, language: Language) -> list[str]:
    return [say(item.text, language) + notes.mark_cited(item.references) for item in items]


def _why_not(
    pack: Pack, outcome: Outcome, facts: Facts, trace: Sequence[RuleTrace], language: Language
) -> Iterator[str]:
    for miss in near_misses(pack, outcome, trace):
        title, lacking = say(pack.strategies[miss.strategy].title, language), phrase(pack, miss.lacking, language)
        present = used(pack, miss.facts, facts, language)
        if language == "zh":
            yield f"{title}：要求“{lacking}”，而现在是“{present}”。（规则 {miss.rule}）"
        else:
            yield f"{title}: it takes “{lacking}”, and now it is “{present}”. (rule {miss.rule})"


def _telling(condition: c.Condition, values: Mapping[c.Leaf, bool | None]) -> Iterator[str]:
    """The facts that make a condition true: of alternatives only those that hold."""
    match condition:
        case c.All(children):
            for child in children:
                yield from _telling(child, values)
        case c.Any(children):
            for child in children:
                if _holds(child, values):
                    yield from _telling(child, values)
        case c.Not(child):
            yield from (name for leaf in leaves(child) for name in facts_of(leaf))
        case _:
            yield from facts_of(condition)


def _holds(condition: c.Condition, values: Mapping[c.Leaf, bool | None]) -> bool:
    match condition:
        case c.All(children):
            return all(_holds(child, values) for child in children)
        case c.Any(children):
            return any(_holds(child, values) for child in children)
        case c.Not(child):
            return not any(values.get(leaf) for leaf in leaves(child))
    return bool(values.get(condition))
