"""Remembered: what a submitter confirmed before, of files with the same columns and of columns of other files."""

from collections.abc import Mapping as Known
from dataclasses import dataclass, field

from forbear.intake.guessing.shapes import Shape
from forbear.intake.mapping import ColumnUse, Mapping


@dataclass(frozen=True)
class Confirmed:
    """A column as somebody confirmed it, and what its cells looked like then."""

    use: ColumnUse
    shape: Shape | None
    size: float | None = None  # of its numbers


@dataclass(frozen=True)
class Remembered:
    """What a submitter confirmed before: for a file with the same columns, and for columns of other files."""

    whole: Mapping | None = None
    sizes: Known[str, float] = field(default_factory=dict)  # of its columns' numbers then, by the header as compared
    columns: Known[str, Confirmed] = field(default_factory=dict)  # by the header as it is compared

    @property
    def all_sizes(self) -> dict[str, float]:
        """The sizes of columns' numbers, by their headers as they are compared."""
        learned = {name: known.size for name, known in self.columns.items() if known.size is not None}
        return {**learned, **self.sizes}


def with_remembered(remembered: Mapping, given: Mapping) -> Mapping:
    """What is given, and what it leaves open as it was confirmed before."""
    set_now = {name: getattr(given, name) for name in given.model_fields_set}
    for name in ("constants", "values", "debts"):
        set_now[name] = {**getattr(remembered, name), **getattr(given, name)}
    set_now["constants"] = {
        name: word
        for name, word in set_now["constants"].items()
        if name in given.constants or all(use.fact != name for use in given.columns.values())
    }
    return remembered.model_copy(update={**set_now, "columns": given.columns})
