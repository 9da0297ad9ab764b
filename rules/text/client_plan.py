"""The client's page: one sentence, three things today, three this week, three not to do, the days, whom to call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from rules.decision.hit_policy import Ids
from rules.decision.outcome import Outcome
from rules.facts.case_facts import Facts
from rules.locale import said
from rules.pack.files.items import LIFE, Advice
from rules.pack.files.schema import PRODUCT_CONTACTS, Contact, Model, Text
from rules.pack.pack import Pack
from rules.pack.placeholders import placeholders
from rules.text.negotiation_words import NegotiationWords
from rules.text.phrases import parameter

MOST: Final = 3  # of each kind
CHARACTERS: Final = 350  # Chinese, of all that is said beside names and dates
# What is said first where not all of it fits.
_TODAY, _WEEK, _NOT = 0, 1, 2
_TURNS: Final = (_TODAY, _NOT, _TODAY, _WEEK, _TODAY, _NOT, _WEEK, _NOT, _WEEK)

Lines: TypeAlias = tuple[Text, ...]


class PlanDay(Model):
    """A day to keep. `assumed`: not certain to be this day."""

    date: dt.date
    title: Text
    assumed: bool


class ClientPlan(Model):
    """What the client is told, on one page: nothing that is the counsellor's task, no source marks, round amounts."""

    sentence: Text
    today: Lines
    this_week: Lines
    not_to_do: Lines
    days: tuple[PlanDay, ...]
    whom_to_call: Text | None


def client_plan(pack: Pack, outcome: Outcome, facts: Facts, as_of: dt.date) -> ClientPlan | None:
    """The client's page of a decision; None where its strategy has none.

    Where somebody is in danger nothing is on it but what keeps them safe: no other matter, and no days.
    """
    strategy = pack.strategies[outcome.strategy]
    if strategy.sentence is None:
        return None
    danger = _in_danger(pack, outcome)
    words = NegotiationWords(pack, _rounded(pack, facts), as_of, withheld=False, extra={})
    lead = _lead(pack, outcome)

    def lines(entries: Iterable[Advice]) -> list[Text]:
        told = (each for each in entries if not danger or each.rank <= LIFE)
        return _distinct(words.fill(each.line) for each in told if _sayable(words, each))

    steps = _ranked(pack.steps, dict.fromkeys((*_asked(pack, outcome, facts), *lead)))
    warnings = _ranked(pack.warnings, outcome.warnings)
    today = lines(each for each in steps if each.when == "today")
    week = lines(each for each in steps if each.when == "week")
    first = lines(_ranked(pack.steps, lead))
    if not today:  # there is always something to begin with: what the strategy begins with, if it can wait no longer
        today = first[:1] or week[:1]
        week = [line for line in week if line not in today]
    week = [*today[MOST:], *week]
    if first:
        week = _shown(first[0], week)
    days = () if danger else tuple(_days(pack, outcome, as_of))
    sentence, call = words.fill(strategy.sentence), _call(pack, strategy.call, facts, danger=danger)
    said_anyway = len(sentence.zh) + (len(call.zh) if call else 0) + sum(len(day.title.zh) for day in days)
    kept = _fitting((today[:MOST], week[:MOST], lines(warnings)[:MOST]), CHARACTERS - said_anyway)
    return ClientPlan(
        sentence=sentence,
        today=kept[_TODAY],
        this_week=kept[_WEEK],
        not_to_do=kept[_NOT],
        days=days,
        whom_to_call=call,
    )


def _in_danger(pack: Pack, outcome: Outcome) -> bool:
    """Whether staff speak in the client's stead: somebody's life or safety is at stake."""
    speaks = pack.negotiation.approaches[outcome.strategy].speaker if pack.negotiation is not None else None
    return outcome.urgency == "U0" or speaks == "staff"


def _asked(pack: Pack, outcome: Outcome, facts: Facts) -> Iterator[str]:
    """The steps of a decision but for requests to the lender that compete with what its strategy asks for.

    Beside a strategy that asks for nothing there are none, and none that admits the debt where it is in doubt whether
    anything is owed. Who does not want to pay makes none.
    """
    strategy = pack.strategies[outcome.strategy]
    for name in outcome.steps:
        step = pack.steps[name]
        competes = name not in strategy.next_steps and (name in _requests(pack) or strategy.in_doubt)
        unwanted = facts.get("willing_to_pay") is False or (
            competes and not (strategy.acknowledges and step.when == "today")
        )
        if not (step.acknowledges and unwanted):
            yield name


@lru_cache(maxsize=8)
def _requests(pack: Pack) -> frozenset[str]:
    """The steps that ask a lender for something: those of strategies that admit the debt."""
    return frozenset(step for each in pack.strategies.values() if each.acknowledges for step in each.next_steps)


