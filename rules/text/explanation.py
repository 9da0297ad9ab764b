"""One decision at length, as a good counsellor would put it: what, why, what to do, why nothing else, what to ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rules.decision.outcome import Outcome
from rules.decision.outlook.near_misses import near_misses
from rules.decision.outlook.questions import FIRST
from rules.decision.reasons import decided_alone, rules_of, source
from rules.engines.polars_engine import RuleTrace
from rules.facts.case_facts import Facts
from rules.locale import Language, in_language, listed, said
from rules.pack.files.schema import Reference
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import facts_of, leaves
from rules.pack.pack import Pack
from rules.text.client_plan import ClientPlan, joined
from rules.text.decision_view import DeadlineView, DecisionView, QuestionView, ReasonView
from rules.text.item_view import Citation, ItemView
from rules.text.phrases import cited, filled, phrase, used
from rules.text.workings.formula_text import all_workings

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
    alone = decided_alone(pack, outcome.rules_fired) or decision.safety_hold is not None
    traced = {each.rule: each for each in trace}
    sections: list[tuple[str, list[str]]] = [
        ("", _recommendation(pack, decision, outcome, facts, language)),
        ("", [] if decision.safety_hold is None else [in_language(decision.safety_hold.text, language)]),
        ("client", [] if decision.plan_for_client is None else _client(decision.plan_for_client, language)),
        ("red_flags", [in_language(flag.text, language) for flag in decision.red_flags]),
        ("situation", [] if alone else _situation(pack, facts, language)),
        ("deadlines", [_deadline(due, notes, language) for due in decision.deadlines]),
        ("differences", [f"{each.rule}: {each.engine} / {each.twin}" for each in outcome.disagreement]),
        ("why", [_why(pack, reason, facts, traced, notes) for reason in decision.reasons]),
        ("steps", _items(decision.steps, notes, language)),
        ("plan_options", [in_language(plan.text, language) for plan in decision.plan_options]),
        ("documents", _items(decision.documents, notes, language)),
        ("rights", _items(decision.rights, notes, language)),
        ("warnings", _items(decision.warnings, notes, language)),
        ("questions", _questions(decision.questions, language)),
        ("why_not", [] if alone else list(_why_not(pack, outcome, facts, decision.as_of, trace, language))),
        ("changes", [in_language(recourse.text, language) for recourse in decision.recourse]),
        ("workings", [] if alone else list(_workings(pack, decision, facts, language))),
        ("sources", notes.listed()),
    ]
    paragraphs = [_section(heading, lines, language) for heading, lines in sections if lines]
    made_by = said("explain.pack", pack=decision.pack.id, version=decision.pack.version, day=decision.as_of)
    return "\n\n".join([*paragraphs, in_language(made_by, language), in_language(pack.manifest.disclaimer, language)])


def _workings(pack: Pack, decision: DecisionView, facts: Facts, language: Language) -> Iterator[str]:
    """Every derived fact with how it came about, as the case page tells it."""
    told = all_workings(pack, facts, decision.as_of, language)
    for name, fact in pack.vocabulary.facts.items():
        if name in told:
            lines = "\n  ".join(told[name].lines(language))
            yield in_language(said("explain.working", title=fact.title, told=lines), language)


def _questions(asked: Sequence[QuestionView], language: Language) -> list[str]:
    """The first few with why they are asked, and how many more there are."""
    shown = [
        in_language(said("explain.question", text=question.text, why=question.why), language)
        for question in asked[:FIRST]
    ]
    more = len(asked) - len(shown)
    return [*shown, in_language(said("explain.more_questions", n=more), language)] if more else shown


def _client(plan: ClientPlan, language: Language) -> list[str]:
    """The client's page, a line for each part of it."""
    parts = (("today", plan.today), ("this_week", plan.this_week), ("not_to_do", plan.not_to_do))
    told = [said(f"explain.client.{name}", lines=joined(lines)) for name, lines in parts if lines]
    return [in_language(text, language) for text in (plan.sentence, *told, plan.whom_to_call) if text]


