"""What two policies say of the same cases, held against the whole evaluation of each."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import cache

import pytest
import yaml

from rules.decision.comparison import Comparison, Pair, compare
from rules.decision.evaluate import Evaluator
from rules.facts.case_facts import Facts
from rules.loading.loader import DEFAULT_PACK, load, load_files
from rules.pack.pack import Pack
from tests.support.packs.random_cases import cases

PACK = load(DEFAULT_PACK)
AS_OF = dt.date(2026, 11, 24)


@cache
def facts() -> tuple[Facts, ...]:
    return tuple({**case, "note_flags": ()} for case in cases(8, 300))


@cache
def changed(path: str, change: str) -> Pack:
    """The pack with one file changed: a rule that recommends something else, fires at no case, or is gone."""
    files, data = dict(PACK.files), yaml.safe_load(PACK.files[path])
    if change == "gone":
        del files[path]
    else:
        data.update(yaml.safe_load(change))
        files[path] = yaml.safe_dump(data, allow_unicode=True).encode()
    return load_files(files, "changed")


@cache
def most_recommended() -> str:
    """The file of the rule that decides most of these cases."""
    fired = Counter(each.outcome.rules_fired[0] for each in Evaluator(PACK, AS_OF).evaluate(facts()))
    rule = next(rule for rule, _ in fired.most_common() if rule in {each.rule.id for each in PACK.rules})
    return next(path for path in PACK.files if path.endswith(f"/{rule}.yaml"))


def compared(other: Pack) -> Comparison:
    return compare(PACK, other, (Pair(f"C{n}", case, case) for n, case in enumerate(facts())), AS_OF)


def test_a_policy_and_itself_differ_in_nothing() -> None:
    found = compared(PACK)
    assert (found.cases, found.flips) == (300, [])
    assert all(was == now for counts in (found.strategies, found.urgencies) for was, now in counts)
    assert set(found.rules) == {each.rule.id for each in PACK.rules}
    assert all(counts.total() == 300 and all(was == now for was, now in counts) for counts in found.rules.values())


@pytest.mark.parametrize("change", ["gone", "when: {fact: product, equals: illegal}", "then: [{urgency: U1}]"])
def test_what_it_finds_is_what_both_decide(change: str) -> None:
    path = most_recommended()
    other = changed(path, change)
    found = compared(other)
    outcomes = [[each.outcome for each in Evaluator(pack, AS_OF).evaluate(facts())] for pack in (PACK, other)]
    pairs = list(zip(*outcomes, strict=True))
    assert found.strategies == Counter((was.strategy, now.strategy) for was, now in pairs)
    assert found.urgencies == Counter((was.urgency, now.urgency) for was, now in pairs)
    flips = {
        f"C{n}": ((was.strategy, now.strategy), (was.urgency, now.urgency))
        for n, (was, now) in enumerate(pairs)
        if (was.strategy, was.urgency) != (now.strategy, now.urgency)
    }
    assert flips, "the change is one that shows"
    assert {flip.case_ref: (flip.strategies, flip.urgencies) for flip in found.flips} == flips
    for flip in found.flips:
        was, now = pairs[int(flip.case_ref[1:])]
        assert set(flip.came) == set(now.rules_fired) - set(was.rules_fired)
        assert set(flip.went) == set(was.rules_fired) - set(now.rules_fired)
        assert flip.came or flip.went or flip.changed, "something makes the difference"


def test_a_rule_that_only_one_has_is_absent_in_the_other() -> None:
    path = most_recommended()
    rule = yaml.safe_load(PACK.files[path])["id"]
    found = compared(changed(path, "gone"))
    assert {now for _, now in found.rules[rule]} == {"absent"}
    assert found.rules[rule].total() == 300


def test_blocks_are_judged_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = compared(changed(most_recommended(), "gone"))
    monkeypatch.setattr("rules.decision.comparison.BLOCK", 120)
    assert compared(changed(most_recommended(), "gone")) == whole
