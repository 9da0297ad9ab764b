"""What the pack gives, as a reviewer reads it: reviewed.yaml is this table, looked through, and the pack is held to it.

Conditions and formulas are the rules' and formulas' own tests to notice; here stands what no hit or miss tells: the
items, marks and order of rules, which figures and lists of words they look at, and the fields of all that they name.
Wording is left out, so that a better sentence changes nothing here; of lists of aliases and patterns only how many
there are is kept.

`python -m tests.policy.reviewed` writes the table anew and prints what changed in it: read that as you read code.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import yaml

from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files import schema
from rules.pack.files.doubts import Doubt
from rules.pack.files.fee_tables import FeeSchedule
from rules.pack.files.items import Advice, Item, WarningEntry
from rules.pack.files.negotiation import Approach, Letter, Negotiation, ScriptLine
from rules.pack.files.red_flags import RedFlag
from rules.pack.formulas import parameters_of
from rules.pack.logic import conditions as c
from rules.pack.logic.normal_form import leaves
from rules.pack.pack import LoadedRule, Pack

TABLE: Final = Path(__file__).parent / "reviewed.yaml"
HEAD: Final = (
    "# Reviewed: what the pack gives. Written by `python -m tests.policy.reviewed`; read every line that changes.\n"
)
WIDTH: Final = 150
MARKS: Final = ("acknowledges", "contacts_lender")


def table(pack: Pack) -> dict[str, Any]:
    """What is reviewed of the pack, by file and entry."""
    calls = pack.negotiation
    assert calls is not None
    told = {
        "pack": _pack(pack.manifest),
        "priority": [[each.rule.id for each in level] for _, level in groupby(pack.rules, lambda r: r.rule.priority)],
        "rules": {
            each.rule.id: {**_rule(each.rule), **_looked_at(each)}
            for each in sorted(pack.rules, key=lambda each: each.path)
        },
        **{
            kind: {name: _item(item) for name, item in getattr(pack, kind).items()}
            for kind in ("documents", "rights", "warnings", "steps")
        },
        "strategies": {name: _strategy(each) for name, each in pack.strategies.items()},
        "deadlines": {name: _fields(each, "starts_from", "days", "months") for name, each in pack.deadlines.items()},
        "parameters": {name: _parameter(each) for name, each in pack.parameters.items()},
        "fees": {name: [_schedule(each) for each in table.values] for name, table in pack.fees.items()},
        "facts": {name: {**_fact(each), **_reckoned(pack, name)} for name, each in pack.vocabulary.facts.items()},
        "pairs": pack.vocabulary.pairs,
        "doubts": {name: _doubt(each) for name, each in pack.vocabulary.doubts.items()},
        "products": {name: _product(each) for name, each in pack.products.items()},
        "hardships": {name: _hardship(each) for name, each in pack.hardships.items()},
        "contacts": {name: _fields(each, "number", "care") for name, each in pack.contacts.items()},
        "red_flags": {name: _flag(each) for name, each in pack.red_flags.items()},
        "phrases": _phrases(pack),
        "letters": {name: _letter(each) for name, each in pack.letters.items()},
        "points": {name: _line(each) for name, each in calls.points.items()},
        "approaches": {name: _approach(each) for name, each in calls.approaches.items()},
        "calls": _calls(calls),
        "open_points": {name: _fields(each, "parameters", "references") for name, each in pack.open_points.items()},
    }
    plain: dict[str, Any] = _plain(told)
    return plain


def _pack(manifest: schema.Manifest) -> dict[str, Any]:
    ends = {
        name: [getattr(manifest, name).strategy, getattr(manifest, name).urgency]
        for name in ("default", "disagreement")
    }
    return {**_fields(manifest, "timezone", "response_hours"), **ends}


def _rule(rule: schema.Rule) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for effect in rule.then:
        value = getattr(effect, effect.kind)
        if effect.kind in ("recommend", "urgency", "exclusive"):
            given[effect.kind] = value
        else:
            given.setdefault(effect.kind, []).append(value)
    return {**given, **_fields(rule, *MARKS)}


def _looked_at(loaded: LoadedRule) -> dict[str, Any]:
    """What tests of a condition cannot tell apart, or not in short: figures of one value, lists of words."""
    figures = [
        leaf.value.name
        for leaf in leaves(loaded.when)
        if isinstance(leaf, c.Compare) and isinstance(leaf.value, c.ParameterReference)
    ]
    lists: dict[str, list[Any]] = {}
    for leaf in leaves(loaded.when):
        if isinstance(leaf, c.OneOf):
            lists.setdefault(leaf.fact, []).extend(leaf.values)
    return {name: told for name, told in {"figures": figures, "of": lists}.items() if told}


def _item(item: Item) -> dict[str, Any]:
    when = {"for": item.audience, "when": item.when, "rank": item.rank} if isinstance(item, Advice) else {}
    short = {"short": True} if isinstance(item, Advice) and item.short else {}
    contrary = _fields(item, "contradicts") if isinstance(item, WarningEntry) else {}
    return {**when, **short, **_fields(item, *MARKS, "protects"), **contrary}


def _strategy(strategy: schema.Strategy) -> dict[str, Any]:
    page = {"page": True} if strategy.sentence else {}
    return {
        **_fields(strategy, "code", "next_steps"),
        **page,
        **_fields(strategy, "call", "in_doubt", "acknowledges", "plans", "plan_longest"),
    }


def _parameter(parameter: schema.Parameter) -> dict[str, Any]:
    return {
        **_fields(parameter, "unit"),
        "values": [f"{each.value} {_dated(each)}" for each in parameter.values],
    }


def _schedule(schedule: FeeSchedule) -> dict[str, Any]:
    brackets = [_fields(each, "up_to", "flat", "percent") for each in schedule.brackets]
    return {"in_force": _dated(schedule), "brackets": brackets, **_fields(schedule, "maximum")}


def _dated(entry: schema.Dated) -> str:
    """The days something is in force, how sure that is, and whether anybody confirmed it."""
    marks = [mark for mark in ("carried", "final") if getattr(entry, mark)]
    return " ".join(
        [f"from {entry.valid_from}", *([f"to {entry.valid_to}"] if entry.valid_to else []), entry.status, *marks]
    )


def _fact(fact: schema.Fact) -> dict[str, Any]:
    of = _fields(
        fact,
        "type",
        "unit",
        "per",
        "code",
        "required",
        "required_unless",
        "given",
        "derived",
        "private",
        "actionable",
        "free",
    )
    asked = {name: True for name in ("question", "hint", "why") if getattr(fact, name)}
    bounds = _fields(fact, "past", "urgent", "minimum", "maximum", "max_length", "suffixes", "values_from", "inputs")
    own = {} if fact.values_from else {name: len(each.aliases) for name, each in fact.values.items()}
    return {**of, **asked, **bounds, **_counts(fact, "aliases", "asks"), **({"values": own} if own else {})}


def _doubt(doubt: Doubt) -> dict[str, Any]:
    return _fields(doubt, *(name for name in type(doubt).model_fields if name != "text"))


def _reckoned(pack: Pack, name: str) -> dict[str, Any]:
    """The figures that the formula of a fact reads."""
    formula = pack.formulas.get(name)
    figures = [each.name for each in parameters_of(formula.expression)] if formula else []
    return {"figures": figures} if figures else {}


def _product(product: schema.Product) -> dict[str, Any]:
    own = _fields(product, "code", "contacts", "contacts_by_lender", "plan_longest")
    return {**own, **_counts(product, "aliases", "brands")}


def _hardship(hardship: schema.Hardship) -> dict[str, Any]:
    return {**_fields(hardship, "code", "documents"), **_counts(hardship, "synonyms")}


def _flag(flag: RedFlag) -> dict[str, Any]:
    danger = flag.danger.model_dump() if flag.danger else None
    own: dict[str, Any] = {"danger": danger} if danger else {}
    words = _counts(flag, "words", "patterns", "not_before", "not_after")
    answers = [{each.fact: list(each.one_of)} if each.one_of else each.fact for each in flag.answered_by]
    if answers:
        own["answered_by"] = answers
    return {**own, **_fields(flag, "denied_as", "lowered_by", "harmless"), **words}


def _phrases(pack: Pack) -> dict[str, Any]:
    contexts = {name: _counts(each, "before", "unless", "after") for name, each in pack.phrases.contexts.items()}
    return {
        "classes": {name: len(words) for name, words in pack.phrases.classes.items()},
        "of_danger": list(pack.phrases.of_danger),
        "contexts": contexts,
        "harmless": {name: len(words) for name, words in pack.phrases.harmless.items()},
    }


def _letter(letter: Letter) -> dict[str, Any]:
    held = {"hold": True} if letter.hold else {}
    return {**_fields(letter, "when", "acknowledges", "signed_by"), **held, **_lines("paragraphs", letter.paragraphs)}


def _calls(calls: Negotiation) -> dict[str, Any]:
    common = [_lines(name, getattr(calls, name)) for name in ("greeting", "farewell", "not_as_borrower")]
    return {
        "common": {name: value for each in common for name, value in each.items()},
        **_fields(calls, "as_borrower", "afterwards"),
        "signatures": {name: len(each.lines) for name, each in calls.signatures.items()},
    }


def _approach(each: Approach) -> dict[str, Any]:
    own = _fields(each, "speaker", "to", "ask", "in_writing", "not_sign", "contacts", "letters")
    return {**own, "follow_up": each.follow_up.days, **_lines("say", each.say)}


def _line(line: ScriptLine) -> dict[str, Any]:
    return _fields(line, "when", "acknowledges")


def _lines(name: str, lines: Sequence[ScriptLine]) -> dict[str, Any]:
    """How many lines there are, and of those that are not always said, when."""
    said = {number: _line(line) for number, line in enumerate(lines, 1) if _line(line)}
    return {name: len(lines), **({f"{name}_of": said} if said else {})}


def _counts(entry: object, *names: str) -> dict[str, int]:
    """How many words there are in each list that has any."""
    return {name: number for name in names if (number := len(getattr(entry, name)))}


def _fields(entry: object, *names: str) -> dict[str, Any]:
    """The fields that say something."""
    told = {name: getattr(entry, name) for name in names}
    return {name: value for name, value in told.items() if value not in (None, (), {}) and value is not False}


def _plain(value: Any) -> Any:
    """As YAML reads it again."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def written(told: Mapping[str, Any]) -> str:
    """The table as YAML, an entry a line where it fits."""
    lines = [HEAD]
    for file, entries in told.items():
        lines.append(f"{file}:\n")
        for name, entry in entries.items() if isinstance(entries, dict) else enumerate(entries):
            flow = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, default_flow_style=True, width=WIDTH)
            flow = flow.removesuffix("...\n").strip().replace("\n", "\n  ")
            lines.append(f"  {name}: {flow}\n" if isinstance(entries, dict) else f"  - {flow}\n")
    return "".join(lines)


def differences(told: Mapping[str, Any]) -> list[str]:
    """What differs between the reviewed table and this one, line by line."""
    reviewed = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    return list(
        difflib.unified_diff(
            reviewed.splitlines(), written(told).splitlines(), "reviewed", "the pack", n=1, lineterm=""
        )
    )


if __name__ == "__main__":
    now = table(load(DEFAULT_PACK))
    sys.stdout.writelines(f"{line}\n" for line in differences(now) or ["Nothing changed."])
    TABLE.write_text(written(now), encoding="utf-8")
