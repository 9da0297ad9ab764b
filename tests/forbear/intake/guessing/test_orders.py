"""The order of a column's dates is what its cells prove, and else asked for."""

import pytest

from forbear.intake.date_order import DateOrder, order_of, orders


@pytest.mark.parametrize(
    ("cells", "chosen", "order"),
    [
        (["13/06/2024", "05/06/2024"], None, "dmy"),
        (["06/13/2024", "05/06/2024"], None, "mdy"),
        (["05/06/2024", "01/02/2024"], None, None),
        (["24-11-03", "11/05/2024"], None, None),  # each reads two ways, together one: that is no proof
        (["24-11-03", "13/06/2024"], None, None),  # written in two ways: by two hands
        (["24-11-03", "13/06/2024"], "ymd", "ymd"),
        (["13/06/2024", "05/06/2024"], "mdy", "dmy"),
        (["13/06/2024", *["05/06/2024"] * 9], "mdy", "mdy"),  # a slip of the hand
        (["2024-06-13"], "mdy", None),
    ],
)
def test_only_what_reads_one_way_is_proof(
    cells: list[object], chosen: DateOrder | None, order: DateOrder | None
) -> None:
    assert order_of(cells, chosen) == order


def test_where_it_is_open_every_order_that_a_cell_has_is_offered() -> None:
    assert orders(["24-11-03", "11/05/2024"]) == frozenset[DateOrder](("ymd", "dmy", "mdy"))
    assert orders(["11/05/2024"]) == frozenset[DateOrder](("dmy", "mdy"))
    assert orders(["2024-05-11", "", None]) is None
