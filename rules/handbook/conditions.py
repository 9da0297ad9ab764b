"""A rule's condition and effects in words, with links to the facts, figures and entries they name."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from rules.handbook.context import HandbookContext, anchor, at_length, link, links, quantity, urgency
from rules.handbook.document import Bullet, Line, TextSpan
from rules.pack.files.schema import Effect
from rules.pack.logic import conditions as c
from rules.pack.parameters import value_on
from rules.pack.references import Name, named
from rules.text.phrases import parts

_ORDER: Final = (
    *("recommend", "exclusive", "add", "block", "urgency"),
    *("step", "document", "right", "warning", "deadline", "flag"),
)
_AT_LENGTH: Final = ("step", "document", "right", "warning", "deadline")  # a point each, others in one line


def condition(v: HandbookContext, when: c.Condition, wanted: bool = True) -> Bullet:
    """The condition as a point; what it consists of stands below it, and nothing is negated but comparisons."""
    match when:
        case c.Not(child):
            return condition(v, child, not wanted)
        case c.All(children) | c.Any(children):
            below = tuple(condition(v, child, wanted) for child in children)
            if len(below) == 1:
                return below[0]
            return Bullet((TextSpan(v.word("all" if isinstance(when, c.All) is wanted else "any")),), below)
    return Bullet(_leaf(v, when, wanted))


def _leaf(v: HandbookContext, leaf: c.Leaf, wanted: bool) -> Line:
    left, words, right = parts(v.pack, leaf, v.language, wanted)
    spans = [TextSpan(left, anchor(("facts", leaf.fact))), TextSpan(words)]
    match leaf:
        case c.ComparePair(other=other):
            spans.append(TextSpan(right, anchor(("facts", other))))
        case c.Compare(value=c.ParameterReference(name)):
            parameter = v.pack.parameters[name]
            value = value_on(parameter, v.day)
            figure = v.word("none_in_force") if value is None else quantity(v, parameter, value)
            spans += [TextSpan(right, anchor(("parameters", name))), TextSpan(v.mark(f"（{figure}）", f" ({figure})"))]
        case _:
            spans.append(TextSpan(right))
    return tuple(spans)


def effects(v: HandbookContext, then: tuple[Effect, ...]) -> tuple[Bullet, ...]:
    """What a rule does: first what becomes of the case, then what the borrower is told and given."""
    ordered = sorted(then, key=lambda effect: _ORDER.index(effect.kind))
    points: list[Bullet] = []
    for kind, group in groupby(ordered, key=lambda effect: effect.kind):
        each = list(group)
        if kind == "exclusive":
            points.append(Bullet((TextSpan(v.word("exclusive_means")),)))
        elif kind in _AT_LENGTH:
            below = tuple(Bullet(_item(v, name)) for effect in each for name in named(effect))
            points.append(Bullet((TextSpan(v.word(kind)),), below))
        else:
            points.append(Bullet((TextSpan(f"{v.word(kind)}{v.mark('：', ': ')}"), *_short(v, kind, each))))
    return tuple(points)


def _short(v: HandbookContext, kind: str, each: list[Effect]) -> Line:
    if kind == "urgency":
        return tuple(urgency(v, effect.urgency) for effect in each if effect.urgency)
    if kind == "flag":
        return tuple(TextSpan(effect.flag, look="code") for effect in each if effect.flag)
    marked = [v.word(effect.block) for effect in each if isinstance(effect.block, str)]
    if marked:
        return (TextSpan(v.mark("；", "; ").join(marked)),)
    return links(v, (name for effect in each for name in named(effect)))


def _item(v: HandbookContext, name: Name) -> Line:
    return (link(v, name),) if name[0] == "deadlines" else at_length(v, name)
