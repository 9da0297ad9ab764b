"""The handbook's context: labels, links, badges, texts with their facts and figures filled in, citations."""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rules.handbook.document import Bullet, Bullets, LabelledPart, Line, Paragraph, TextSpan, Tone
from rules.handbook.wording import labels
from rules.lint.code_uses import uses_in_code
from rules.locale import Language, in_language
from rules.locale import said as sentence
from rules.pack.files.items import Item
from rules.pack.files.negotiation import Point
from rules.pack.files.schema import Parameter, ParameterValue, Reference, Rule, Status, Text, Urgency
from rules.pack.pack import LoadedRule, Pack
from rules.pack.references import Name, Use, uses
from rules.text.phrases import articles, parameter, written

_TONES: Final[Mapping[Status, Tone]] = {
    "primary": "good",
    "official": "good",
    "weak": "poor",
    "own_knowledge": "poor",
    "design": "",
}
_URGENT: Final[Mapping[Urgency, Tone]] = {"U0": "alarm", "U1": "alarm", "U2": "poor", "U3": "fair", "U4": "", "U5": ""}


# Where what belongs to no entry is told.
_PACK: Final[Mapping[str, str]] = {"calculations": "section.fees", "negotiation": "section.negotiation"}


@dataclass(frozen=True)
class HandbookContext:
    """A pack told in one language, with the figures of one day. `users` has who means an entry, by entry."""

    pack: Pack
    day: dt.date
    language: Language
    rules: Mapping[str, LoadedRule]
    users: Mapping[Name, tuple[Use, ...]]

    def word(self, key: str, **names: str) -> str:
        """One of the handbook's own words."""
        return in_language(labels()[key], self.language).format(**names)

    def say(self, text: Text) -> str:
        """A text of the pack that has no placeholders."""
        return in_language(text, self.language)

    def mark(self, zh: str, en: str) -> str:
        """Punctuation."""
        return zh if self.language == "zh" else en


def context(pack: Pack, day: dt.date, language: Language) -> HandbookContext:
    """The voice of a pack in a language, on a day."""
    users: dict[Name, list[Use]] = {}
    for use in (*uses(pack), *uses_in_code()):
        users.setdefault(use.used, []).append(use)
    rules = {loaded.rule.id: loaded for loaded in pack.rules}
    return HandbookContext(pack, day, language, rules, {name: tuple(found) for name, found in users.items()})


def anchor(name: Name) -> str:
    """Where an entry stands in the handbook: a rule under its id, everything else under file.name."""
    file, own = name
    safe = re.sub(r"[^A-Za-z0-9_-]", lambda found: f"~{ord(found[0]):x}", own)
    return safe if file == "rules" else f"{file}.{safe}"


def chapter(name: str) -> str:
    """The anchor of a section."""
    return f"section.{name}"


def label(v: HandbookContext, name: Name) -> str:
    """What an entry is called: its title, or how its text starts."""
    file, own = name
    pack = v.pack
    titles: Mapping[str, Callable[[], str]] = {
        "rules": lambda: v.say(v.rules[own].rule.title),
        "strategies": lambda: f"{pack.strategies[own].code} {v.say(pack.strategies[own].title)}",
        "facts": lambda: v.say(pack.vocabulary.facts[own].title),
        "approaches": lambda: label(v, ("strategies", own)),
        "points": lambda: _start(v, plain(prose(v, said_points(pack)[own]))),
        "pack": lambda: v.word(own),
    }
    if file in titles:
        return titles[file]()
    entry = getattr(pack, file)[own]
    return _start(v, plain(prose(v, entry.text))) if hasattr(entry, "text") else v.say(entry.title)


def said_points(pack: Pack) -> Mapping[str, Point]:
    """The points of the negotiation pack."""
    return pack.negotiation.points if pack.negotiation else {}


def _start(v: HandbookContext, text: str) -> str:
    """The start of a long text, to call it by."""
    most = 24 if v.language == "zh" else 64
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def link(v: HandbookContext, name: Name, text: str = "") -> TextSpan:
    """A link to an entry, by default under its own name."""
    return TextSpan(text or label(v, name), anchor(name) if name[0] != "pack" else _PACK.get(name[1], anchor(name)))


def links(v: HandbookContext, names: Iterable[Name]) -> Line:
    """Links, listed as the language lists."""
    return joined([(link(v, name),) for name in names], v.mark("、", ", "))


def joined(lines: Iterable[Line], separator: str) -> Line:
    """Lines one after the other."""
    found: list[TextSpan] = []
    for line in lines:
        found += [TextSpan(separator), *line] if found else line
    return tuple(found)


def plain(line: Line) -> str:
    """A line without its looks."""
    return "".join(span.text for span in line)


