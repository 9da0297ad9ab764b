"""The chapters on rules: how a recommendation is reached, every rule, which rules look at a fact, what changed when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rules.decision.hit_policy import effects as sorted_effects
from rules.facts.case_facts import Parser, display
from rules.handbook.conditions import condition, effects
from rules.handbook.context import (
    HandbookContext,
    anchor,
    badge,
    basis,
    chapter,
    day,
    joined,
    link,
    links,
    marked,
    prose,
    said,
    urgency,
)
from rules.handbook.document import (
    Block,
    Bullet,
    Bullets,
    HandbookEntry,
    LabelledPart,
    Line,
    Listed,
    Listing,
    Paragraph,
    Section,
    Table,
    TextSpan,
    Tone,
)
from rules.handbook.wording import paragraphs
from rules.pack.changelog import RuleChange as Change
from rules.pack.changelog import history
from rules.pack.files.schema import Edition, RuleTest
from rules.pack.logic.fact_inputs import followers
from rules.pack.pack import LoadedRule
from rules.pack.references import Name

_RESULTS: Final[Mapping[str, Tone]] = {"hit": "good", "no_hit": "", "unknown": "fair"}


def order(v: HandbookContext) -> Section:
    """The hit policy in words, what happens without a recommendation, and all rules in order of priority."""
    policy = Bullets(tuple(Bullet((TextSpan(v.say(text)),)) for text in paragraphs("policy")))
    table = Table(
        tuple(v.word(key) for key in ("place", "priority", "rule", "strategy", "blocks", "urgency")),
        tuple(_row(v, place, loaded) for place, loaded in enumerate(v.pack.rules, 1)),
    )
    return Section(chapter("order"), v.word("order"), (policy, *_fallbacks(v), table))


def _fallbacks(v: HandbookContext) -> tuple[Block, ...]:
    manifest = v.pack.manifest
    return tuple(
        HandbookEntry(
            f"pack.{key}",
            v.word(key),
            (link(v, ("strategies", entry.strategy)), TextSpan(" "), urgency(v, entry.urgency)),
            (*said(v, "because", prose(v, entry.because)), *basis(v, entry.references)),
        )
        for key, entry in (("default", manifest.default), ("disagreement", manifest.disagreement))
    )


def _row(v: HandbookContext, place: int, loaded: LoadedRule) -> tuple[Line, ...]:
    found = sorted_effects(loaded, ())
    names: list[Line] = []
    if found.strategies:
        names.append(links(v, (("strategies", name) for name in found.strategies)))
    if found.serves:
        names.append((badge(v.word("exclusive"), "alarm"),))
    blocks = (
        (TextSpan(v.mark("；", "; ").join(v.word(f"{block}.short") for block in sorted(found.withholds))),)
        if found.withholds
        else links(v, (("strategies", name) for name in found.block))
    )
    return (
        (TextSpan(str(place)),),
        (TextSpan(str(loaded.rule.priority)),),
        (link(v, ("rules", loaded.rule.id)),),
        tuple(span for line in names for span in (*line, TextSpan(" "))),
        blocks,
        (TextSpan(found.urgency or ""),),
    )


def rules(v: HandbookContext) -> Section:
    """Every rule, in the order in which the hit policy looks at them."""
    parser = Parser(v.pack.vocabulary, rule_test=True)
    changes = history(v.pack)
    return Section(
        chapter("rules"),
        v.word("rules"),
        tuple(_rule(v, loaded, parser, changes.get(loaded.rule.id, ())) for loaded in v.pack.rules),
    )


def _rule(v: HandbookContext, loaded: LoadedRule, parser: Parser, changes: tuple[Change, ...]) -> HandbookEntry:
    rule = loaded.rule
    level = next((effect.urgency for effect in rule.then if effect.urgency), None)
    note: Line = (
        TextSpan(f"{v.word('priority')} {rule.priority}"),
        *((TextSpan(" "), urgency(v, level)) if level else ()),
        *(
            (TextSpan(" "), badge(v.word("exclusive"), "alarm"))
            if any(effect.exclusive for effect in rule.then)
            else ()
        ),
        *marked(v, rule),
        TextSpan(" "),
        TextSpan(loaded.path, look="code"),
    )
    return HandbookEntry(
        anchor(("rules", rule.id)),
        v.say(rule.title),
        note,
        (
            LabelledPart(v.word("when"), (Bullets((condition(v, loaded.when),)),)),
            LabelledPart(v.word("then"), (Bullets(effects(v, rule.then)),)),
            *said(v, "because", prose(v, rule.because)),
            *basis(v, rule.references),
            LabelledPart(v.word("tests"), (_tests(v, rule.tests, parser),)),
            LabelledPart(v.word("history"), (Bullets(_changes(v, changes)),)),
        ),
    )


def _tests(v: HandbookContext, tests: tuple[RuleTest, ...], parser: Parser) -> Table:
    """Names of tests are English in a pack: the Chinese handbook leaves them out."""
    named, dated = v.language == "en", any(test.as_of for test in tests)
    head = ("case", *(("name",) if named else ()), *(("as_of",) if dated else ()), "expect")
    rows = [
        (
            _case(v, test, parser),
            *(((TextSpan(test.name),),) if named else ()),
            *(((day(test.as_of),) if test.as_of else (),) if dated else ()),
            (badge(v.word(test.expect), _RESULTS[test.expect]),),
        )
        for test in tests
    ]
    return Table(tuple(v.word(key) for key in head), tuple(rows))


def _case(v: HandbookContext, test: RuleTest, parser: Parser) -> Line:
    vocabulary = v.pack.vocabulary
    facts, _ = parser.parse(test.facts)
    shown = [
        f"{v.say(vocabulary.facts[name].title)}{v.mark('：', ': ')}{display(vocabulary, name, value, v.language)}"
        for name, value in facts.items()
    ]
    return (TextSpan(v.mark("；", "; ").join(shown) or v.word("nothing")),)


def _changes(v: HandbookContext, changes: tuple[Change, ...]) -> tuple[Bullet, ...]:
    if not changes:
        return (Bullet((TextSpan(v.word("unrecorded"), look="soft"),)),)
    return tuple(
        Bullet(
            (
                TextSpan(change.edition.version, f"edition.{change.edition.version}"),
                TextSpan(f" ({change.edition.date}) {v.word(change.kind)}"),
                *((TextSpan(f"{v.mark('：', ': ')}{v.say(change.text)}"),) if change.text else ()),
            )
        )
        for change in changes
    )


def index(v: HandbookContext) -> Section:
    """Which rules look at a fact, and which at something that is derived from it."""
    looking: dict[str, list[Name]] = {}
    for use in (use for uses in v.users.values() for use in uses):
        if use.how == "when" and use.used[0] == "facts":
            looking.setdefault(use.used[1], []).append(use.user)
    listed = []
    for name, fact in v.pack.vocabulary.facts.items():
        direct = looking.get(name, [])
        others = followers(v.pack.vocabulary, name) - {name}
        through = [rule for other in v.pack.vocabulary.facts if other in others for rule in looking.get(other, [])]
        if not fact.private and (direct or through):
            indirect = [rule for rule in dict.fromkeys(through) if rule not in direct]
            notes = [
                (v.word(key), links(v, found)) for key, found in (("looking", direct), ("through", indirect)) if found
            ]
            listed.append(Listed(f"index.{name}", (link(v, ("facts", name)),), tuple(notes)))
    return Section(chapter("index"), v.word("index"), (Listing(tuple(listed)),))


def editions(v: HandbookContext) -> Section:
    """What each version of the pack added, changed and removed."""
    entries = tuple(_edition(v, edition) for edition in v.pack.changelog)
    empty = (Paragraph((TextSpan(v.word("unrecorded")),)),)
    return Section(chapter("editions"), v.word("editions"), entries or empty)


def _edition(v: HandbookContext, edition: Edition) -> HandbookEntry:
    def named(rule: str) -> TextSpan:
        return link(v, ("rules", rule)) if rule in v.rules else TextSpan(rule, look="code")

    parts = [*said(v, "summary", (TextSpan(v.say(edition.text)),))]
    for key, told in (("changed", edition.changed), ("removed", edition.removed)):
        if told:
            points = [
                Bullet((named(rule), TextSpan(f"{v.mark('：', ': ')}{v.say(text)}"))) for rule, text in told.items()
            ]
            parts.append(LabelledPart(v.word(key), (Bullets(tuple(points)),)))
    if edition.added:
        parts += said(v, "added", joined([(named(rule),) for rule in edition.added], v.mark("、", ", ")))
    return HandbookEntry(f"edition.{edition.version}", edition.version, (day(edition.date),), tuple(parts))
