"""Which parameters and tables of a pack stand in the code of a calculation, and not in one of the pack's files."""

from __future__ import annotations

from collections.abc import Iterator

from rules.decision import coordination, repayment
from rules.finance import charges, court_fees
from rules.pack.references import Use


def uses_in_code() -> Iterator[Use]:
    """What charges, fees and repayment plans read."""
    for file, names in (
        ("parameters", (*charges.USES, *court_fees.USES, *repayment.USES, *coordination.USES)),
        ("fees", court_fees.TABLES),
    ):
        yield from (Use(("pack", "calculations"), "calculation", (file, name)) for name in names)
