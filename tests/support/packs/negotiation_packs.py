"""Negotiation packs of golden and random cases, and everything that is said in one."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from functools import cache
from typing import Final

from forbear.case.negotiation import negotiation_files
from rules.decision.evaluate import Evaluation, Evaluator
from rules.facts.case_facts import Facts, Parser
from rules.facts.cells import Value
from rules.loading.loader import DEFAULT_PACK, Pack, load
from rules.locale import Language
from rules.pack.files.schema import Fact
from rules.text.negotiation_pack import NegotiationPack, negotiation_pack

AS_OF = dt.date(2026, 11, 23)
NOW = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)
BOTH: Final[tuple[Language, ...]] = ("zh", "en")
_MONEY = (0, 1, 99_999, 120_000, 300_000, 5_000_000, 88_000_000)
_NUMBERS = {
    "days_overdue": (0, 1, 3, 4, 30, 31, 90, 91, 181, 1_096, 1_500),
    "creditors_overdue": (0, 1, 2, 3, 9),
    "household_size": (1, 4),
    "age": (16, 17, 18, *(35,) * 20, 70),
    "social_insurance_years_local": (0, 3, 5),
}
_DAYS = (-1_500, -1_100, -400, -40, -16, -15, -12, -3, 0, 1, 30, 200)
# What decides nearly everything when it is true, and is therefore rare.
_RARE = ("self_harm_signal", "violence", "not_my_loan", "borrower_deceased", "legally_incapable", "scam_agent")


@cache
def pack() -> Pack:
    """The pack that ships."""
    return load(DEFAULT_PACK)


@cache
def evaluator() -> Evaluator:
    """It, on the day of the tests."""
    return Evaluator(pack(), AS_OF)


def case(**facts: object) -> Facts:
    """A case as submitted; facts not named are unknown."""
    given = {"case_ref": "K-1", "product": "huabei", "days_overdue": 10, "hardship": "unemployment", **facts}
    parsed, errors = Parser(pack().vocabulary).parse(given)
    assert errors == []
    return {**parsed, "note_flags": ()}


def evaluated(**facts: object) -> Evaluation:
    """A case with its outcome."""
    return evaluator().evaluate([case(**facts)])[0]


def kit_of(evaluation: Evaluation) -> NegotiationPack:
    """The negotiation pack of an evaluated case."""
    found = negotiation_pack(pack(), evaluation.outcome, evaluation.facts, AS_OF)
    assert found is not None
    return found


def prepared(**facts: object) -> NegotiationPack:
    """The negotiation pack of a case."""
    return kit_of(evaluated(**facts))


@cache
def swept(count: int, seed: int) -> tuple[tuple[Evaluation, NegotiationPack], ...]:
    """So many random cases, anything known or unknown, and their packs."""
    chance = random.Random(seed)
    evaluations = evaluator().evaluate([_random(chance, number) for number in range(count)])
    return tuple((each, kit_of(each)) for each in evaluations)


def said(found: NegotiationPack) -> str:
    """All of a pack as people get it: the page, the Markdown, the letters, the calendar."""
    letters = [negotiation_files.letter(draft, language) for draft in found.letters for language in BOTH]
    return "\n".join([negotiation_files.page(found, BOTH), negotiation_files.markdown(found, BOTH), *letters])


def sentences(found: NegotiationPack) -> Iterator[str]:
    """Every Chinese sentence that the borrower is given to say, ask, have, get, refuse or send."""
    for texts in (found.say, found.ask, found.have, found.in_writing, found.not_sign):
        yield from (text.zh for text in texts)
    for draft in found.letters:
        yield from (text.zh for text in draft.paragraphs)


def _random(chance: random.Random, number: int) -> Facts:
    facts: Facts = {"case_ref": f"R-{number}", "note_flags": ()}
    for name, fact in pack().vocabulary.facts.items():
        if fact.derived or fact.private or name == "case_ref" or (not fact.required and chance.random() < 0.3):
            continue
        facts[name] = _value(chance, name, fact)
    if chance.random() < 0.6:  # most cases have met no court yet
        facts |= {"legal_stage": "none"}
        facts.pop("auction_date", None)
    facts.setdefault("days_overdue", 10)
    return facts


def _value(chance: random.Random, name: str, fact: Fact) -> Value:
    match fact.type:
        case "enum":
            return chance.choice(tuple(fact.values))
        case "bool":
            return chance.random() < (0.03 if name in _RARE else 0.3)
        case "int":
            return chance.choice(_NUMBERS.get(name, (0, 1, 2)))
        case "money":
            return chance.choice(_MONEY)
        case "rate":
            return chance.choice((0, 365, 1_800, 2_401, 3_600))
        case "date":
            return AS_OF + dt.timedelta(days=chance.choice(_DAYS))
        case "list":
            return tuple(chance.sample(tuple(fact.values), chance.randrange(3)))
    return chance.choice(("深圳", "测试银行", "{x} <b>|_*`"))
