"""Words a person in trouble can use: what the client's page may hold, over all golden cases and a sweep."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping

from rules.pack.files.items import Advice
from rules.pack.files.schema import Text
from rules.text.client_plan import CHARACTERS, MOST
from rules.text.negotiation_words import NegotiationWords
from tests.support.packs.negotiation_packs import pack
from tests.support.packs.words_sweep import Read, read

# What is the counsellor's, of a source, or not rounded.
TASKS = re.compile(r"当事人|借款人.{0,4}(问|请其)|登记后|由顾问|顾问核算|转介|跟进|复核")
MARKS = re.compile(r"未经?核实|own_knowledge|status|依据|《|》|第[一二三四五六七八九十百千\d]+条|[{}]|____|未知")
UNROUNDED = re.compile(r"\d[.．]\d+\s*元|¥[\d,]+\.\d")
ALIKE = 0.37  # of the pairs of characters of the shorter line
# Where the question is whether anything is owed, or by whom, nothing on the page may admit it.
UNSETTLED = ("limitation_review", "fraud_dispute", "capacity_estate_review")


def all_lines(plan_of: Read) -> tuple[Text, ...]:
    plan = plan_of.plan
    return (*plan.today, *plan.this_week, *plan.not_to_do)


def pairs(text: str) -> set[str]:
    plain = re.sub(r"[^\w]|_", "", text)
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


def alike(one: str, other: str) -> float:
    """How much of the shorter line the other says too."""
    first, second = pairs(one), pairs(other)
    return len(first & second) / max(1, min(len(first), len(second)))


def told(each: Read, names: list[str], entries: Mapping[str, Advice]) -> list[str]:
    """Those of the entries whose line stands on the page."""
    words = NegotiationWords(pack(), each.facts, each.as_of, withheld=False, extra={})
    lines = {line.zh for line in all_lines(each)}
    return [name for name in names if words.fill(entries[name].line).zh in lines]


def acknowledging(each: Read) -> list[str]:
    steps = [name for name in each.decided.outcome.steps if pack().steps[name].acknowledges]
    return told(each, steps, pack().steps)


def test_no_page_is_longer_than_a_person_in_trouble_reads() -> None:
    for each in read():
        plan = each.plan
        counts = [len(group) for group in (plan.today, plan.this_week, plan.not_to_do, plan.days)]
        # Before a question about danger is answered nothing is to be done but to be called.
        asked = each.decided.outcome.strategy == "safety_question"
        assert max(counts) <= MOST and (plan.today or asked), (each.name, counts)
        shown = [plan.sentence, *all_lines(each), *(day.title for day in plan.days)]
        assert plan.whom_to_call is not None, each.name
        assert sum(len(text.zh) for text in (*shown, plan.whom_to_call)) <= CHARACTERS, each.name
        assert all(text.zh.strip() and text.en.strip() for text in shown), each.name
        assert re.search(r"\d{3,}|找", plan.whom_to_call.zh), each.name


def test_nothing_on_it_is_a_task_of_the_counsellor_a_source_or_a_fraction() -> None:
    for each in read():
        for text in (each.plan.sentence, *all_lines(each)):
            assert not TASKS.search(text.zh), (each.name, text.zh)
            assert not MARKS.search(text.zh) and not MARKS.search(text.en), (each.name, text)
            assert not UNROUNDED.search(text.zh + text.en), (each.name, text)


def test_everything_is_said_once() -> None:
    for each in read():
        for one, other in itertools.combinations((each.plan.sentence, *all_lines(each)), 2):
            assert alike(one.zh, other.zh) < ALIKE, (each.name, one.zh, other.zh)
            assert one.en != other.en, (each.name, one.en)


def test_every_day_has_its_date_and_the_nearest_comes_first() -> None:
    seen = 0
    for each in read():
        dates = [day.date for day in each.plan.days]
        assert dates == sorted(dates) and all(date >= each.as_of for date in dates), each.name
        seen += bool(dates)
    assert seen > 50


def test_what_the_strategy_begins_with_is_on_it() -> None:
    seen: Counter[str] = Counter()
    for each in read():
        strategy = pack().strategies[each.decided.outcome.strategy]
        own = [name for name in strategy.next_steps if pack().steps[name].on_page]
        given = [name for name in own if name in each.decided.outcome.steps]
        if not given or each.kit.staff or each.facts.get("willing_to_pay") is False:
            continue
        assert told(each, given[:1], pack().steps) == given[:1], (each.name, given[0], all_lines(each))
        seen[each.decided.outcome.strategy] += 1
    assert len(seen) > 20, seen


def test_no_two_requests_to_the_lender_compete() -> None:
    strategies = pack().strategies
    requests = {name for each in strategies.values() if each.acknowledges for name in each.next_steps}
    for each in read():
        asked = [name for name in acknowledging(each) if name in requests and pack().steps[name].when == "week"]
        own = strategies[each.decided.outcome.strategy].next_steps
        assert set(asked) <= set(own), (each.name, asked)


def test_nothing_on_it_admits_a_debt_that_is_in_question_or_promises_for_the_unwilling() -> None:
    unsettled, unwilling = 0, 0
    for each in read():
        if each.decided.outcome.strategy in UNSETTLED:
            unsettled += 1
            assert acknowledging(each) == [], (each.name, acknowledging(each))
        if each.facts.get("willing_to_pay") is False:
            unwilling += 1
            assert acknowledging(each) == [], (each.name, acknowledging(each))
    assert min(unsettled, unwilling) > 100, (unsettled, unwilling)


def test_nothing_is_said_of_a_debt_where_somebody_is_in_danger() -> None:
    seen = 0
    for each in read():
        if each.kit.staff:
            seen += 1
            assert not any(re.search(r"还款|欠|分期|协商|催收", line.zh) for line in all_lines(each)), each.name
            assert each.plan.days == (), each.name
    assert seen > 20
