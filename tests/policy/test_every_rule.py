"""What holds for every rule of the pack, whatever the case: doubtful debts, cards, sources, boundaries, crises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from rules.decision.hit_policy import effects
from rules.engines.polars_engine import parts
from rules.lint.boundaries import lacking
from rules.lint.rule_tests import Example, examples
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files.schema import ACKNOWLEDGEMENTS, LENDER_CONTACT
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import facts_of, leaves
from rules.pack.pack import LoadedRule, Pack

# What the rules recommend that doubt the debt itself.
IN_DOUBT = ("fraud_dispute", "limitation_review", "capacity_estate_review")
CARD = "card_personalised_instalment"
CARD_RULE = ("card-measures-2011", "70")
HUMAN_TASK = "crisis_human_task"


@cache
def pack() -> Pack:
    return load(DEFAULT_PACK)


def rules() -> list[Any]:
    return [pytest.param(rule, id=rule.rule.id) for rule in pack().rules]


def wanted(rule: LoadedRule) -> tuple[str, ...]:
    return effects(rule, ()).strategies


def of_products(rule: LoadedRule) -> set[str] | None:
    """The products a rule is limited to, None for all."""
    found = None
    for part in parts(rule.when):
        if isinstance(part, c.Compare) and (part.fact, part.operator) == ("product", "equals"):
            found = {str(part.value)}
        elif isinstance(part, c.OneOf) and part.fact == "product":
            found = {str(value) for value in part.values}
    return found


def says(rule: LoadedRule) -> Iterator[tuple[str, Any]]:
    """The items a rule attaches to a case."""
    for effect in rule.rule.then:
        if effect.kind in ("document", "right", "warning", "step"):
            name = getattr(effect, effect.kind)
            yield name, getattr(pack(), f"{effect.kind}s")[name]


@pytest.mark.parametrize("rule", rules())
def test_a_rule_that_doubts_the_debt_blocks_what_admits_it(rule: LoadedRule) -> None:
    if effects(rule, ()).recommend in IN_DOUBT:
        review = effects(rule, ()).recommend == "limitation_review"
        # Only where the dates say that it is over: where they are missing one question is asked, and nothing forbidden.
        over = review and any(
            isinstance(leaf, c.Compare)
            and (leaf.fact, leaf.operator, leaf.value) == ("limitation_expired", "equals", True)
            for leaf in leaves(rule.when)
        )
        # A judgment that nobody enforced in time is looked up at the court, and its creditor may be asked.
        old = review and "days_left" in {leaf.fact for leaf in leaves(rule.when) if isinstance(leaf, c.Compare)}
        blocks = [] if review and not (over or old) else [ACKNOWLEDGEMENTS, *([LENDER_CONTACT] if over else ())]
        assert [effect.block for effect in rule.rule.then if isinstance(effect.block, str)] == blocks
        assert not any(item.acknowledges for _, item in says(rule))


@pytest.mark.parametrize("rule", rules())
def test_no_rule_gives_what_its_own_block_withholds(rule: LoadedRule) -> None:
    blocks = {effect.block for effect in rule.rule.then if isinstance(effect.block, str)}
    marks = {ACKNOWLEDGEMENTS: "acknowledges", LENDER_CONTACT: "contacts_lender"}
    withheld = [name for name, item in says(rule) if any(getattr(item, marks[block]) for block in blocks)]
    assert withheld == []


@pytest.mark.parametrize("rule", rules())
def test_only_rules_on_cards_speak_of_the_card_rule(rule: LoadedRule) -> None:
    cites = {name for name, item in says(rule) if any((e.id, e.article) == CARD_RULE for e in item.references)}
    if CARD in wanted(rule) or cites - {"platform_no_card_rule"}:  # which says that the card rule does not apply
        assert of_products(rule) in ({"credit_card"}, {"card_instalment"}, {"credit_card", "card_instalment"})


@pytest.mark.parametrize("rule", rules())
def test_every_rule_names_its_sources_and_how_sure_they_are(rule: LoadedRule) -> None:
    for reference in rule.rule.references:
        layer = pack().references[reference.id].layer
        assert (reference.status == "design") == (layer == "design"), reference


@pytest.mark.parametrize("rule", rules())
def test_every_rule_has_a_hit_a_miss_and_a_pair_for_each_number(rule: LoadedRule) -> None:
    assert {"hit", "no_hit"} <= {test.expect for test in rule.rule.tests}
    assert list(lacking(pack(), rule, examples_by_day())) == []


@pytest.mark.parametrize("rule", rules())
def test_every_rule_has_a_case_where_a_fact_is_unknown(rule: LoadedRule) -> None:
    """Not where a rule looks only at what is always there: what a submitter must give, and the alarms in the notes."""
    facts = pack().vocabulary.facts
    given = {name for name, fact in facts.items() if fact.required} | {"note_flags", "days_overdue", "overdue_bucket"}
    asked = [leaf for leaf in leaves(rule.when) if not isinstance(leaf, c.Known)]
    if any(not given.issuperset(facts_of(leaf)) for leaf in asked):
        assert "unknown" in {test.expect for test in rule.rule.tests}


@pytest.mark.parametrize("rule", rules())
def test_the_highest_urgency_opens_a_human_task(rule: LoadedRule) -> None:
    if any(effect.urgency == "U0" for effect in rule.rule.then):
        assert HUMAN_TASK in [effect.flag for effect in rule.rule.then]
        assert any(effect.exclusive for effect in rule.rule.then)


@cache
def examples_by_day() -> dict[dt.date, list[Example]]:
    return examples(pack())
