"""Faults of what rules name: texts, strategies, parameters, facts, red flags, products, letters and calls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from bench.pack_mutants.fault import GONE, Data, Fault, Place, leaves, one
from bench.pack_mutants.rule_faults import MARKS, condition_faults
from rules.pack.pack import Pack

_HORIZONS: Final = {"today": "week", "week": "later", "later": "today"}
_AUDIENCES: Final = {"client": "counsellor", "counsellor": "client"}
_LISTS: Final = {  # lists of names: one of them missing, or the first two in another order
    "strategies.yaml": ("next_steps", "plans"),
    "products.yaml": ("contacts",),
    "red_flags.yaml": ("lowered_by", "harmless", "answered_by"),
}
_WORDS: Final = {  # lists of words: one of them missing
    "facts.yaml": ("aliases", "suffixes"),
    "products.yaml": ("aliases", "brands"),
    "hardships.yaml": ("synonyms",),
    "red_flags.yaml": ("words", "patterns", "not_before", "not_after"),
}
_KEYS: Final = (
    "question",
    "why",
    "minimum",
    "maximum",
    "max_length",
    "required",
    "required_unless",
    "actionable",
    "past",
)


def entry_faults(pack: Pack, data: Data) -> Iterator[Fault]:
    """Every fault of every entry."""
    for path in ("documents.yaml", "rights.yaml", "warnings.yaml", "steps.yaml"):
        yield from _texts(path, data[path])
    yield from _strategies(pack, data["strategies.yaml"])
    yield from _deadlines(pack, data["deadlines.yaml"])
    yield from _parameters(data["parameters.yaml"])
    yield from _fees(data["fees.yaml"])
    yield from _facts(data["facts.yaml"])
    yield from _red_flags(data["red_flags.yaml"])
    yield from _lists(data)
    yield from _negotiation(pack, data)
    yield from _pack(pack, data["pack.yaml"])


def _texts(path: str, entries: Mapping[str, Any]) -> Iterator[Fault]:
    for name, entry in entries.items():
        for mark in MARKS:
            yield one("mark", path, (name, mark), entry.get(mark, False), not entry.get(mark, False))
        if path == "documents.yaml":
            continue
        for key, others in (("for", _AUDIENCES), ("when", _HORIZONS)):
            yield one("text's for / when / rank", path, (name, key), entry[key], others[entry[key]])
        yield one("text's for / when / rank", path, (name, "rank"), entry["rank"], entry["rank"] + 1)
        if "short" in entry:
            yield one("text's for / when / rank", path, (name, "short"), "a line", GONE)
        for number, step in enumerate(entry.get("contradicts", ())):
            yield one("contradiction dropped", path, (name, "contradicts", number), step, GONE)


def _strategies(pack: Pack, entries: Mapping[str, Any]) -> Iterator[Fault]:
    path, names = "strategies.yaml", list(pack.contacts)
    for name, entry in entries.items():
        yield one("mark", path, (name, "acknowledges"), entry.get("acknowledges", False), not entry.get("acknowledges"))
        call = entry["call"]
        other = names[(names.index(call) + 1) % len(names)] if call in names else names[0]
        yield one("strategy field", path, (name, "call"), call, other)
        if entry["sentence"]:
            yield one("strategy field", path, (name, "sentence"), "a sentence", None)
        if "plan_longest" in entry:
            yield one("strategy field", path, (name, "plan_longest"), entry["plan_longest"], GONE)


def _deadlines(pack: Pack, entries: Mapping[str, Any]) -> Iterator[Fault]:
    dates = [name for name, fact in pack.vocabulary.facts.items() if fact.type == "date" and not fact.derived]
    for name, entry in entries.items():
        starts = entry["starts_from"]
        other = next(each for each in dates if each != starts)
        yield one("deadline", "deadlines.yaml", (name, "starts_from"), starts, other)
        for unit in ("days", "months"):
            if unit not in entry:
                continue
            alike = [each for each, of in pack.parameters.items() if of.unit == unit and each != entry[unit]]
            yield one("deadline", "deadlines.yaml", (name, unit), entry[unit], alike[0])
            yield one("deadline", "deadlines.yaml", (name, unit), entry[unit], GONE)


def _parameters(entries: Mapping[str, Any]) -> Iterator[Fault]:
    path = "parameters.yaml"
    for name, entry in entries.items():
        for number, value in enumerate(entry["values"]):
            place: Place = (name, "values", number)
            yield one("parameter value", path, (*place, "value"), value["value"], value["value"] + 1)
            for key in ("valid_from", "valid_to"):
                if key not in value:
                    continue
                later = value[key] + dt.timedelta(days=1)
                yield one("parameter date", path, (*place, key), value[key], later)
            for key in ("carried", "final"):
                if key in value:
                    yield one("parameter mark", path, (*place, key), value[key], GONE)
            if len(entry["values"]) > 1:
                yield one("parameter value", path, place, f"{value['value']}", GONE)


def _fees(entries: Mapping[str, Any]) -> Iterator[Fault]:
    for name, entry in entries.items():
        for place, part in leaves(entry["values"], (name, "values")):
            if place[-1] in ("up_to", "flat", "maximum") and isinstance(part, int | Decimal):
                yield one("fee", "fees.yaml", place, part, part + 1)
            elif place[-1] == "percent":
                yield one("fee", "fees.yaml", place, part, part + Decimal("0.1"))


def _facts(file: Mapping[str, Any]) -> Iterator[Fault]:
    path = "facts.yaml"
    for name, entry in file["facts"].items():
        place: Place = ("facts", name)
        for key in _KEYS:
            if key in entry:
                kind = "question dropped" if key in ("question", "why") else "fact's bound or mark"
                yield one(kind, path, (*place, key), entry[key], GONE)
                if isinstance(entry[key], int) and not isinstance(entry[key], bool):
                    yield one(kind, path, (*place, key), entry[key], entry[key] + 1)
        for key in ("free", "private", "given", "urgent"):
            if key in entry:
                yield one("fact's bound or mark", path, (*place, key), entry[key], GONE)
        for value in entry.get("values", {}):
            yield one("fact's value", path, (*place, "values", value), value, GONE)
    for number, pair in enumerate(file["pairs"]):
        yield one("fact's value", path, ("pairs", number), pair, GONE)


def _red_flags(entries: Mapping[str, Any]) -> Iterator[Fault]:
    path = "red_flags.yaml"
    for name, entry in entries.items():
        if danger := entry.get("danger"):
            grade = "possible" if danger["grade"] == "explicit" else "explicit"
            yield one("danger", path, (name, "danger", "grade"), danger["grade"], grade)
            yield one("danger", path, (name, "danger"), danger, GONE)
            asks = "violence" if danger["asks"] == "self_harm_signal" else "self_harm_signal"
            yield one("danger", path, (name, "danger", "asks"), danger["asks"], asks)
        if "denied_as" in entry:
            yield one("danger", path, (name, "denied_as"), entry["denied_as"], GONE)


def _lists(data: Data) -> Iterator[Fault]:
    for path, keys in _LISTS.items():
        for name, entry in data[path].items():
            for key in keys:
                yield from _of_list(_KINDS[path], path, (name, key), entry.get(key, []))
    for path, keys in _WORDS.items():
        for place, entry in _entries(path, data[path]):
            for key in keys:
                kind = "pattern dropped" if key in ("patterns", "words") else "word dropped"
                yield from _dropped(kind, path, (*place, key), entry.get(key, []))
    for place, words in _phrases(data["phrases.yaml"]):
        yield from _dropped("pattern dropped", "phrases.yaml", place, words)
    for name, entry in data["hardships.yaml"].items():
        for strength, papers in entry.get("documents", {}).items():
            yield from _of_list("product or hardship", "hardships.yaml", (name, "documents", strength), papers)


def _phrases(phrases: Mapping[str, Any]) -> Iterator[tuple[Place, list[str]]]:
    for part in ("classes", "harmless"):
        yield from (((part, name), words) for name, words in phrases[part].items())
    for name, context in phrases["contexts"].items():
        yield from ((("contexts", name, key), words) for key, words in context.items())


_KINDS: Final = {
    "strategies.yaml": "strategy field",
    "products.yaml": "product or hardship",
    "red_flags.yaml": "danger",
}


def _entries(path: str, file: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    if path == "facts.yaml":
        for name, entry in file["facts"].items():
            yield ("facts", name), entry
            yield from ((("facts", name, "values", each), value) for each, value in entry.get("values", {}).items())
    else:
        yield from (((name,), entry) for name, entry in file.items())


def _of_list(kind: str, path: str, place: Place, names: list[Any]) -> Iterator[Fault]:
    for number, name in enumerate(names):
        yield one(kind, path, (*place, number), name, GONE)
    if len(names) > 1:
        yield one(kind, path, place, names, [names[1], names[0], *names[2:]])


def _dropped(kind: str, path: str, place: Place, words: list[str]) -> Iterator[Fault]:
    """A few of the words, each left out: lists of hundreds would crowd out all else."""
    for number in sorted({0, len(words) // 2, len(words) - 1} if words else set()):
        yield one(kind, path, (*place, number), words[number], GONE)


def _negotiation(pack: Pack, data: Data) -> Iterator[Fault]:
    """Letters and calls: when something is said, whether it admits the debt, whom to call and what to ask for."""
    for path in ("letters.yaml", "negotiation.yaml"):
        for place, part in leaves(data[path]):
            if isinstance(part, dict) and {"zh", "paragraphs", "say"} & part.keys():
                yield from _said(pack, path, place, part)
    for name, approach in data["negotiation.yaml"]["approaches"].items():
        for key in ("ask", "in_writing", "not_sign", "contacts", "letters"):
            yield from _of_list("letter or call", "negotiation.yaml", ("approaches", name, key), approach.get(key, []))
    for name, letter in data["letters.yaml"].items():
        for number in range(len(letter["paragraphs"])):
            yield one("letter or call", "letters.yaml", (name, "paragraphs", number), "a paragraph", GONE)
        for key in ("signed_by", "hold"):
            if key in letter:
                yield one("letter or call", "letters.yaml", (name, key), key, GONE)


def _said(pack: Pack, path: str, place: Place, line: Mapping[str, Any]) -> Iterator[Fault]:
    if isinstance(line.get("when"), dict):
        yield one("letter or call", path, (*place, "when"), line["when"], GONE)
        for _, where, was, now in condition_faults(pack, line["when"], (*place, "when")):
            yield one("letter or call", path, where, was, now)
    if "acknowledges" in line:
        yield one("mark", path, (*place, "acknowledges"), line["acknowledges"], GONE)


def _pack(pack: Pack, manifest: Mapping[str, Any]) -> Iterator[Fault]:
    names = list(pack.strategies)
    for name in ("default", "disagreement"):
        yield one("pack", "pack.yaml", (name, "strategy"), manifest[name]["strategy"], names[0])
        yield one("pack", "pack.yaml", (name, "urgency"), manifest[name]["urgency"], "U3")
    for urgency, hours in manifest["response_hours"].items():
        yield one("pack", "pack.yaml", ("response_hours", urgency), hours, hours + 1)