class _Notes:
    """Numbers the sources as they are met, so that a text names each once."""

    def __init__(self, pack: Pack, language: Language) -> None:
        self._pack = pack
        self.language = language
        self._numbers: dict[Reference, int] = {}

    def mark(self, references: Sequence[Reference]) -> str:
        """The numbers of these sources, to stand behind a sentence."""
        numbers = sorted({self._numbers.setdefault(each, len(self._numbers) + 1) for each in references})
        return in_language(said("explain.mark", numbers=listed(map(str, numbers))), self.language) if numbers else ""

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
        [
            in_language(said(f"explain.{heading}"), language),
            *(mark + line for mark, line in zip(marks, lines, strict=True)),
        ]
    )


def _recommendation(
    pack: Pack, decision: DecisionView, outcome: Outcome, facts: Facts, language: Language
) -> list[str]:
    strategy, as_of = pack.strategies[outcome.strategy], decision.as_of
    level = outcome.urgency
    sure = "disagreed" if not outcome.engines_agree else "certain" if outcome.certain else "uncertain"
    sentences = [
        said(
            "explain.recommended",
            title=strategy.title,
            code=strategy.code,
            level=level,
            urgency=said(f"urgency.{level}"),
        ),
        filled(pack, strategy.summary, facts, as_of),
        said("explain.sound_when", text=filled(pack, strategy.sound_when, facts, as_of)),
        said("explain.against", text=filled(pack, strategy.against, facts, as_of)),
        said(f"explain.{sure}"),
    ]
    for key, names in (("secondary", outcome.secondary), ("blocked", outcome.blocked)):
        if names:
            sentences.append(said(f"explain.{key}", titles=listed(pack.strategies[name].title for name in names)))
    return [in_language(sentence, language) for sentence in sentences]


def _situation(pack: Pack, facts: Facts, language: Language) -> list[str]:
    known = used(pack, tuple(name for name in _SITUATION if name in facts), facts, language)
    return [known] if known else []


def _deadline(due: DeadlineView, notes: _Notes, language: Language) -> str:
    """A clock, how long it still runs, and what is assumed about it."""
    left = due.days_left
    passed = "days_left" if left > 0 else "today" if left == 0 else "days_ago"
    when = said(f"explain.{passed}", n=abs(left))
    key = "explain.deadline_assumed" if due.note else "explain.deadline"
    text = said(key, title=due.title, date=due.date, when=when, note=due.note or "")
    return in_language(text, language) + notes.mark_cited(due.basis)


def _why(pack: Pack, reason: ReasonView, facts: Facts, traced: Mapping[str, RuleTrace], notes: _Notes) -> str:
    """What a rule says, the facts that made it speak, and its name."""
    rule, language = reason.rule, notes.language
    text = in_language(reason.text, language) + notes.mark(source(pack, rule).references)
    if rule not in traced:
        return text
    trace = traced[rule]
    values = {each.leaf: each.value for each in trace.leaves}
    names = tuple(name for part, _ in trace.parts for name in _telling(part, values))
    known = used(pack, names, facts, language)
    key = "explain.rule_used" if known else "explain.rule"
    return (
        f"{text}\n  {in_language(said(key, title=rules_of(pack)[rule].rule.title, rule=rule, facts=known), language)}"
    )


def _items(items: Sequence[ItemView], notes: _Notes, language: Language) -> list[str]:
    return [in_language(item.text, language) + notes.mark_cited(item.references) for item in items]


def _why_not(
    pack: Pack, outcome: Outcome, facts: Facts, as_of: dt.date, trace: Sequence[RuleTrace], language: Language
) -> Iterator[str]:
    for miss in near_misses(pack, outcome, trace):
        title, lacking = pack.strategies[miss.strategy].title, phrase(pack, miss.lacking, language)
        if present := used(pack, miss.facts, facts, language, bounds_on=as_of):
            told = said("explain.near_miss", title=title, lacking=lacking, present=present, rule=miss.rule)
            yield in_language(told, language)


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
