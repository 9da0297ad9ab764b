"""DecisionView: a decision in words, as page, API, files and command line show it, each claim with its sources."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeAlias

from pydantic import ConfigDict, Field

from rules.decision.hit_policy import Ids
from rules.decision.outcome import Counterfactual, DeadlineDue, EngineDisagreement, Outcome, not_evaluated
from rules.decision.outlook.questions import ranked, settles
from rules.decision.reasons import source, speaking
from rules.decision.safety_hold import SafetyHold, for_staff, held_back
from rules.facts.case_facts import Facts
from rules.facts.cells import Value
from rules.facts.doubts import asked_about
from rules.facts.red_flags import RedFlagMatch
from rules.facts.red_flags import sentence as red_flag_sentence
from rules.finance.repayment_plan import RepaymentPlan
from rules.locale import listed, said
from rules.pack.files.doubts import IN_DOUBT
from rules.pack.files.red_flags import Grade
from rules.pack.files.schema import (
    Fact,
    Model,
    PlanKind,
    Text,
    Urgency,
)
from rules.pack.pack import Pack
from rules.text.client_plan import ClientPlan, client_plan
from rules.text.item_view import AdviceView, Citation, ItemView, advice_views, citations, item_view, stale_view
from rules.text.phrases import change, filled, reason
from rules.text.plan_text import sentence as plan_sentence
from rules.text.plan_text import yuan
from rules.text.safety_notice import safety_notice

# A fact as a submitter would write it in JSON: money in yuan and rates in percent as decimal strings, dates ISO 8601.
FactView: TypeAlias = bool | int | str | tuple[str, ...]
_NAMED: Final = 3  # strategies that the reason of a question names


class ReasonView(Model):
    """A rule that fired, in words."""

    rule: str
    text: Text
    references: tuple[Citation, ...]


class QuestionView(Model):
    """A fact that is not known yet, and why it is asked."""

    fact: str
    text: Text
    why: Text


class DeadlineView(Model):
    """A legal clock that runs in this case."""

    what: str
    title: Text
    date: dt.date
    basis: tuple[Citation, ...]
    days_left: int = Field(description="On the as-of day; negative once it is over")
    assumed: bool
    note: Text | None


class PlanView(Model):
    """A plan to propose. Amounts in yuan and rates in percent, as decimal strings."""

    strategy: str
    strategy_label: Text
    kind: PlanKind
    months: int
    monthly: str
    last: str
    total: str
    until: dt.date | None
    interest: str | None
    interest_stopped: bool | None
    rate_percent: str | None
    waiver_asked: str
    within_stress: bool | None
    share: str | None
    text: Text


class RecourseView(Model):
    """A change in the borrower's hands that leads to another strategy."""

    fact: str
    value: bool | int | str
    strategy: str
    rule: str
    text: Text


class PackView(Model):
    """The policy that decided."""

    id: str
    version: str
    sha256: str


class RedFlagView(Model):
    """An alarm that the notes raised."""

    flag: str
    title: Text
    words: tuple[str, ...]
    negated: bool
    text: Text


class SafetyHoldView(Model):
    """Danger that nobody has settled: steps and plans are held back until somebody is reached and safe."""

    grade: Grade
    text: Text
    beside: str | None = Field(description="The other case of the borrower that it is in; null: this one")


class DecisionView(Model):
    """What the policy recommends for a case, and why. A person decides."""

    model_config = ConfigDict(hide_input_in_errors=True)  # an error goes to logs, which hold no facts

    case_ref: str
    strategy: str
    strategy_label: Text
    urgency: Urgency
    certain: bool = Field(
        description="No missing fact could change the strategy, and nothing in the notes contradicts it"
    )
    secondary: Ids
    blocked: Ids
    rules_fired: Ids
    reasons: tuple[ReasonView, ...]
    questions: tuple[QuestionView, ...]
    documents: tuple[ItemView, ...]
    rights: tuple[AdviceView, ...]
    warnings: tuple[AdviceView, ...]
    steps: tuple[AdviceView, ...]
    deadlines: tuple[DeadlineView, ...]
    plan_options: tuple[PlanView, ...]
    recourse: tuple[RecourseView, ...]
    pack: PackView
    as_of: dt.date
    engines_agree: bool
    strategy_code: str
    summary: Text
    rules_unknown: Ids
    flags: Ids
    red_flags: tuple[RedFlagView, ...]
    disagreement: tuple[EngineDisagreement, ...]
    disclaimer: Text
    recommended: str = Field(description="What the policy recommends: `strategy`, unless a person chose another")
    plan_for_client: ClientPlan | None = Field(description="One page for the client; null where there is none")
    safety_hold: SafetyHoldView | None
    facts: dict[str, FactView] = Field(
        description="As evaluated, derived ones included: money in yuan and rates in percent as decimal strings, "
        "dates ISO 8601. What is not known is not there; personal data and notes never are."
    )
    valid_until: dt.date | None = Field(
        description="The first day on which the decision could come out differently by time alone: it is made again "
        "then. null for decisions made before this was kept, and where nothing could be evaluated"
    )


