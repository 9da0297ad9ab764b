"""A loaded policy pack, and the error that lists everything wrong with one."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rules.pack.files import schema
from rules.pack.files.derived_facts import DerivedFact
from rules.pack.files.fee_tables import FeeTable
from rules.pack.files.items import Advice, Item, WarningEntry
from rules.pack.files.negotiation import Letter, Negotiation
from rules.pack.files.phrases import Phrases
from rules.pack.files.red_flags import RedFlag
from rules.pack.files.schema import Edition, Manifest, OpenPoint
from rules.pack.files.signs import Signs
from rules.pack.formulas import Expression
from rules.pack.logic.conditions import Condition

_FIRST_WITH_BOUNDS: Final = 4


class PackError(Exception):
    """A pack that cannot be used. `errors` has one line for each thing to put right."""

    def __init__(self, errors: Iterable[str]) -> None:
        # One printable line each, whatever stands in the files and in their names.
        self.errors = [" ".join(error.encode("utf-8", "replace").decode().split()) for error in errors]
        super().__init__("\n".join(self.errors))


@dataclass(frozen=True)
class LoadedRule:
    """A rule, its condition parsed, and the file it came from."""

    rule: schema.Rule
    when: Condition
    path: str


@dataclass(frozen=True)
class LoadedFormula:
    """A derived fact's file, its formula parsed, and where it came from."""

    fact: str
    entry: DerivedFact
    expression: Expression
    path: str


@dataclass(frozen=True, eq=False)
class Pack:
    """Everything a pack says, checked against itself. Compared by identity: `sha256` tells contents apart."""

    manifest: Manifest
    vocabulary: schema.Vocabulary
    parameters: dict[str, schema.Parameter]
    products: dict[str, schema.Product]
    fees: dict[str, FeeTable]
    hardships: dict[str, schema.Hardship]
    strategies: dict[str, schema.Strategy]
    contacts: dict[str, schema.Contact]
    documents: dict[str, Item]
    rights: dict[str, Advice]
    warnings: dict[str, WarningEntry]
    steps: dict[str, Advice]
    deadlines: dict[str, schema.LegalDeadline]
    red_flags: dict[str, RedFlag]
    phrases: Phrases  # what the patterns of red flags share
    signs: Signs | None  # a pack can do without; danger is then found by patterns alone
    negotiation: Negotiation | None  # a pack can do without; it then makes no negotiation packs
    letters: dict[str, Letter]
    references: dict[str, schema.Source]
    changelog: tuple[Edition, ...]
    open_points: dict[str, OpenPoint]
    formulas: dict[str, LoadedFormula]  # by fact; one that reads another comes after it
    rules: tuple[LoadedRule, ...]
    form: int  # in which it was written; what was decided by a form of the past is compared with that in mind
    sha256: str
    files: dict[str, bytes]

    @property
    def decides_by_bounds(self) -> bool:
        """Whether rules look at the bounds of what is unknown: before form 4 there were none, and decisions stay."""
        return self.form >= _FIRST_WITH_BOUNDS


def quoted(value: object) -> str:
    """A value as an error shows it: quoted, and cut where it is long."""
    text = str(value) if isinstance(value, Decimal | dt.date) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def allowed(name: object, names: Iterable[str]) -> str:
    """The end of an error about an unknown name: the likeliest one meant, and all that are allowed."""
    known = sorted(names)
    close = difflib.get_close_matches(str(name)[:100], known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    shown = ", ".join(known[:40]) + (f" and {len(known) - 40} more" if len(known) > 40 else "")
    return f"{hint}allowed: {shown or 'none'}"
