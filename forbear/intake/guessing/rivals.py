"""Rivals: columns that seem to hold one fact; it is in one of them, and which is said with how sure that is."""

from collections.abc import Sequence
from dataclasses import replace

from forbear.intake.columns import NOTES
from forbear.intake.guessing.guessed import GIVEN, Guessed, Sure
from forbear.intake.headers import folded
from forbear.intake.mapping import ColumnUse
from forbear.intake.source import IntakeError
from forbear.locale import said
from rules.pack.files.schema import Text, Vocabulary

_UNUSED = ColumnUse(fact=None)


def each_fact_once(
    vocabulary: Vocabulary, columns: Sequence[Guessed], cells: Sequence[Sequence[object]]
) -> tuple[list[Guessed], IntakeError | None]:
    """The guesses with no fact in two columns but notes: the heavier is kept, and alike ones are left open."""
    holders: dict[tuple[str, int | None], list[int]] = {}
    for at, each in enumerate(columns):
        if each.use.fact is not None and each.use.fact != NOTES:
            holders.setdefault((each.use.fact, each.use.debt), []).append(at)
    settled, fault = list(columns), None
    for (fact, _), places in holders.items():
        first = max(places, key=lambda at: (columns[at].weight, bool(cells[at]), _narrows(columns, at, places), -at))
        kept = columns[first]
        for at in places:
            each = columns[at]
            if at == first or each.weight == GIVEN:  # two that are given are refused when the mapping is checked
                continue
            sure = _sure_without(each, kept, cells[at], cells[first])
            settled[at] = replace(each, use=_UNUSED, sure=sure, why=said("guess.held", column=kept.header.strip()))
            if sure != "certain":
                why = said("guess.held", column=each.header.strip())
                settled[first] = replace(settled[first], sure=_less(sure, settled[first].sure), why=why)
            if sure == "open" and kept.sure == "certain":
                meant = Text(zh=vocabulary.facts[fact].title.zh, en=fact)
                fault = IntakeError("header.twice", first=kept.header.strip(), second=each.header.strip(), field=meant)
    return settled, fault


def _narrows(columns: Sequence[Guessed], at: int, places: Sequence[int]) -> int:
    """How many of these columns have a name that this one says more closely: unpaid principal beside principal."""
    form = folded(columns[at].header)
    return sum(form.endswith(folded(columns[other].header)) for other in places if other != at)


def _sure_without(each: Guessed, kept: Guessed, cells: Sequence[object], kept_cells: Sequence[object]) -> Sure:
    """How sure it is that a column is not the one that holds the fact, beside the one that is kept."""
    if each.weight != kept.weight or not cells or cells == kept_cells:
        return "certain"
    return "likely" if folded(kept.header).endswith(folded(each.header)) else "open"


def _less(one: Sure, other: Sure) -> Sure:
    return "open" if "open" in (one, other) else "likely"
