"""References: what one part of a pack means by naming another, found by one walk over the typed pack.

Where a field stands in the schema it is marked with what it names (marks.py). The walk finds every marked value with
its place; `check` tells what does not exist or does not fit, `uses` who means what.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from rules.pack.files import schema
from rules.pack.files.derived_facts import DerivedFact
from rules.pack.formulas import parameters_of
from rules.pack.logic import conditions as c
from rules.pack.logic.condition_parser import ConditionError, parse
from rules.pack.logic.normal_form import facts_of, leaves
from rules.pack.marks import Filled, Mark, Ref, When
from rules.pack.pack import Pack, allowed, quoted
from rules.pack.placeholders import mistakes, placeholders

# An entry of a pack: the file without its ending (rules: "rules"), and the name in it.
Name: TypeAlias = tuple[str, str]
Path: TypeAlias = tuple[str | int, ...]

# What an entry of a file is called where it is missed.
CALLED: Final[Mapping[str, str]] = {
    "contacts": "contact",
    "classes": "class of words",
    "contexts": "context",
    "deadlines": "deadline",
    "documents": "document",
    "facts": "fact",
    "hardships": "hardship",
    "harmless": "kind of harmless speech",
    "lender_types": "kind of lender",
    "letters": "letter",
    "parameters": "parameter",
    "points": "point",
    "products": "product",
    "red_flags": "red flag",
    "references": "reference",
    "rights": "right",
    "signatures": "signature",
    "steps": "step",
    "strategies": "strategy",
    "warnings": "warning",
}
# The file that holds what is no file of its own.
_HOME: Final[Mapping[str, str]] = {
    "classes": "phrases",
    "contexts": "phrases",
    "harmless": "phrases",
    "lender_types": "facts",
    "points": "negotiation",
    "signatures": "negotiation",
}
# What each file is made of, by the attribute of the pack that holds it.
_FILES: Final = {
    name: hint
    for name, hint in get_type_hints(Pack).items()
    if name not in ("rules", "formulas", "form", "sha256", "files")
}


@dataclass(frozen=True, slots=True)
class Site:
    """A marked value of a pack: the file, the place in it, and the entry that it belongs to, if any."""

    file: str
    path: Path
    user: Name | None
    mark: Mark
    value: Any
    key: bool  # it is the name under which something stands

    @property
    def place(self) -> str:
        """The place as an error tells it: `crisis.then[0].step`."""
        return _place(self.path if isinstance(self.mark, Ref | Filled) else self.path[:-1])


@dataclass(frozen=True, slots=True)
class Use:
    """One entry means another. `how` is an effect's key, or the place where it stands: when, because, references …"""

    user: Name
    how: str
    used: Name
    idle: bool = False  # it gives what it names nothing to do


def sites(pack: Pack, rules: Iterable[tuple[str, schema.Rule]] | None = None) -> Iterator[Site]:
    """Every marked value of the pack, file by file, the rules last. `rules` are those of the pack unless given."""
    for name, hint in _FILES.items():
        file = {"manifest": "pack", "vocabulary": "facts"}.get(name, name)
        for path, mark, value, key in _walk(getattr(pack, name), hint, ()):
            if not _of_formula(pack, file, path):
                yield Site(f"{file}.yaml", path, _user(file, path), mark, value, key)
    for formula in pack.formulas.values():
        for path, mark, value, key in _walk(formula.entry, DerivedFact, ()):
            yield Site(formula.path, path, ("facts", formula.fact), mark, value, key)
    for file, rule in [(loaded.path, loaded.rule) for loaded in pack.rules] if rules is None else rules:
        for path, mark, value, key in _walk(rule, schema.Rule, ()):
            yield Site(file, path, ("rules", rule.id), mark, value, key)


def _of_formula(pack: Pack, file: str, path: Path) -> bool:
    """Whether a place of the vocabulary comes from the file of a derived fact, which is walked by itself."""
    return (
        file == "facts"
        and path[-1] == "how"
        and pack.vocabulary.facts[str(path[1])].derived
        and path[1] in pack.formulas
    )


