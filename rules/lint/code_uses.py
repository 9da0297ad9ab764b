"""Which parameters and tables of a pack stand in the code of a calculation, and not in one of the pack's files."""

from __future__ import annotations

from collections.abc import Iterator

from rules.decision import repayment
from rules.facts.derived import FORMULAS
from rules.finance import charges, court_fees
from rules.lint.references import Use
from rules.pack.pack import Pack


def uses_in_code(pack: Pack) -> Iterator[Use]:
    """What the formulas of derived facts, charges, fees and repayment plans read."""
    for fact in pack.vocabulary.facts:
        if fact in FORMULAS:
            yield from (Use(("facts", fact), "formula", ("parameters", name)) for name in FORMULAS[fact].parameters)
    for file, names in (
        ("parameters", (*charges.USES, *court_fees.USES, *repayment.USES)),
        ("fees", court_fees.TABLES),
    ):
        yield from (Use(("pack", "calculations"), "calculation", (file, name)) for name in names)
