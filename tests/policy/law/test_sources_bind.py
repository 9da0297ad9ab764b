"""A source is given only where it binds: whatever the case, none is cited for a product that it does not speak of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from rules.pack.files.schema import Reference
from tests.support.packs.negotiation_packs import pack, swept

PRODUCTS: Final = frozenset(pack().products)
UNLICENSED: Final = frozenset({"private", "illegal"})
LICENSED: Final = PRODUCTS - UNLICENSED
CARDS: Final = frozenset({"credit_card", "card_instalment"})
# What each source speaks of. Left out are those that bind by the kind of lender, whatever the product.
BINDS: Final = {
    "complaint-measures-2020": LICENSED,
    "consumer-protection-measures": LICENSED,
    "gbt-45251-2025": LICENSED,
    "cba-collection-guideline-2026": LICENSED,
    "spc-finance-opinions-2017": LICENSED,
    "apr-disclosure-2026": LICENSED,
    "private-lending-interpretation": UNLICENSED,
    "card-measures-2011": CARDS,
    "card-notice-2016": CARDS,
    "card-notice-2022": CARDS,
    "bank-card-interpretation": CARDS,
    "personal-loan-measures-2024": {"bank_consumer"},
    "microloan-cost-guideline-2025": {"microloan"},
    "assisted-loan-notice-2025": {"online_platform"},
    "loan-renewal-notice-2024": {"business_personal"},
    "student-loan-notice-2025": {"student_state"},
}
# Who is told that a rule does not cover the loan.
EXCEPTIONS: Final = {
    ("card-measures-2011", "platform-lender"),
    ("card-measures-2011", "platform_no_card_rule"),
}


def _told() -> Iterator[tuple[str, str, Reference]]:
    """The product of a case, and what is cited for it by whom: its rules, its items and its clocks."""
    rules = {each.rule.id: each.rule for each in pack().rules}
    for evaluation, _ in swept(1_500, 7):
        product, outcome = str(evaluation.facts["product"]), evaluation.outcome
        cited = {name: rules[name].references for name in outcome.rules_fired}
        for kind in ("documents", "rights", "warnings", "steps"):
            cited |= {name: getattr(pack(), kind)[name].references for name in getattr(outcome, kind)}
        cited |= {due.id: pack().deadlines[due.id].references for due in outcome.deadlines}
        for name, references in cited.items():
            for reference in references:
                yield product, name, reference


@pytest.mark.parametrize("source", sorted(BINDS))
def test_a_source_is_cited_only_for_what_it_binds(source: str) -> None:
    found = {
        (name, product)
        for product, name, reference in _told()
        if reference.id == source and product not in BINDS[source] and (source, name) not in EXCEPTIONS
    }
    assert found == set()


def test_every_source_that_binds_some_is_one_of_the_pack() -> None:
    assert set(BINDS) <= set(pack().references)
    assert all(products <= PRODUCTS for products in BINDS.values())
