"""Boolean columns as bits, against what Polars says of each value."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from rules.engines.column_bits import bits_of


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.booleans()), max_size=140), st.integers(0, 9))
def test_a_bit_says_what_the_column_says(rows: list[tuple[bool | None, bool]], begin: int) -> None:
    table = pl.DataFrame(rows, schema={"open": pl.Boolean, "whole": pl.Boolean}, orient="row")
    for each in (table, table[begin:], pl.concat([table, table[begin:]], rechunk=False)):
        for (known, true), column in zip(bits_of(each), each.iter_columns(), strict=True):
            values = [bool(true >> row & 1) if known >> row & 1 else None for row in range(each.height)]
            assert values == column.to_list()
            assert known >> each.height == true >> each.height == 0
