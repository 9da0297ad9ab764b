"""Conditions, values and references in words, in Chinese and English."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from rules.decision.outcome import Counterfactual, StaleParameter
from rules.decision.reasons import source
from rules.facts.case_facts import Facts, display
from rules.facts.cells import Value
from rules.locale import Language, in_language, listed, said
from rules.pack.files.schema import Reference, Text, Unit, Vocabulary
from rules.pack.logic import conditions as c
from rules.pack.pack import Pack
from rules.pack.parameters import value_on
from rules.pack.placeholders import pieces
from rules.text import english
from rules.text.workings.formula_words import bound_in_text

UNKNOWN: Final = said("unknown")


def phrase(pack: Pack, condition: c.Condition, language: Language, wanted: bool = True) -> str:
    """A condition in words, or its opposite."""
    match condition:
        case c.Not(child):
            return phrase(pack, child, language, not wanted)
        case c.All(children) | c.Any(children):
            word = "and" if isinstance(condition, c.All) is wanted else "or"
            inner = [_inner(pack, child, language, wanted, alone=len(children) == 1) for child in children]
            return in_language(said(f"compare.{word}"), language).join(inner)
    return "".join(parts(pack, condition, language, wanted))


def _inner(pack: Pack, child: c.Condition, language: Language, wanted: bool, *, alone: bool) -> str:
    text = phrase(pack, child, language, wanted)
    while isinstance(child, c.Not):
        child = child.child
    if alone or not isinstance(child, c.All | c.Any):
        return text
    return in_language(said("compare.group", text=text), language)


def parts(pack: Pack, leaf: c.Leaf, language: Language, wanted: bool = True) -> tuple[str, str, str]:
    """A comparison, or its opposite, in words: the fact, what is said of it, and what it is compared with.

    One after the other they are the phrase. The last is empty where there is nothing to compare with.
    """
    vocabulary = pack.vocabulary
    title = in_language(vocabulary.facts[leaf.fact].title, language)
    match leaf:
        case c.Known(_, known):
            return _apart(title, _operator("compare.known", known is wanted), "", language)
        case c.Contains(fact, value):
            right = display(vocabulary, fact, (value,), language)
            return _apart(title, _operator("compare.contains", wanted), right, language)
        case c.OneOf(fact, values):
            shown = in_language(listed(display(vocabulary, fact, value, language) for value in values), language)
            return _apart(title, _operator("compare.one_of", wanted), shown, language)
        case c.ComparePair(fact, operator, other):
            right = in_language(vocabulary.facts[other].title, language)
            if operator == "equals_fact":
                return _apart(title, _operator("compare.equals_fact", wanted), right, language)
            return _apart(title, _ordered(vocabulary, fact, operator.removesuffix("_fact"), wanted), right, language)
        case c.Compare(fact, operator, bool(value)):
            truth = (value is wanted) if operator == "equals" else (value is not wanted)
            return title, in_language(said("compare.bool"), language), display(vocabulary, fact, truth, language)
        case c.Compare(fact, operator, value):
            if isinstance(value, c.ParameterReference):
                right = in_language(pack.parameters[value.name].title, language)
            else:
                right = display(vocabulary, fact, value, language)
            return _apart(title, _ordered(vocabulary, fact, operator, wanted), right, language)


def _ordered(vocabulary: Vocabulary, fact: str, operator: str, wanted: bool) -> Text:
    kind = "compare.date." if vocabulary.facts[fact].type == "date" else "compare."
    return _operator(kind + operator, wanted)


def _operator(key: str, wanted: bool) -> Text:
    return said(key if wanted else f"{key}.not")


def _apart(left: str, words: Text, right: str, language: Language) -> tuple[str, str, str]:
    return left, words.zh if language == "zh" else f" {words.en} "[: None if right else -1], right


def fill(pack: Pack, text: str, facts: Mapping[str, Value], as_of: dt.date, language: Language) -> str:
    """A text with its {facts} and {parameters} filled in; what is not known reads so."""

    def shown(name: str) -> str:
        if name in facts:
            value = facts[name]
            if language == "en" and isinstance(value, dt.date):
                return english.day(value).en
            return display(pack.vocabulary, name, value, language)
        bound = bound_in_text(pack, name, facts, as_of, language)
        return bound or parameter(pack, name, as_of) or in_language(UNKNOWN, language)

    parts = [(literal, "" if name is None else shown(name)) for literal, name in pieces(text)]
    if language == "en":
        before = ["", *(value for _, value in parts)]
        parts = [
            (english.one_of(literal) if n == "1" else literal, value)
            for n, (literal, value) in zip(before, parts, strict=False)
        ]
    return "".join(literal + value for literal, value in parts)


def reason(pack: Pack, rule: str, facts: Mapping[str, Value], as_of: dt.date) -> Text:
    """What a rule says about a case: its `because`, with facts and parameters filled in."""
    return filled(pack, source(pack, rule).because, facts, as_of)


def filled(pack: Pack, text: Text, facts: Mapping[str, Value], as_of: dt.date) -> Text:
    """A text filled in, in both languages."""
    fixed = _without_names(text.zh, text.en)
    if fixed is not None:
        return fixed
    return Text(zh=fill(pack, text.zh, facts, as_of, "zh"), en=fill(pack, text.en, facts, as_of, "en"))


@lru_cache(maxsize=4096)
def _without_names(zh: str, en: str) -> Text | None:
    """A text that reads the same in every case; None for one with something to fill in."""
    if any(name is not None for _, name in (*pieces(zh), *pieces(en))):
        return None
    return Text(zh="".join(literal for literal, _ in pieces(zh)), en="".join(literal for literal, _ in pieces(en)))


def parameter(pack: Pack, parameter: str, on: dt.date) -> str | None:
    """A policy number in force on a day, without its unit where the sentence around it says it."""
    entry = pack.parameters.get(parameter)
    value = None if entry is None else value_on(entry, on)
    return None if entry is None or value is None else written(value.value, entry.unit)


def written(value: Decimal, unit: Unit) -> str:
    """A policy number as people write it: ¥50,000.00, 24%, 15."""
    match unit:
        case "yuan":
            return f"¥{value:,.2f}".removesuffix(".00")
        case "percent" | "percent_a_day":
            return f"{value.normalize():f}%"
        case "basis_points":
            return f"{(value / 100).normalize():f}%"
    return f"{value.normalize():f}"


def articles(numbers: str, language: Language) -> str:
    """Numbers of articles, listed as the language lists."""
    return numbers.replace(", ", "、") if language == "zh" else numbers


def cited(pack: Pack, references: tuple[Reference, ...], language: Language) -> str:
    """References as a reader wants them: title, number, article, what force the source has, how sure we are."""
    return {"zh": "；", "en": "; "}[language].join(
        in_language(_citation(pack, reference), language) for reference in references
    )


def _number(number: str) -> Text:
    """A document's number; in English what it says comes first."""
    gloss = english.document_number(number)
    return Text(zh=number, en=number if gloss is None else f"{gloss}, {number}")


