"""Orders: in which order the dates of each column stand, and which columns leave it open."""

from collections.abc import Sequence
from dataclasses import replace

from forbear.intake.date_order import ORDERS, WRITTEN, DateOrder, SettledForms, order_in, order_of, orders
from forbear.intake.guessing.guessed import Guessed
from forbear.intake.headers import unit_named
from rules.facts.notation.units import Unit
from rules.pack.files.schema import Vocabulary


def with_orders(
    vocabulary: Vocabulary, columns: Sequence[Guessed], cells: Sequence[Sequence[object]], chosen: DateOrder | None
) -> list[Guessed]:
    """The guesses; a column of dates that is in an order of its own says so like a header does."""
    found = []
    for each, column in zip(columns, cells, strict=True):
        own = order_of(column, chosen) if _holds_dates(vocabulary, each) else None
        written = None if own is None else WRITTEN[own]
        if written is not None and (each.use.unit == written or (each.use.unit is None and own != chosen)):
            each = replace(each, use=each.use.model_copy(update={"unit": written}), unit_shown=True)
        found.append(each)
    return found


def settled_forms(
    vocabulary: Vocabulary, columns: Sequence[Guessed], cells: Sequence[Sequence[object]], chosen: DateOrder | None
) -> dict[str, SettledForms]:
    """Of each column of dates by its header the ways of writing them for which its order holds."""
    found = {}
    for each, column in zip(columns, cells, strict=True):
        if each.use.fact is None or not _holds_dates(vocabulary, each):
            continue
        unit = None if each.use.unit is None else unit_named(vocabulary.facts[each.use.fact], each.use.unit)
        own = order_in(unit) if isinstance(unit, Unit) else None
        if (order := own or chosen) is not None:
            found[each.header] = SettledForms.of(column, order, chosen=own is None)
    return found


def open_orders(
    vocabulary: Vocabulary, columns: Sequence[Guessed], cells: Sequence[Sequence[object]]
) -> tuple[DateOrder, ...]:
    """The orders in which dates can be read whose columns do not say which, where it matters."""
    found: set[DateOrder] = set()
    for each, column in zip(columns, cells, strict=True):
        if _holds_dates(vocabulary, each) and each.use.unit is None and (possible := orders(column)) is not None:
            found |= possible or set(ORDERS)
    return tuple(order for order in ORDERS if order in found)


def _holds_dates(vocabulary: Vocabulary, column: Guessed) -> bool:
    return column.use.fact is not None and vocabulary.facts[column.use.fact].type == "date"
