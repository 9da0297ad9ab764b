"""A folder of YAML to a Pack, or a PackError with one line for everything that is wrong in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from rules.engines.compiler import refusals
from rules.facts.case_facts import Parser
from rules.formulas.loader import FOLDER, load_formulas, name_of, with_derived
from rules.loading.consistency import check
from rules.loading.rule_check import check_formula, check_rule
from rules.loading.schema_errors import sentence
from rules.pack import references
from rules.pack.files import items, schema
from rules.pack.files.derived_facts import DerivedFact
from rules.pack.files.fee_tables import FeeTable
from rules.pack.files.negotiation import Letter, Negotiation
from rules.pack.files.phrases import Phrases
from rules.pack.files.red_flags import RedFlag
from rules.pack.files.schema import Edition, Manifest, OpenPoint
from rules.pack.files.signs import Signs
from rules.pack.formulas import facts_of
from rules.pack.logic.condition_parser import ConditionError, parse, resolve
from rules.pack.logic.fact_inputs import sources
from rules.pack.pack import LoadedFormula, LoadedRule, Pack, PackError, allowed, quoted
from rules.pack.past.upcasting import FORM, form_of, upcast_pack
from rules.pack.strict_yaml import YamlError, read

__all__ = ["DEFAULT_PACK", "LoadedRule", "Pack", "PackError", "load", "load_files"]

DEFAULT_PACK: Final = Path(__file__).parents[1] / "packs" / "cn_consumer"

_Name = schema.Identifier
ENTRIES: Final[dict[str, Any]] = {
    "pack.yaml": Manifest,
    "facts.yaml": schema.VocabularyFile,
    "parameters.yaml": dict[_Name, schema.Parameter],
    "products.yaml": dict[_Name, schema.Product],
    "fees.yaml": dict[_Name, FeeTable],
    "hardships.yaml": dict[_Name, schema.Hardship],
    "strategies.yaml": dict[_Name, schema.Strategy],
    "contacts.yaml": dict[_Name, schema.Contact],
    "documents.yaml": dict[_Name, items.Item],
    "rights.yaml": dict[_Name, items.Advice],
    "warnings.yaml": dict[_Name, items.WarningEntry],
    "steps.yaml": dict[_Name, items.Advice],
    "deadlines.yaml": dict[_Name, schema.LegalDeadline],
    "red_flags.yaml": dict[_Name, RedFlag],
    "phrases.yaml": Phrases,
    "signs.yaml": Signs,
    "negotiation.yaml": Negotiation,
    "letters.yaml": dict[_Name, Letter],
    "references.yaml": dict[str, schema.Source],
    "changelog.yaml": tuple[Edition, ...],
    "open_points.yaml": dict[_Name, OpenPoint],
}
_VALUES: Final = ("products.yaml", "hardships.yaml", "red_flags.yaml")  # whose entries are values of facts
# Whose content is one thing, not entries by name.
_ONE: Final = ("pack.yaml", "facts.yaml", "negotiation.yaml", "phrases.yaml", "signs.yaml", "changelog.yaml")
_REQUIRED: Final = ("pack.yaml", "facts.yaml", "strategies.yaml", "references.yaml")
_ADAPTERS: Final = {name: TypeAdapter[Any](kind) for name, kind in ENTRIES.items()}
_RULE: Final = TypeAdapter(schema.Rule)
_DERIVED: Final = TypeAdapter(DerivedFact)
_T = TypeVar("_T")
_REMEDY: Final = f"write form: {FORM} in pack.yaml once its files are as the pack that comes with Forbear shows"


def load(folder: Path) -> Pack:
    """Read every .yaml file of the folder and below it."""
    try:
        if not folder.is_dir():
            raise PackError([f"{folder}: no such folder; give the folder of a pack, the one with pack.yaml in it"])
        paths = sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml") and path.is_file())
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    except OSError as error:
        raise PackError([f"{folder}: cannot be read ({error.strerror})"]) from None
    return _loaded(tuple(files.items()), folder.name or str(folder))


@lru_cache(maxsize=2)
def _loaded(files: tuple[tuple[str, bytes], ...], name: str) -> Pack:
    """What was read is the same pack as long as its files are: a command looks at a pack more than once."""
    return load_files(dict(files), name)


def load_files(files: Mapping[str, bytes], name: str, *, stored: bool = False) -> Pack:
    """The pack in files already read, by their path in the pack. `name` is how errors call the pack.

    One that is `stored` in the record is read in whatever form it was; any other has to be of today's.
    """
    files = {path: files[path] for path in sorted(files) if not any(part[0] == "." for part in path.split("/"))}
    errors = [f"{name}: {file} is missing; every pack has one" for file in _REQUIRED if file not in files]
    data = {path: _read(path, content, errors) for path, content in files.items()}
    form = form_of(data)
    if stored and form <= FORM:
        data = upcast_pack(data)
    elif form != FORM and not errors:
        raise PackError([f"{name}: this pack is of form {form}, and Forbear takes packs of form {FORM}: {_REMEDY}"])
    parts = {path: _validate(path, data.get(path), _ADAPTERS[path], ENTRIES[path], errors) for path in ENTRIES}
    rules = _rules(data, errors)
    derived, underived = _derived(data, errors)
    stated = parts["facts.yaml"]
    if stated is None or parts["pack.yaml"] is None:
        raise PackError(errors)
    facts = _filled(with_derived(stated.facts, derived, errors), *(parts[file] or {} for file in _VALUES))
    broken = {file for file in ENTRIES if parts[file] is None and (file in files or file in _REQUIRED)}
    # Conditions and tests are not judged by what could not be read: that would be noise.
    whole = broken.isdisjoint(("parameters.yaml", *_VALUES)) and not underived
    formulas = load_formulas(derived, facts, parts["parameters.yaml"] or {}, errors) if whole else {}
    vocabulary = _arranged(_vocabulary(parts, _with_inputs(facts, formulas)))
    pack = Pack(
        manifest=parts["pack.yaml"],
        vocabulary=vocabulary,
        negotiation=parts["negotiation.yaml"],
        changelog=parts["changelog.yaml"] or (),
        phrases=parts["phrases.yaml"] or Phrases(),
        signs=parts["signs.yaml"],
        **{Path(file).stem: parts[file] or {} for file in ENTRIES if file not in _ONE},
        formulas=formulas,
        rules=_parsed(rules, vocabulary, parts["parameters.yaml"] or {}, errors) if whole else (),
        form=form,
        sha256=_digest(files),
        files=dict(files),
    )
    errors.extend(check(pack, broken))
    judged = rules if whole else []
    errors.extend(references.check(pack, judged, broken))
    parser = Parser(vocabulary, rule_test=True)
    for path, rule in judged:
        errors.extend(f"{path}: {line}" for line in check_rule(pack, rule, parser))
    for formula in formulas.values():
        errors.extend(f"{formula.path}: {line}" for line in check_formula(pack, formula, parser))
    if not errors:  # what the figures are makes no difference to what the engine can hold
        figures = dict.fromkeys(pack.parameters, 1)
        errors.extend(refusals([(each.rule.id, resolve(each.when, figures)) for each in pack.rules], vocabulary))
    if errors:
        raise PackError(errors)
    return pack


def _read(path: str, content: bytes, errors: list[str]) -> object:
    if path.endswith(".yml"):
        errors.append(f"{path}: must end in .yaml; rename it")
    elif "/" not in path and path not in ENTRIES:
        errors.append(f"{path}: not a file of a pack (rules go into a sub-folder); {allowed(path, ENTRIES)}")
    else:
        try:
            return read(content)
        except YamlError as error:
            errors.append(f"{path}: {error}")
    return None


def _rules(data: Mapping[str, object], errors: list[str]) -> list[tuple[str, schema.Rule]]:
    rules: dict[str, tuple[str, schema.Rule]] = {}
    for path, content in data.items():
        if "/" not in path or path.startswith("facts/") or content is None:
            continue
        rule = _validate(path, content, _RULE, schema.Rule, errors)
        if rule is None:
            continue
        if rule.id != Path(path).stem:
            errors.append(
                f"{path}: id: is {quoted(rule.id)}, but the file is called {Path(path).name}; make them the same"
            )
        if rule.id in rules:
            errors.append(
                f"{path}: id: {quoted(rule.id)} is already the rule in {rules[rule.id][0]}; give it another id"
            )
        rules.setdefault(rule.id, (path, rule))
    return list(rules.values())


def _parsed(
    rules: Iterable[tuple[str, schema.Rule]],
    vocabulary: schema.Vocabulary,
    parameters: Mapping[str, schema.Parameter],
    errors: list[str],
) -> tuple[LoadedRule, ...]:
    loaded = []
    for path, rule in rules:
        try:
            loaded.append(LoadedRule(rule, parse(rule.when, vocabulary, parameters), path))
        except ConditionError as error:
            errors.extend(f"{path}: {line}" for line in error.errors)
    return tuple(sorted(loaded, key=lambda entry: (-entry.rule.priority, entry.rule.id)))


def _derived(data: Mapping[str, object], errors: list[str]) -> tuple[dict[str, tuple[str, DerivedFact]], list[str]]:
    """The files of derived facts that could be read, and the paths of those that could not."""
    found: dict[str, tuple[str, DerivedFact]] = {}
    broken = []
    for path, content in data.items():
        if not path.startswith("facts/"):
            continue
        entry = _validate(path, content, _DERIVED, DerivedFact, errors)
        if path != f"{FOLDER}/{name_of(path)}.yaml":
            errors.append(f"{path}: not a file of a pack; a derived fact goes into {FOLDER}")
        elif entry is None:
            broken.append(path)
        else:
            found[name_of(path)] = (path, entry)
    return found, broken


def _with_inputs(facts: Mapping[str, schema.Fact], formulas: Mapping[str, LoadedFormula]) -> dict[str, schema.Fact]:
    """The facts, every derived one with those that its formula reads."""
    return {
        name: fact.model_copy(update={"inputs": facts_of(formulas[name].expression)})
        if fact.derived and name in formulas
        else fact
        for name, fact in facts.items()
    }


def _vocabulary(parts: Mapping[str, Any], facts: dict[str, schema.Fact]) -> schema.Vocabulary:
    stated, zone = parts["facts.yaml"], parts["pack.yaml"].timezone
    known = {"timezone": zone} if zone in available_timezones() else {}  # one that is none is told with the manifest
    beside = {name: getattr(stated, name) for name in ("groups", "of_person", "household", "pairs", "doubts")}
    return schema.Vocabulary(facts=facts, **beside, **known)


def _arranged(vocabulary: schema.Vocabulary) -> schema.Vocabulary:
    """The facts as people read them: submitted, derived by where they come from, given by the application."""
    facts = vocabulary.facts
    place = {name: number for number, name in enumerate(facts)}

    def key(name: str) -> tuple[int, list[int]]:
        if not facts[name].derived:
            return 0, [place[name]]
        if facts[name].given:
            return 2, [place[name]]
        return 1, sorted(place[source] for source in sources(vocabulary, name))

    return vocabulary.model_copy(update={"facts": {name: facts[name] for name in sorted(facts, key=key)}})


def _filled(
    facts: Mapping[str, schema.Fact],
    products: Mapping[str, schema.Product],
    hardships: Mapping[str, schema.Hardship],
    flags: Mapping[str, RedFlag],
) -> dict[str, schema.Fact]:
    """The facts with the values that other files hold."""
    values: dict[str | None, dict[str, schema.FactValue]] = {
        "products": {
            name: _value(entry.title, entry.code, *entry.aliases).model_copy(update={"brands": entry.brands})
            for name, entry in products.items()
        },
        "hardships": {name: _value(entry.title, entry.code, *entry.synonyms) for name, entry in hardships.items()},
        "red_flags": {name: _value(entry.title) for name, entry in flags.items()},
    }
    return {
        name: fact.model_copy(update={"values": values[fact.values_from] | fact.values}) if fact.values_from else fact
        for name, fact in facts.items()
    }


def _value(title: schema.Text, *aliases: str) -> schema.FactValue:
    return schema.FactValue(zh=title.zh, en=title.en, aliases=aliases)


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape"))
        digest.update(content)
    return digest.hexdigest()


def _validate(path: str, data: object, adapter: TypeAdapter[_T], kind: Any, errors: list[str]) -> _T | None:
    if data is None:
        return None
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        for problem in problems:
            # A list that lost all its entries to mistakes is called too short on top of them.
            inner = any(
                problem is not other and other["loc"][: len(problem["loc"])] == problem["loc"] for other in problems
            )
            if problem["type"] != "too_short" or not inner:
                errors.append(f"{path}: {sentence(problem, kind)}")
        return None
