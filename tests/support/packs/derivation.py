"""Rows written as a submitter would, with all that the real pack makes follow from them."""

import datetime as dt
from collections.abc import Mapping

from rules.facts.case_facts import Facts, Parser
from rules.facts.cells import Value
from rules.formulas.derivation import derive
from rules.loading.loader import DEFAULT_PACK, load

PACK = load(DEFAULT_PACK)
TODAY = dt.date(2026, 11, 23)
READ = Parser(PACK.vocabulary, rule_test=True)


def derived(cells: Mapping[str, object], as_of: dt.date = TODAY) -> Facts:
    """The facts of a row and all that follows."""
    facts, errors = READ.parse(cells)
    assert errors == []
    return derive(PACK, facts, as_of).facts


def value(name: str, **cells: object) -> Value | None:
    """One fact of a row."""
    return derived(cells).get(name)
