"""The pack that ships: fit to publish, free of banned phrases, and without ambiguities."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from rules.lint.check import check
from rules.loading.loader import DEFAULT_PACK, Pack, load
from tests.support.packs.text_rules import MANDATORY, banned_in, texts_of


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


def test_the_pack_is_fit_to_publish() -> None:
    # What nobody has confirmed yet is told, each with the open point that names it; nothing else is found.
    assert [each for each in check(DEFAULT_PACK) if each.level == "error" or "; open point: " not in each.message] == []


def test_no_text_holds_a_banned_phrase() -> None:
    assert [(where, found) for where, text in texts_of(pack()) if (found := banned_in(text))] == []


@pytest.mark.parametrize("phrase", ["一定能停息挂账", "一定，能停息 挂账", "Ｖoid above 24 %", "He may GO TO  jail."])
def test_a_banned_phrase_is_found_however_it_is_written(phrase: str) -> None:
    assert banned_in(f"前后{phrase}。")


def test_every_kind_of_text_is_searched() -> None:
    places = {where.partition(".")[0].partition("[")[0] for where, _ in texts_of(pack())}
    assert {"manifest", "vocabulary", "strategies", "rules", "negotiation", "letters", "contacts", "products"} <= places


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
    strategies = pack().strategies.values()
    assert [each.code for each in strategies] == [f"S{number:02}" for number in range(1, len(strategies) + 1)]
