"""Derived facts of a pack, typed: what a file of facts/derived may hold. What its formula says is formulas.py's."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from rules.pack.files.schema import FactType, FactUnit, FactValue, Model, References, Text
from rules.pack.marks import Filled


class FormulaTest(Model):
    """A case of one formula: facts in, and out a value, nothing, or, with something unknown, the bounds."""

    name: str
    facts: dict[str, Any]
    as_of: dt.date | None = None
    value: Any = None
    nothing: Literal[True] | None = None
    unknown: Literal[True] | None = None
    at_least: Any = None
    at_most: Any = None

    @model_validator(mode="after")
    def _expects_one_thing(self) -> FormulaTest:
        if len(self.expects) != 1:
            raise ValueError("a test expects exactly one of value, nothing, unknown, or bounds (at_least, at_most)")
        return self

    @property
    def expects(self) -> set[str]:
        """What kind of result."""
        kinds = {
            "value": "value",
            "nothing": "nothing",
            "unknown": "unknown",
            "at_least": "bounds",
            "at_most": "bounds",
        }
        return {kinds[key] for key in kinds.keys() & self.model_fields_set}


class DerivedFact(Model):
    """A file of facts/derived: a derived fact and its formula, or the formula that stands in for a submitted fact.

    The latter has neither type nor title: it is in facts.yaml. `formula` is parsed by formula_parser.
    """

    type: FactType | None = None
    unit: FactUnit | None = None
    title: Text | None = None
    how: Annotated[Text, Filled(how="formula")]
    values: dict[str, FactValue] = Field(default_factory=dict)
    formula: Any
    references: References
    tests: Annotated[tuple[FormulaTest, ...], Field(min_length=1)]