def prose(v: HandbookContext, text: Text) -> Line:
    """A text of the pack: facts under their names, figures as on the day, both leading to their entries."""
    spans: list[TextSpan] = []
    for literal, name, _, _ in string.Formatter().parse(v.say(text)):
        spans += [TextSpan(literal)] if literal else []
        if name is None:
            continue
        if name in v.pack.vocabulary.facts:
            title = label(v, ("facts", name))
            spans.append(TextSpan(v.mark(f"〔{title}〕", f"[{title}]"), anchor(("facts", name))))
        elif name in v.pack.parameters:
            value = parameter(v.pack, name, v.day) or v.word("none_in_force")
            spans.append(TextSpan(value, anchor(("parameters", name))))
        else:  # what only a worked-out case can say
            spans.append(TextSpan(v.mark(f"〔{v.word(f'case.{name}')}〕", f"[{v.word(f'case.{name}')}]")))
    return tuple(spans)


def at_length(v: HandbookContext, name: Name) -> Line:
    """The text of an item in full, so that a printed page needs no other; its id leads to it."""
    file, own = name
    return (*prose(v, getattr(v.pack, file)[own].text), TextSpan(" "), TextSpan(own, anchor(name), look="code"))


def quantity(v: HandbookContext, parameter: Parameter, value: ParameterValue) -> str:
    """A figure with its unit."""
    unit = f"unit.{parameter.unit}"
    one = value.value == 1 and f"{unit}.one" in labels()
    return v.word(f"{unit}.one" if one else unit, n=written(value.value, parameter.unit))


def badge(text: str, tone: Tone = "") -> TextSpan:
    """A mark that says its meaning."""
    return TextSpan(text, look="badge", tone=tone)


def acknowledging(v: HandbookContext, yes: bool) -> Line:
    """The mark of what admits the debt, after it."""
    return (TextSpan(" "), badge(v.word("acknowledges"), "fair")) if yes else ()


def marked(v: HandbookContext, entry: Item | Rule) -> Line:
    """The marks of what admits the debt, of what turns to the lender, and of what protects people, after it."""
    contact = (TextSpan(" "), badge(v.word("contacts_lender"), "fair")) if entry.contacts_lender else ()
    safe = (TextSpan(" "), badge(v.word("protects"), "fair")) if isinstance(entry, Item) and entry.protects else ()
    return (*acknowledging(v, entry.acknowledges), *contact, *safe)


def sure(v: HandbookContext, status: Status) -> TextSpan:
    """How sure we are, as a badge."""
    return badge(v.say(sentence(f"status.{status}")), _TONES[status])


def urgency(v: HandbookContext, level: Urgency) -> TextSpan:
    """An urgency, as a badge."""
    return badge(f"{level} {v.say(sentence(f'urgency.{level}'))}", _URGENT[level])


def day(date: dt.date) -> TextSpan:
    """A date, kept on one line."""
    return TextSpan(date.isoformat(), look="date")


def named(v: HandbookContext, reference: Reference) -> Line:
    """Title, number and article of a source."""
    source = v.pack.references[reference.id]
    number = v.say(sentence("cited.number", number=source.number)) if source.number else ""
    article = articles(reference.article or "", v.language)
    where = v.say(sentence("cited.article", article=article)) if article else ""
    return (
        TextSpan(v.say(source.title), anchor(("references", reference.id))),
        TextSpan(f"{number}{where}"),
    )


def citation(v: HandbookContext, reference: Reference) -> Line:
    """Title, number and article of a source, what force it has, and how sure we are."""
    layer = v.pack.references[reference.id].layer
    force = () if layer == "design" else (badge(v.say(sentence(f"force.{layer}"))), TextSpan(" "))
    return (*named(v, reference), TextSpan(" "), *force, sure(v, reference.status))


def basis(v: HandbookContext, references: tuple[Reference, ...]) -> tuple[LabelledPart, ...]:
    """What a claim rests on."""
    if not references:
        return ()
    return (LabelledPart(v.word("basis"), (Bullets(tuple(Bullet(citation(v, each)) for each in references)),)),)


def said(v: HandbookContext, key: str, line: Line) -> tuple[LabelledPart, ...]:
    """A part of one line, left out where there is nothing to say."""
    return (LabelledPart(v.word(key), (Paragraph(line),)),) if line else ()


def used_by(v: HandbookContext, name: Name) -> tuple[tuple[str, Line], ...]:
    """Who means an entry: one line for each way of meaning it."""
    ways: dict[str, list[Name]] = {}
    for use in v.users.get(name, ()):
        ways.setdefault(_way(v, use), []).append(use.user)
    return tuple((way, links(v, dict.fromkeys(users))) for way, users in ways.items())


def _way(v: HandbookContext, use: Use) -> str:
    """How an entry is meant. A source is cited by so many that they are told apart by what they are."""
    if use.how == "references":
        return v.word("by.references", kind=v.word(f"kind.{use.user[0]}"))
    return v.word("by.item" if use.how in ("document", "right", "warning", "step", "deadline") else f"by.{use.how}")


def users(v: HandbookContext, name: Name) -> tuple[LabelledPart, ...]:
    """Who means an entry, as parts."""
    return tuple(LabelledPart(way, (Paragraph(line),)) for way, line in used_by(v, name))
