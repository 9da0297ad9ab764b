"""Whether the files of a pack agree with each other and with themselves; that names exist, references.py sees to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeVar
from zoneinfo import ZoneInfo

from rules.decision.repayment import WITH_INTEREST
from rules.facts.reading import bare
from rules.facts.vocabulary import check_vocabulary
from rules.finance.court_fees import flaws
from rules.loading.hardship_documents import check_documents
from rules.loading.negotiation_check import check_negotiation
from rules.loading.phrase_check import check_phrases
from rules.loading.sign_check import check_signs
from rules.pack.files import schema
from rules.pack.files.items import Advice
from rules.pack.files.red_flags import RedFlag
from rules.pack.files.schema import Manifest
from rules.pack.pack import Pack, quoted
from rules.pack.parameters import mistakes

_T = TypeVar("_T")


def check(pack: Pack, broken: Collection[str] = ()) -> list[str]:
    """Every contradiction between the files. `broken` names those that could not be read.

    Of the rules only whether they ask for the papers of their hardship; the rest of them is rule_check.py's, and
    whether what is named exists is references.py's.
    """
    found: dict[str, Iterable[str]] = {
        "pack": _manifest(pack.manifest),
        "facts": check_vocabulary(pack.vocabulary),
        "parameters": _each(pack.parameters, mistakes),
        "fees": _each(pack.fees, flaws),
        "products": _codes(pack.products),
        "hardships": _codes(pack.hardships),
        "strategies": chain(_codes(pack.strategies), _each(pack.strategies, _strategy)),
        "steps": _each(pack.steps, _line),
        "warnings": _each(pack.warnings, _line),
        "red_flags": _each(pack.red_flags, lambda flag: _flag(pack, flag)),
    }
    errors = [f"{file}.yaml: {error}" for file, told in found.items() for error in told]
    if "facts.yaml" not in broken and "parameters.yaml" not in broken:
        errors.extend(check_negotiation(pack))
    errors.extend(check_documents(pack))
    if "phrases.yaml" not in broken:
        errors.extend(check_phrases(pack))
    if pack.signs and "red_flags.yaml" not in broken:
        errors.extend(f"signs.yaml: {error}" for error in check_signs(pack, pack.signs))
    return errors


def _each(entries: Mapping[str, _T], check_entry: Callable[[_T], Iterable[str]]) -> Iterator[str]:
    for name, entry in entries.items():
        yield from (f"{name}.{error}" for error in check_entry(entry))


def _strategy(strategy: schema.Strategy) -> Iterator[str]:
    endless = [kind for kind in strategy.plans if kind in WITH_INTEREST]
    if endless and strategy.plan_longest is None:
        yield f"plan_longest: is missing; {endless[0]} needs the parameter with the most months it may take"


def _line(advice: Advice) -> Iterator[str]:
    if advice.on_page and len(advice.line.zh) > schema.SHORT:
        yield f"short: is missing; what may stand on the client's page has at most {schema.SHORT} Chinese characters"


def _manifest(manifest: Manifest) -> Iterator[str]:
    try:
        ZoneInfo(manifest.timezone)
    except (ValueError, KeyError, OSError):  # all of these are how ZoneInfo says no
        yield f"timezone: unknown time zone {quoted(manifest.timezone)}; write one such as Asia/Shanghai"


def _flag(pack: Pack, flag: RedFlag) -> Iterator[str]:
    if not (flag.words or flag.patterns) and not any(
        pack.red_flags.get(each.denied_as or "") is flag for each in pack.red_flags.values()
    ):
        yield "words: is missing; only a flag that others are denied as has none"
    for key in ("words", "not_before", "not_after"):
        for number, word in enumerate(getattr(flag, key)):
            if not bare(word):
                yield f"{key}[{number}]: is blank and would be found in all notes; remove it"
    for number, answer in enumerate(flag.answered_by):
        fact = pack.vocabulary.facts.get(answer.fact)
        known = (True, False) if fact and fact.type == "bool" else tuple(fact.values) if fact else answer.one_of
        for value in answer.one_of:
            if value not in known:
                yield f"answered_by[{number}].one_of: {quoted(str(value))} is no answer to {answer.fact}"


def _codes(
    entries: Mapping[str, schema.Product] | Mapping[str, schema.Hardship] | Mapping[str, schema.Strategy],
) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, entry in entries.items():
        other = owners.setdefault(entry.code, name)
        if other != name:
            yield f"{name}.code: {quoted(entry.code)} is already the code of {other}; give each its own"
