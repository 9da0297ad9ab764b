"""Forms of the case page: what was typed in one that was refused, and the inputs that ask for facts."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.datastructures import FormData

from forbear.case.corrections import cell
from forbear.case.workflow import RefusedError
from forbear.locale import said
from rules.facts.case_facts import Facts, FieldError
from rules.locale import Language
from rules.pack.files.schema import Fact
from rules.pack.pack import Pack

PREFIX = "fact."  # of the names of fields that hold facts
_NOTHING = Markup()
NONE = "[]"  # what the readers of lists take for a list known to be empty


@dataclass(frozen=True)
class Input:
    """A fact to be asked for: its value as a form holds it, one or, for a list, several."""

    name: str
    fact: Fact
    value: tuple[str, ...]


@dataclass(frozen=True)
class Sent:
    """A form that came in: which one, and its fields."""

    form: str
    fields: FormData

    def text(self, name: str) -> str:
        """A field as one line of text; empty if it was left out."""
        value = self.fields.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for value in self.fields.getlist(name) if isinstance(value, str))

    def number(self, name: str) -> int | None:
        """A whole number; None for anything else."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def date(self, name: str) -> dt.date | None:
        """A day; None if none was given. Raises RefusedError for what is none."""
        text = self.text(name)
        try:
            return dt.date.fromisoformat(text) if text else None
        except ValueError:
            raise RefusedError(FieldError.of(name, said("form.not_a_date"))) from None

    def instant(self, name: str, zone: ZoneInfo) -> dt.datetime | None:
        """A day and time on the clock there; None if none was given. Raises RefusedError for what is none."""
        text = self.text(name)
        try:
            return dt.datetime.fromisoformat(text).replace(tzinfo=zone) if text else None
        except ValueError:
            raise RefusedError(FieldError.of(name, said("contact.not_a_moment"))) from None

    def cells(self) -> dict[str, object]:
        """The facts the form asked for, blank where nothing was filled in; a list keeps all its values."""
        cells: dict[str, object] = {}
        for name in self.all("asked"):
            given = [value for value in self.all(PREFIX + name) if value]
            cells[name] = NONE if given == [NONE] else given if len(given) > 1 else "".join(given)
        return cells


@dataclass(frozen=True)
class Forms:
    """The forms of a page; one of them may have been refused, and keeps what was typed."""

    refused: Sent | None = None
    errors: tuple[FieldError, ...] = ()

    def is_open(self, form: str) -> bool:
        """Whether this is the form that was refused."""
        return self.refused is not None and self.refused.form == form

    def value(self, form: str, name: str, default: str = "") -> str:
        """What stands in a field."""
        return self.refused.text(name) if self.refused and self.is_open(form) else default

    def values(self, form: str, name: str, default: Iterable[str] = ()) -> tuple[str, ...]:
        """What is chosen in a field of several values."""
        return self.refused.all(name) if self.refused and self.is_open(form) else tuple(default)

    def error(self, form: str, name: str, language: Language) -> str:
        """What is wrong with a field; empty if nothing is."""
        if not self.is_open(form):
            return ""
        return " ".join(getattr(error, language) for error in self.errors if error.field == name)

    def described(self, language: Language, form: str, name: str, at: str, hint: str | None = None) -> Markup:
        """The attributes that tie a control, whose id is `at`, to its hint and to what is wrong with it."""
        wrong = bool(self.error(form, name, language))
        if not wrong and not hint:  # as nearly every one
            return _NOTHING
        by = " ".join(f"{at}-{kind}" for kind, there in (("error", wrong), ("hint", hint)) if there)
        said = Markup(' aria-describedby="{}"').format(by) if by else _NOTHING
        return said + Markup(' aria-invalid="true"') if wrong else said


def inputs(pack: Pack, names: Iterable[str], facts: Facts) -> tuple[Input, ...]:
    """Inputs for these facts of a pack, with what is known of them."""
    known = pack.vocabulary.facts
    return tuple(Input(name, known[name], _cells(known[name], facts, name)) for name in names if name in known)


def _cells(fact: Fact, facts: Facts, name: str) -> tuple[str, ...]:
    if name not in facts:
        return ()
    held = cell(fact, facts[name])
    if isinstance(held, tuple):
        return held or (NONE,)
    return (held,)