def decision_view(
    pack: Pack,
    case_ref: str,
    outcome: Outcome,
    facts: Facts,
    as_of: dt.date,
    alarms: Sequence[RedFlagMatch] = (),
    hold: SafetyHold | None = None,
    recommended: str | None = None,
    valid_until: dt.date | None = None,
) -> DecisionView:
    """A decision put in words, in both languages; under a safety hold without what is for the talks.

    `recommended` is the policy's strategy where a person chose another.
    """
    outcome = outcome if hold is None else held_back(pack, outcome)
    manifest, strategy = pack.manifest, pack.strategies[outcome.strategy]
    warnings = advice_views(pack, "warnings", outcome.warnings, facts, as_of)
    return DecisionView(
        case_ref=case_ref,
        strategy=outcome.strategy,
        strategy_label=strategy.title,
        recommended=recommended or outcome.strategy,
        urgency=outcome.urgency,
        certain=outcome.certain,
        secondary=outcome.secondary,
        blocked=outcome.blocked,
        rules_fired=outcome.rules_fired,
        reasons=tuple(_reason(pack, rule, facts, as_of) for rule in speaking(pack, outcome.rules_fired)),
        questions=_questions(pack, outcome, facts),
        documents=tuple(item_view(pack, name, pack.documents[name], facts, as_of) for name in outcome.documents),
        rights=advice_views(pack, "rights", outcome.rights, facts, as_of),
        warnings=(*warnings, *(stale_view(pack, lapse) for lapse in outcome.lapsed)),
        steps=advice_views(pack, "steps", outcome.steps, facts, as_of),
        deadlines=tuple(_deadline(pack, due, as_of) for due in outcome.deadlines),
        plan_options=tuple(plan_view(pack, plan) for plan in outcome.plans),
        recourse=tuple(_recourse(pack, change) for change in outcome.recourse),
        pack=PackView(id=manifest.id, version=manifest.version, sha256=pack.sha256),
        as_of=as_of,
        valid_until=valid_until,
        engines_agree=outcome.engines_agree,
        strategy_code=strategy.code,
        summary=filled(pack, strategy.summary, facts, as_of),
        rules_unknown=outcome.rules_unknown,
        flags=outcome.flags,
        red_flags=tuple(_red_flag(pack, alarm) for alarm in _said_once(pack, alarms)),
        disagreement=outcome.disagreement,
        disclaimer=manifest.disclaimer,
        plan_for_client=client_plan(pack, outcome, facts, as_of) if hold is None or for_staff(pack, outcome) else None,
        safety_hold=None if hold is None else _safety_hold(hold),
        facts=facts_view(pack, facts),
    )


@lru_cache(maxsize=64)
def public_facts(pack: Pack) -> tuple[str, ...]:
    """The facts that a decision may show, in the vocabulary's order: nothing personal; the reference stands by itself.

    The same for every decision by one pack, so that they can be the columns of a table.
    """
    return tuple(name for name, fact in pack.vocabulary.facts.items() if not fact.private and name != "case_ref")


def facts_view(pack: Pack, facts: Facts) -> dict[str, FactView]:
    """The facts that a decision may show, as a submitter would write them."""
    return {name: fact_view(pack.vocabulary.facts[name], facts[name]) for name in public_facts(pack) if name in facts}


