"""Typed: what somebody entered in a form that was not carried out, in words, so that none of it is lost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rules.locale import Language, in_language
from rules.pack.pack import Pack
from web import language
from web.views.forms import NONE, PREFIX, Input, Sent

# The fields of all forms but facts, in the order in which they are told, each with what its form calls it.
LABELS = {
    "strategy": "form.strategy",
    "confirmed": "form.confirm_blocked",
    "questions": "form.questions",
    "have": "documents.title",
    "outcome": "form.outcome",
    "result": "form.contact_result",
    "safety": "form.safety",
    "handed_to": "form.handed_to",
    "next_call": "form.next_call",
    "reason": "form.reason",
    "why": "form.why_closed",
    "days": "form.presets",
    "until": "form.until_alone",
    "follow_up": "form.follow_up_optional",
    "words": "form.words",
}


@dataclass(frozen=True)
class TypedField:
    """A field as its form called it, and what was entered, one or several things."""

    label: str
    values: tuple[str, ...]


def typed(sent: Sent, known: Iterable[Input], pack: Pack, lang: Language) -> tuple[TypedField, ...]:
    """Every field that was filled in: the facts that are others than `known` first, then the rest."""
    return tuple(line for line in (*_facts(sent, known, lang), *_fields(sent, pack, lang)) if line.values)


def _facts(sent: Sent, known: Iterable[Input], lang: Language) -> Iterator[TypedField]:
    for each in known:
        words = {NONE: language.message(lang, "form.none_of_these")}
        words |= {code: value.zh if lang == "zh" else value.en for code, value in each.fact.values.items()}
        if each.fact.type == "bool":
            words |= {"true": language.message(lang, "form.yes"), "false": language.message(lang, "form.no")}
        if sent.all(PREFIX + each.name) != (each.value or ("",)):
            yield TypedField(in_language(each.fact.title, lang), _given(sent, PREFIX + each.name, words))


def _fields(sent: Sent, pack: Pack, lang: Language) -> Iterator[TypedField]:
    facts = pack.vocabulary.facts
    known: dict[str, Mapping[str, str]] = {
        "strategy": {code: in_language(entry.title, lang) for code, entry in pack.strategies.items()},
        "questions": {code: in_language(fact.question or fact.title, lang) for code, fact in facts.items()},
        "have": {code: in_language(item.text, lang) for code, item in pack.documents.items()},
        "confirmed": {"yes": language.message(lang, "form.yes")},
        **dict.fromkeys(("reason", "why"), _messages("reason.", lang)),
        "outcome": _messages("outcome.", lang),
        "result": _messages("contact.", lang),
        "safety": _messages("safety.", lang),
        "handed_to": _messages("handed_to.", lang),
    }
    confirmed = {"confirmed": "form.confirm_unclear"} if sent.form == "accept" else {}
    for name, label in {**LABELS, **confirmed}.items():
        yield TypedField(language.message(lang, label), _given(sent, name, known.get(name, {})))


def _given(sent: Sent, name: str, words: Mapping[str, str]) -> tuple[str, ...]:
    """What was entered in a field, codes in words."""
    return tuple(words.get(value, value) for each in sent.all(name) if (value := each.strip()))


def _messages(prefix: str, lang: Language) -> Mapping[str, str]:
    known = language.messages(lang)
    return {key.removeprefix(prefix): words for key, words in known.items() if key.startswith(prefix)}