def check(pack: Pack, rules: Iterable[tuple[str, schema.Rule]], broken: Collection[str] = ()) -> Iterator[str]:
    """Every name that does not exist or does not fit where it stands, each in one line with its file and place.

    `rules` are those that could be read; `broken` names the files that could not be: that is told already.
    """
    figures_known = "facts.yaml" not in broken and "parameters.yaml" not in broken
    for site in sites(pack, rules):
        match site.mark:
            case Ref() as ref if f"{_HOME.get(ref.file, ref.file)}.yaml" not in broken:
                if error := _unfit(pack, ref, site.value):
                    yield f"{site.file}: {site.place}: {error}"
            case Filled() as filled if figures_known:
                yield from (f"{site.file}: {site.place}.{error}" for error in mistakes(site.value, pack, filled.also))
            case When() if figures_known:
                try:
                    parse(site.value, pack.vocabulary, pack.parameters)
                except ConditionError as error:
                    yield from (f"{site.file}: {site.place}.{line}" for line in error.errors)


@lru_cache(maxsize=16)
def uses(pack: Pack) -> tuple[Use, ...]:
    """Every use in the pack's files, each once, those of the rules first and in their order."""
    found: list[Use] = []
    for loaded in pack.rules:
        user = ("rules", loaded.rule.id)
        found += [Use(user, "when", used) for leaf in leaves(loaded.when) for used in _looked_at(pack, leaf)]
    marked = sorted(sites(pack), key=lambda site: site.user is None or site.user[0] != "rules")
    # The name under which something stands says what it is about; it gives it nothing to do.
    meant = ((site, site.user) for site in marked if site.user and not site.key and not _expected(site.user, site.path))
    found += [use for site, user in meant for use in _uses_at(pack, site, user)]
    for fact, formula in pack.formulas.items():
        found += [
            Use(("facts", fact), "formula", ("parameters", read.name)) for read in parameters_of(formula.expression)
        ]
    return tuple(dict.fromkeys(found))


def _expected(user: Name, path: Path) -> bool:
    """Whether a test of a rule says it: what a test expects, it gives nothing to do."""
    return user[0] == "rules" and path[0] == "tests"


def named(model: BaseModel) -> tuple[Name, ...]:
    """The entries that something of a pack names."""
    return tuple((mark.file, value) for _, mark, value, _ in _walk(model, type(model), ()) if isinstance(mark, Ref))


def types_of_fields(model: type[BaseModel]) -> dict[str, Any]:
    """The types of a model's fields, with their marks."""
    hints = get_type_hints(model, include_extras=True)
    return {name: hints[name] for name in model.model_fields}


@cache
def _marked_fields(model: type[BaseModel]) -> tuple[tuple[str, Any], ...]:
    """The fields that are marked or hold what is."""
    return tuple((name, hint) for name, hint in types_of_fields(model).items() if _holds_marks(hint))