def fact_view(fact: Fact, value: Value) -> FactView:
    """A value as a submitter would write it in JSON."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return yuan(int(value)) if fact.type in ("money", "rate") and not isinstance(value, str | tuple) else value


def plan_view(pack: Pack, plan: RepaymentPlan) -> PlanView:
    """A plan with its amounts, and the sentence that asks for it."""
    return PlanView(
        strategy=plan.strategy,
        strategy_label=pack.strategies[plan.strategy].title,
        kind=plan.kind,
        months=plan.months,
        monthly=yuan(plan.monthly),
        last=yuan(plan.last),
        total=yuan(plan.total),
        until=plan.until,
        interest=None if plan.interest is None else yuan(plan.interest),
        interest_stopped=None if plan.rate is None else plan.rate == 0,
        rate_percent=None if plan.rate is None else yuan(plan.rate),
        waiver_asked=yuan(plan.waived),
        within_stress=plan.within_stress,
        share=None if plan.share is None else yuan(plan.share),
        text=plan_sentence(plan),
    )


def _reason(pack: Pack, rule: str, facts: Facts, as_of: dt.date) -> ReasonView:
    return ReasonView(
        rule=rule,
        text=reason(pack, rule, facts, as_of),
        references=citations(pack, source(pack, rule).references),
    )


def _questions(pack: Pack, outcome: Outcome, facts: Facts) -> tuple[QuestionView, ...]:
    if facts.get("note_flags") or facts.get(IN_DOUBT):  # what is asked, and why, hangs on the facts as well
        return _asked(pack, outcome, facts)
    return _usual_questions(pack, outcome.strategy, outcome.questions, outcome.rules_unknown)


@lru_cache(maxsize=2048)  # of many cases the same is not known
def _usual_questions(pack: Pack, strategy: str, questions: Ids, unknown: Ids) -> tuple[QuestionView, ...]:
    outcome = replace(not_evaluated(pack), strategy=strategy, questions=questions, rules_unknown=unknown)
    return _asked(pack, outcome, {})


def _asked(pack: Pack, outcome: Outcome, facts: Facts) -> tuple[QuestionView, ...]:
    known, doubted = pack.vocabulary.facts, asked_about(pack.vocabulary, facts)
    return tuple(
        QuestionView(
            fact=name,
            text=known[name].question or known[name].title,
            why=doubted.get(name) or known[name].why or _why_asked(pack, outcome, name),
        )
        for name in ranked(pack, outcome, facts)
    )


def _why_asked(pack: Pack, outcome: Outcome, name: str) -> Text:
    """What the answer would settle, worked out from the rules that are still open."""
    titles = [pack.strategies[strategy].title for strategy in settles(pack, outcome, name)[:_NAMED]]
    return said("question.settles", strategies=listed(titles)) if titles else said("question.strategy")


def _deadline(pack: Pack, due: DeadlineDue, as_of: dt.date) -> DeadlineView:
    clock = pack.deadlines[due.id]
    return DeadlineView(
        what=due.id,
        title=clock.title,
        date=due.date,
        basis=citations(pack, clock.references),
        days_left=(due.date - as_of).days,
        assumed=due.assumed,
        note=_assumption(due),
    )


def _assumption(due: DeadlineDue) -> Text | None:
    """What a date rests on where something about it is not known."""
    if not due.start_known:
        return said("deadline.start_unknown")
    return None if due.calendar_known else said("deadline.calendar_unknown")


def _recourse(pack: Pack, recourse: Counterfactual) -> RecourseView:
    is_money = pack.vocabulary.facts[recourse.fact].type == "money"
    return RecourseView(
        fact=recourse.fact,
        value=yuan(int(recourse.value)) if is_money else recourse.value,
        strategy=recourse.strategy,
        rule=recourse.rule,
        text=Text(zh=change(pack, recourse, "zh"), en=change(pack, recourse, "en")),
    )


def _safety_hold(hold: SafetyHold) -> SafetyHoldView:
    return SafetyHoldView(grade=hold.grade, text=safety_notice(hold), beside=hold.beside)


def _said_once(pack: Pack, alarms: Sequence[RedFlagMatch]) -> Iterator[RedFlagMatch]:
    """The alarms, of those that the same facts answer each word once, with the most particular of them.

    The pack lists the general one first. One that has no other words is left out, but never a sign of danger.
    """
    told: defaultdict[tuple[tuple[str, ...], bool], set[str]] = defaultdict(set)
    kept: list[RedFlagMatch] = []
    for alarm in reversed(alarms):
        flag = pack.red_flags[alarm.flag]
        words = alarm.words
        if flag.answered_by and flag.danger is None:
            said_already = told[tuple(answer.fact for answer in flag.answered_by), alarm.negated]
            words = tuple(word for word in words if word not in said_already)
            said_already.update(words)
        if words or not alarm.words:
            kept.append(replace(alarm, words=words))
    yield from reversed(kept)


def _red_flag(pack: Pack, alarm: RedFlagMatch) -> RedFlagView:
    return RedFlagView(
        flag=alarm.flag,
        title=pack.red_flags[alarm.flag].title,
        words=alarm.words,
        negated=alarm.negated,
        text=Text(zh=red_flag_sentence(pack, alarm, "zh"), en=red_flag_sentence(pack, alarm, "en")),
    )
