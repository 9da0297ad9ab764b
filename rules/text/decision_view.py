"""Decisions in words: the public object of a decision, each reason and item with its sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from rules.decision.hit_policy import Ids
from rules.decision.outcome import Counterfactual, DeadlineDue, EngineDisagreement, Outcome, StaleParameter
from rules.decision.reasons import source, speaking
from rules.facts.case_facts import Facts
from rules.facts.red_flags import RedFlagMatch, sentence
from rules.locale import said
from rules.pack.pack import Pack
from rules.pack.schema import Item
from rules.text.phrases import both, change, citations, filled, reason, stale
from rules.text.plan_text import proposal, yuan


def decision(
    pack: Pack, case_ref: str, outcome: Outcome, facts: Facts, as_of: dt.date, alarms: Sequence[RedFlagMatch] = ()
) -> dict[str, Any]:
    """The decision as users and scripts get it: one JSON object, in both languages."""
    manifest, strategy = pack.manifest, pack.strategies[outcome.strategy]
    return {
        "case_ref": case_ref,
        "strategy": outcome.strategy,
        "strategy_label": both(strategy.title),
        "urgency": outcome.urgency,
        "certain": outcome.certain,
        "secondary": list(outcome.secondary),
        "blocked": list(outcome.blocked),
        "rules_fired": list(outcome.rules_fired),
        "reasons": [_reason(pack, rule, facts, as_of) for rule in speaking(pack, outcome.rules_fired)],
        "questions": [_question(pack, name) for name in outcome.questions],
        "documents": _items(pack, pack.documents, outcome.documents, facts, as_of),
        "rights": _items(pack, pack.rights, outcome.rights, facts, as_of),
        "warnings": [
            *_items(pack, pack.warnings, outcome.warnings, facts, as_of),
            *(_lapse(pack, each) for each in outcome.lapsed),
        ],
        "steps": _items(pack, pack.steps, outcome.steps, facts, as_of),
        "deadlines": [_deadline(pack, due, as_of) for due in outcome.deadlines],
        "plan_options": [proposal(pack, plan) for plan in outcome.plans],
        "recourse": [_recourse(pack, each) for each in outcome.recourse],
        "pack": {"id": manifest.id, "version": manifest.version, "sha256": pack.sha256},
        "as_of": as_of.isoformat(),
        "engines_agree": outcome.engines_agree,
        "strategy_code": strategy.code,
        "summary": filled(pack, strategy.summary, facts, as_of),
        "rules_unknown": list(outcome.rules_unknown),
        "flags": list(outcome.flags),
        "red_flags": [_alarm(pack, alarm) for alarm in alarms],
        "disagreement": [_difference(each) for each in outcome.disagreement],
        "disclaimer": both(manifest.disclaimer),
    }


def _reason(pack: Pack, rule: str, facts: Facts, as_of: dt.date) -> dict[str, Any]:
    return {
        "rule": rule,
        "text": {language: reason(pack, rule, facts, as_of, language) for language in ("zh", "en")},
        "references": citations(pack, source(pack, rule).references),
    }


def _question(pack: Pack, name: str) -> dict[str, Any]:
    fact = pack.vocabulary.facts[name]
    return {"fact": name, "text": both(fact.question or fact.title)}


def _items(pack: Pack, entries: Mapping[str, Item], ids: Ids, facts: Facts, as_of: dt.date) -> list[dict[str, Any]]:
    return [
        {
            "id": name,
            "text": filled(pack, entries[name].text, facts, as_of),
            "references": citations(pack, entries[name].references),
        }
        for name in ids
    ]


def _lapse(pack: Pack, each: StaleParameter) -> dict[str, Any]:
    """A warning about a figure."""
    values = pack.parameters[each.parameter].values
    return {
        "id": f"figure:{each.parameter}",
        "text": {"zh": stale(pack, each, "zh"), "en": stale(pack, each, "en")},
        "references": citations(pack, max(values, key=lambda value: value.valid_from).references),
    }


def _deadline(pack: Pack, due: DeadlineDue, as_of: dt.date) -> dict[str, Any]:
    clock = pack.deadlines[due.id]
    return {
        "what": due.id,
        "title": both(clock.title),
        "date": due.date.isoformat(),
        "basis": citations(pack, clock.references),
        "days_left": (due.date - as_of).days,
        "assumed": due.assumed,
        "note": _assumption(due),
    }


def _assumption(due: DeadlineDue) -> dict[str, str] | None:
    """What a date rests on where something about it is not known."""
    if not due.start_known:
        return both(said("deadline.start_unknown"))
    return None if due.calendar_known else both(said("deadline.calendar_unknown"))


def _recourse(pack: Pack, each: Counterfactual) -> dict[str, Any]:
    return {
        "fact": each.fact,
        "value": yuan(int(each.value)) if pack.vocabulary.facts[each.fact].type == "money" else each.value,
        "strategy": each.strategy,
        "rule": each.rule,
        "text": {"zh": change(pack, each, "zh"), "en": change(pack, each, "en")},
    }


def _alarm(pack: Pack, alarm: RedFlagMatch) -> dict[str, Any]:
    return {
        "flag": alarm.flag,
        "title": both(pack.red_flags[alarm.flag].title),
        "words": list(alarm.words),
        "negated": alarm.negated,
        "text": {"zh": sentence(pack, alarm, "zh"), "en": sentence(pack, alarm, "en")},
    }


def _difference(each: EngineDisagreement) -> dict[str, str]:
    return {"rule": each.rule, "engine": each.engine, "twin": each.twin}
