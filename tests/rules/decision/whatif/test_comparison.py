"""What two policies say of the same cases, held against the whole evaluation of each."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import cache

import pytest
import yaml

from rules.decision.evaluate import Evaluator
from rules.decision.outcome import Outcome
from rules.decision.whatif.comparison import Comparison, Flip, Pair, compare
from rules.facts.case_facts import Facts
from rules.loading.loader import DEFAULT_PACK, load, load_files
from rules.pack.logic import conditions as c
from rules.pack.pack import Pack
from tests.support.packs.pack_builder import pack_of, rule
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
    fired = Counter(each.rules_fired[0] for each in before())
    rule = next(rule for rule, _ in fired.most_common() if rule in {each.rule.id for each in PACK.rules})
    return next(path for path in PACK.files if path.endswith(f"/{rule}.yaml"))


@cache
def before() -> tuple[Outcome, ...]:
    return tuple(each.outcome for each in Evaluator(PACK, AS_OF).evaluate(facts()))


def compared(other: Pack) -> Comparison:
    return compare(PACK, other, (Pair(f"C{n}", case, case) for n, case in enumerate(facts())), AS_OF)


def test_a_flip_names_what_came_what_went_and_what_is_written_otherwise() -> None:
    red, blue, quiet = (
        c.Compare(*each)
        for each in (("colour", "equals", "red"), ("colour", "equals", "blue"), ("quiet", "equals", True))
    )
    kept = (rule("calm", 8, quiet, {"urgency": "U2"}), rule("word", 7, red, {"step": "write"}))
    one = pack_of(*kept, rule("same", 5, red, {"recommend": "alpha"}), rule("gone", 9, blue, {"recommend": "beta"}))
    two = pack_of(*kept, rule("same", 5, red, {"recommend": "gamma"}), rule("new", 9, quiet, {"urgency": "U1"}))
    given: list[Facts] = [
        {"colour": "red", "quiet": False},
        {"colour": "blue", "quiet": False},
        {"colour": "blue", "quiet": True},
        {"colour": "green"},
        {"quiet": False},
    ]
    pairs = [Pair(f"C{number}", facts, facts) for number, facts in enumerate(given)]
    found = compare(one, two, [*pairs, Pair("other", given[0], given[4])], AS_OF)
    default = "counsellor_review"
    assert found.flips == [
        Flip("C0", ("alpha", "gamma"), ("U4", "U4"), (), (), ("same",)),
        Flip("C1", ("beta", default), ("U4", "U4"), ("default",), ("gone",), ()),
        Flip("C2", ("beta", default), ("U2", "U1"), ("new", "default"), ("gone",), ()),
        Flip("other", ("alpha", default), ("U4", "U4"), ("default",), ("word", "same"), ()),
    ]
    assert found.cases == 6
    assert found.strategies == {
        ("alpha", "gamma"): 1,
        ("beta", default): 2,
        (default, default): 2,
        ("alpha", default): 1,
    }
    assert found.urgencies == {("U4", "U4"): 5, ("U2", "U1"): 1}
    assert {name: dict(counts) for name, counts in found.rules.items()} == {
        "calm": {("false", "false"): 4, ("true", "true"): 1, ("unknown", "unknown"): 1},
        "word": {("true", "true"): 1, ("false", "false"): 3, ("unknown", "unknown"): 1, ("true", "unknown"): 1},
        "same": {("true", "true"): 1, ("false", "false"): 3, ("unknown", "unknown"): 1, ("true", "unknown"): 1},
        "gone": {("false", "absent"): 3, ("true", "absent"): 2, ("unknown", "absent"): 1},
        "new": {("absent", "false"): 4, ("absent", "true"): 1, ("absent", "unknown"): 1},
    }


def test_a_changed_rule_that_fires_by_the_second_policy_only_came_and_is_not_told_twice() -> None:
    red, blue = (c.Compare("colour", "equals", colour) for colour in ("red", "blue"))
    moved, wider = {"recommend": "alpha"}, {"urgency": "U3"}
    one = pack_of(rule("moved", 9, red, moved), rule("wider", 8, blue, wider))
    two = pack_of(
        rule("moved", 9, blue, moved, because="other"), rule("wider", 8, c.Any((red, blue)), wider, because="other")
    )
    pairs = [Pair(colour, {"colour": colour}, {"colour": colour}) for colour in ("red", "blue")]
    found = {flip.case_ref: (flip.came, flip.went, flip.changed) for flip in compare(one, two, pairs, AS_OF).flips}
    assert found == {
        "red": (("wider", "default"), ("moved",), ()),
        "blue": (("moved",), ("default",), ("wider",)),
    }


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
    after = [each.outcome for each in Evaluator(other, AS_OF).evaluate(facts())]
    pairs = list(zip(before(), after, strict=True))
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
    monkeypatch.setattr("rules.decision.whatif.comparison.BLOCK", 120)
    assert compared(changed(most_recommended(), "gone")) == whole