def _lead(pack: Pack, outcome: Outcome) -> Ids:
    """The step that the strategy begins with: of its own the first that a rule gives, else one that does no harm."""
    own = [each for each in pack.strategies[outcome.strategy].next_steps if pack.steps[each].on_page]
    given = [each for each in own if each in outcome.steps]
    return tuple((given or [each for each in own if _harmless(pack, each)])[:1])


def _shown(line: Text, lines: list[Text]) -> list[Text]:
    """The lines, that one so near the front that there is room for it."""
    return [line, *(each for each in lines if each != line)] if line in lines[MOST:] else lines


def _ranked(entries: Mapping[str, Advice], ids: Iterable[str]) -> list[Advice]:
    """Those of the items that may stand on the page, the most important first."""
    return sorted((entries[name] for name in ids if entries[name].on_page), key=lambda each: each.rank)


def _rounded(pack: Pack, facts: Facts) -> Facts:
    """The facts, amounts in whole yuan."""
    amounts = _amounts(pack)
    return {
        name: value // 100 * 100 if name in amounts and isinstance(value, int) else value
        for name, value in facts.items()
    }


@lru_cache(maxsize=8)
def _amounts(pack: Pack) -> frozenset[str]:
    """The facts that are amounts of money."""
    return frozenset(name for name, fact in pack.vocabulary.facts.items() if fact.type == "money")


def _harmless(pack: Pack, step: str) -> bool:
    """Whether a step admits nothing and turns to nobody: it may be given where no rule gives it."""
    return not pack.steps[step].acknowledges and not pack.steps[step].contacts_lender


def _sayable(words: NegotiationWords, advice: Advice) -> bool:
    """Whether all that its line names is known."""
    return all(
        name in words.facts or parameter(words.pack, name, words.as_of) is not None
        for name in placeholders(advice.line.zh)
    )


def _distinct(lines: Iterable[Text]) -> list[Text]:
    return list({line.zh: line for line in lines}.values())


def _fitting(groups: Sequence[Sequence[Text]], room: int) -> tuple[Lines, ...]:
    """As much of each group as there is room for, taken in turns, the first of each group first."""
    waiting = [list(group) for group in groups]
    kept: list[list[Text]] = [[] for _ in groups]
    for group in _TURNS:
        line = waiting[group].pop(0) if waiting[group] else None
        if line is not None and len(line.zh) <= room:
            kept[group].append(line)
            room -= len(line.zh)
    return tuple(map(tuple, kept))


def _days(pack: Pack, outcome: Outcome, as_of: dt.date) -> Iterator[PlanDay]:
    """The days of the law that are still ahead, the nearest first."""
    ahead = [due for due in outcome.deadlines if due.date >= as_of]
    for due in ahead[:MOST]:
        yield PlanDay(date=due.date, title=pack.deadlines[due.id].title, assumed=due.assumed)


def _call(pack: Pack, name: str | None, facts: Facts, *, danger: bool) -> Text | None:
    """Whom to call when stuck, and the line for whoever cannot go on."""
    care = next((each for each in pack.contacts.values() if each.care), None)
    contact = _contact(pack, name, facts)
    told = [] if contact is None or contact is care else [_told(contact, danger=danger)]
    if care is not None:
        told.append(said("client_plan.care", number=care.number or care.title))
    if not told:
        return None
    calls = joined(told)
    return Text(zh=f"{calls.zh}。", en=f"{calls.en[:1].upper()}{calls.en[1:]}.")


def joined(lines: Iterable[Text]) -> Text:
    """Lines one after the other, in one sentence."""
    found = [Text(zh=each.zh.removesuffix("。"), en=each.en.removesuffix(".")) for each in lines]
    return Text(zh="；".join(each.zh for each in found), en="; ".join(each.en for each in found))


def _contact(pack: Pack, name: str | None, facts: Facts) -> Contact | None:
    """The contact of that name, or the first of the product."""
    if name != PRODUCT_CONTACTS:
        return pack.contacts.get(name or "")
    product = pack.products.get(str(facts.get("product")))
    if product is None:
        return None
    return pack.contacts[product.contacts_by_lender.get(str(facts.get("lender_type")), product.contacts)[0]]


def _told(contact: Contact, *, danger: bool) -> Text:
    key = "client_plan.number" if contact.number else "client_plan.office"
    if danger and contact.number:
        key = "client_plan.danger"
    title = contact.title
    if not contact.number:  # stands within the sentence
        title = Text(zh=title.zh, en=f"{title.en[:1].lower()}{title.en[1:]}")
    return said(key, number=contact.number, title=title)