def _citation(pack: Pack, reference: Reference) -> Text:
    source, status = pack.references[reference.id], said(f"status.{reference.status}")
    sure = (
        status if source.layer == "design" else said("cited.sure", force=said(f"force.{source.layer}"), status=status)
    )
    numbers = reference.article
    article = Text(zh=articles(numbers, "zh"), en=articles(numbers, "en")) if numbers else None
    return said(
        "cited",
        title=source.title,
        number=said("cited.number", number=_number(source.number)) if source.number else "",
        article=said("cited.article", article=article) if article else "",
        sure=sure,
    )


def used(pack: Pack, names: tuple[str, ...], facts: Facts, language: Language, bounds_on: dt.date | None = None) -> str:
    """Facts with their values, those that are known; with a day also how far a fact is known that has no value then."""

    def value_of(name: str) -> str | None:
        if name in facts:
            return display(pack.vocabulary, name, facts[name], language)
        return None if bounds_on is None else bound_in_text(pack, name, facts, bounds_on, language)

    shown = (
        said("fact.with_value", title=pack.vocabulary.facts[name].title, value=value)
        for name in dict.fromkeys(names)
        if (value := value_of(name)) is not None
    )
    return {"zh": "；", "en": "; "}[language].join(in_language(each, language) for each in shown)


def change(pack: Pack, found: Counterfactual, language: Language) -> str:
    """What the borrower could change, and what would then be recommended."""
    return in_language(
        said(
            "change",
            title=pack.vocabulary.facts[found.fact].title,
            value=display(pack.vocabulary, found.fact, found.value, language),
            strategy=pack.strategies[found.strategy].title,
        ),
        language,
    )


def stale(pack: Pack, found: StaleParameter, language: Language) -> str:
    """That a figure a decision rests on is not confirmed, and what to do about it."""
    entry, on = pack.parameters[found.parameter], found.on
    if found.kind == "carried":
        value = parameter(pack, found.parameter, on)
        return in_language(said("stale.carried", title=entry.title, on=on, value=value), language)
    last = max((value.valid_to for value in entry.values if value.valid_to and value.valid_to < on), default=None)
    key = "stale.none" if last is None else "stale.ended"
    return in_language(said(key, title=entry.title, on=on, last=last), language)
