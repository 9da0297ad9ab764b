"""What was given of many cases, as columns: packed small for the record, and read as any policy reads it.

Given is what was submitted and what the application added; what follows from that by formulas is derived anew.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import polars as pl

from rules.engines.frame import LIST_MARK, ROW, day_number, end
from rules.facts.case_facts import Facts
from rules.formulas.columns.column_values import TYPES
from rules.formulas.ends import SIDES
from rules.pack.files.schema import FactType, Vocabulary
from rules.pack.pack import Pack

_CASE, _DECISION = "$case", "$decision"
_REFERENCES: Final = frozenset({"case_ref", "borrower_ref"})  # whose a case is: no rule looks at that
_KINDS: Final[Mapping[type, Any]] = {bool: pl.Boolean, int: pl.Int64, str: pl.String, list: pl.List(pl.String)}


class Given:
    """Some cases by id and decision, a column a fact of them."""

    def __init__(self, table: pl.DataFrame) -> None:
        self._table = table

    @property
    def height(self) -> int:
        """How many cases."""
        return self._table.height

    @property
    def cases(self) -> list[int]:
        """The ids of the cases."""
        return cast("list[int]", self._table[_CASE].to_list())

    @property
    def decisions(self) -> tuple[int, int]:
        """The first and the last of the decisions; 0 where there are none."""
        ids = self._table[_DECISION]
        return cast("tuple[int, int]", (ids.min() or 0, ids.max() or 0))

    @classmethod
    def of(cls, pack: Pack | None, rows: Iterable[tuple[int, int, Mapping[str, object]]]) -> Given:
        """Decided cases: id, decision and facts as the record has them, made by a pack, if it can still be read.

        A fact has one type in a pack, so what is of another than its first value is nobody's and left out.
        """
        derived = derived_of(pack) if pack else frozenset[str]()
        facts = pack.vocabulary.facts if pack else {}
        listed = list(rows)
        left_out = derived | _REFERENCES
        names = dict.fromkeys(name for _, _, found in listed for name in found if name not in left_out)
        columns = [
            pl.Series(place, [row[at] for row in listed], pl.Int64) for at, place in ((0, _CASE), (1, _DECISION))
        ]
        for name in names:
            column = _column(name, [row[2].get(name) for row in listed])
            if name in facts and facts[name].type == "date" and column.dtype == pl.String:
                column = column.str.to_date(strict=False)
            columns.append(column)
        return cls(pl.DataFrame(columns))

    @classmethod
    def joined(cls, parts: Sequence[Given]) -> list[Given]:
        """As few as may be: those together whose columns are of the same types."""
        kinds: dict[str, Any] = {}
        together: list[list[pl.DataFrame]] = []
        for part in parts:
            own = part._table.schema
            if not together or any(kinds.get(name, kind) != kind for name, kind in own.items()):
                kinds = {}
                together.append([])
            kinds.update(own)
            together[-1].append(part._table)
        # In one piece: columns in pieces of different lengths are fitted to each other again at every step.
        return [cls(pl.concat(tables, how="diagonal", rechunk=True)) for tables in together]

    def packed(self) -> bytes:
        """For the record: Parquet, some 50 bytes a case."""
        written = io.BytesIO()
        self._table.write_parquet(written, compression="zstd", statistics=False)
        return written.getvalue()

    @classmethod
    def unpacked(cls, data: bytes) -> Given:
        """What `packed` wrote."""
        return cls(pl.read_parquet(io.BytesIO(data)))

    def decided_by(self, decisions: Collection[int]) -> Given:
        """The cases of these decisions only."""
        wanted = pl.Series(list(decisions), dtype=pl.Int64)
        return Given(self._table.filter(pl.col(_DECISION).is_in(wanted.implode())))

    def first(self, cases: int) -> Given:
        """So many of the cases."""
        return Given(self._table.head(cases))

    def read(self, vocabulary: Vocabulary, facts: Iterable[str], ends: Iterable[str] = ()) -> pl.DataFrame:
        """The columns of a policy's facts, as `frame` makes them. What is not of its vocabulary is left out."""
        own = self._table.schema
        kinds = {name: fact.type for name, fact in vocabulary.facts.items()}
        return self._table.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW),
            *(_read(name, kinds[name], own.get(name)).alias(name) for name in facts),
            *(
                day_number(_read(name, kinds[name], own.get(name)), kinds[name]).alias(end(name, side))
                for name in ends
                for side in SIDES
            ),
        )


def derived_of(pack: Pack) -> frozenset[str]:
    """The facts that a pack derives."""
    return frozenset(name for name in pack.formulas if pack.vocabulary.facts[name].derived)


def given_facts(pack: Pack, facts: Facts) -> Facts:
    """Without what the pack derives."""
    derived = derived_of(pack)
    return {name: value for name, value in facts.items() if name not in derived}


def _column(name: str, values: Sequence[object]) -> pl.Series:
    kind = next(type(value) for value in values if value is not None)
    own = [value if type(value) is kind else None for value in values]
    if kind is not list:
        return pl.Series(name, own, dtype=_KINDS[kind])
    joined = [None if value is None else LIST_MARK.join(cast("list[str]", value)) for value in own]
    return pl.Series(name, joined, dtype=pl.String).str.split(LIST_MARK)


def _read(name: str, kind: FactType, stored: Any) -> pl.Expr:
    """A column as a fact of this type."""
    wanted = pl.List(pl.String) if kind == "list" else TYPES[kind]
    if stored == wanted:
        return pl.col(name)
    if stored == pl.String and kind == "date":
        return pl.col(name).str.to_date(strict=False)
    if stored == pl.Date and wanted == pl.String:
        return pl.col(name).dt.to_string()
    return pl.lit(None, dtype=wanted)


def slices(parts: Iterable[Given], cases: int) -> Iterator[Given]:
    """Parts put together until they are so many cases, so that what is fixed a slice is paid seldom."""
    waiting: list[Given] = []
    for part in parts:
        waiting.append(part)
        if sum(each.height for each in waiting) >= cases:
            yield from Given.joined(waiting)
            waiting = []
    yield from Given.joined(waiting)