def _holds_marks(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return bool(_marked_fields(hint))
    return isinstance(hint, Mark) or any(_holds_marks(part) for part in get_args(hint))


def _walk(value: object, hint: Any, path: Path, key: bool = False) -> Iterator[tuple[Path, Mark, Any, bool]]:
    """Every marked value in a value of a type: its place, mark, itself, and whether it is a key."""
    hint = _arm(value, hint)
    if get_origin(hint) is Annotated:
        hint, *marks = get_args(hint)
        yield from ((path, mark, value, key) for mark in marks if isinstance(mark, Mark))
    if isinstance(value, BaseModel):
        for name, inner in _marked_fields(type(value)):
            yield from _walk(getattr(value, name), inner, (*path, name))
    elif get_origin(hint) is dict and isinstance(value, dict):
        of_key, of_value = get_args(hint)
        for name, entry in value.items():
            yield from _walk(name, of_key, (*path, name), key=True)
            yield from _walk(entry, of_value, (*path, name))
    elif get_origin(hint) is tuple and isinstance(value, tuple):
        kinds = get_args(hint)
        for number, entry in enumerate(value):
            yield from _walk(entry, kinds[0 if kinds[-1] is Ellipsis else number], (*path, number))


def _arm(value: object, hint: Any) -> Any:
    """Of a union the type that the value is of; any other type itself."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    return next(arm for arm in get_args(hint) if _is_of(value, arm))


def _is_of(value: object, arm: Any) -> bool:
    bare = get_args(arm)[0] if get_origin(arm) is Annotated else arm
    kind = get_origin(bare) or bare
    return value in get_args(bare) if kind is Literal else isinstance(value, kind)


def _place(path: Path) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).lstrip(".")


def _user(file: str, path: Path) -> Name | None:
    """The entry that a place of a file is in. What is no entry of its own belongs to the pack, or to nothing."""
    first = str(path[0])
    match file:
        case "pack":
            return "pack", first
        case "facts":
            return ("facts", str(path[1])) if first == "facts" else None
        case "negotiation":
            return (first, str(path[1])) if first in ("approaches", "points") else ("pack", "negotiation")
        case "changelog" | "phrases":
            return None
    return file, first


def entries(pack: Pack, file: str) -> Mapping[str, Any] | None:
    """What a reference can name, by name; None where a pack need not have it and does not."""
    match file:
        case "facts":
            return pack.vocabulary.facts
        case "lender_types":
            lender = pack.vocabulary.facts.get("lender_type")
            return lender.values if lender else {}
        case "classes" | "contexts" | "harmless":
            of_phrases: Mapping[str, Any] = getattr(pack.phrases, file)
            return of_phrases
        case "points" | "signatures":
            of_calls: Mapping[str, Any] | None = getattr(pack.negotiation, file) if pack.negotiation else None
            return of_calls
    known: Mapping[str, Any] = getattr(pack, file)
    return known


def _unfit(pack: Pack, ref: Ref, name: str) -> str | None:
    """What is wrong with a name: there is no such entry, or none of the unit or type that is needed here."""
    known = entries(pack, ref.file)
    if known is None or name in ref.also:
        return None
    fitting = [each for each, entry in known.items() if not ref.of or ref.of == _kind(entry)]
    if name not in known:
        return f"unknown {CALLED[ref.file]} {quoted(name)}; {allowed(name, fitting)}"
    if name in fitting:
        return None
    is_in = f"{name} is in {_kind(known[name])}, not in" if ref.file == "parameters" else f"{quoted(name)} is not a"
    return f"{is_in} {ref.of}; {allowed(name, fitting)}"


def _kind(entry: Any) -> str:
    """What a reference may ask of an entry: a parameter's unit, a fact's type."""
    return str(entry.unit if isinstance(entry, schema.Parameter) else entry.type)


def _uses_at(pack: Pack, site: Site, user: Name) -> Iterator[Use]:
    match site.mark:
        case Ref() as ref if site.value not in ref.also:
            how = ref.how or next(part for part in reversed(site.path) if isinstance(part, str))
            yield Use(user, how, (ref.file, site.value), ref.idle)
        case Filled() as filled:
            yield from (Use(user, filled.how, used) for used in _mentioned(pack, site.value))
        case When():
            for leaf in leaves(parse(site.value, pack.vocabulary, pack.parameters)):
                yield from (Use(user, "line", used) for used in _looked_at(pack, leaf))


def _looked_at(pack: Pack, leaf: c.Leaf) -> Iterator[Name]:
    """What a comparison looks at: facts, a parameter, and the entries that its values name."""
    yield from (("facts", name) for name in facts_of(leaf))
    match leaf:
        case c.Compare(value=c.ParameterReference(name)):
            yield "parameters", name
        case c.Compare(fact, _, str(value)) | c.Contains(fact, value):
            yield from _valued(pack, fact, (value,))
        case c.OneOf(fact, values):
            yield from _valued(pack, fact, values)


def _valued(pack: Pack, fact: str, values: tuple[str, ...]) -> Iterator[Name]:
    file = pack.vocabulary.facts[fact].values_from
    if file is not None:
        known: Mapping[str, object] = getattr(pack, file)
        yield from ((file, value) for value in values if value in known)


def _mentioned(pack: Pack, text: schema.Text) -> Iterator[Name]:
    """The facts and parameters that stand in a text between braces."""
    for name in (*placeholders(text.zh), *placeholders(text.en)):
        if name in pack.vocabulary.facts:
            yield "facts", name
        elif name in pack.parameters:
            yield "parameters", name
