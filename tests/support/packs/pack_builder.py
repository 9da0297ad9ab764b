"""Packs made of a few rules, written as conditions and effects rather than as files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rules.formulas.parser import parse_formula
from rules.pack.files.schema import Effect, Parameter, Reference, Rule, RuleTest, Text, Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import LoadedFormula, LoadedRule, Pack
from tests.support.packs.tiny_pack import tiny
from tests.support.packs.vocabulary import VOCABULARY

_TINY = tiny()
STRATEGIES = ("alpha", "beta", "gamma", "counsellor_review")


def rule(name: str, priority: int, when: c.Condition, *then: dict[str, Any], because: str = "because") -> LoadedRule:
    """A rule; each effect as its one key and value."""
    written = Rule(
        id=name,
        title=Text(zh=f"规则{name}", en=f"Rule {name}"),
        priority=priority,
        references=(Reference(id="practice", status="design"),),
        when={},
        then=tuple(Effect(**effect) for effect in then),
        because=Text(zh=because, en=because),
        tests=(RuleTest(name="none", facts={}, expect="hit"),),
    )
    return LoadedRule(written, when, f"{name}.yaml")


def formulas_of(
    vocabulary: Vocabulary, parameters: Mapping[str, Parameter] | None = None, /, **formulas: object
) -> dict[str, LoadedFormula]:
    """Formulas as a pack's files have them, by the fact they derive, and the parameters they may name."""
    entry = _TINY.formulas["capacity"].entry
    return {
        name: LoadedFormula(
            name,
            entry,
            parse_formula(data, vocabulary.facts, parameters or {}).expression,
            f"facts/derived/{name}.yaml",
        )
        for name, data in formulas.items()
    }


def pack_of(
    *rules: LoadedRule,
    vocabulary: Vocabulary = VOCABULARY,
    parameters: dict[str, Parameter] | None = None,
    formulas: dict[str, LoadedFormula] | None = None,
) -> Pack:
    """A pack of these rules; by default it recommends counsellor_review."""
    strategies = {
        name: _TINY.strategies["counsellor_review"].model_copy(
            update={"code": f"S{number:02}", "title": Text(zh=f"策略{name}", en=name.title())}
        )
        for number, name in enumerate(STRATEGIES)
    }
    return replace(
        _TINY,
        vocabulary=vocabulary,
        parameters=_TINY.parameters if parameters is None else parameters,
        strategies=strategies,
        formulas=formulas or {},
        rules=tuple(sorted(rules, key=lambda each: (-each.rule.priority, each.rule.id))),
        sha256=hashlib.sha256(repr((rules, parameters)).encode()).hexdigest(),
    )
