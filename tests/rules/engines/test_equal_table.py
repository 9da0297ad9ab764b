"""The bench that puts one table of rules through several engines: the table is drawn, and equal hits are made sure."""

import json
import re
import sys

import pytest

from bench.engines import ours, table
from bench.engines.__main__ import SEED, equal, scale, stop_at_a_difference
from bench.engines.others import ENGINES, ROOT, left_out, versions
from rules.engines.interpreter import is_true

CASES = [case for block in table.cases(SEED, 300) for case in block]
VOCABULARY = table.vocabulary()


def test_our_engines_find_what_the_rules_say() -> None:
    found = equal(VOCABULARY, 40, 300, 1, None)
    rules = table.rules(SEED, 40)
    assert found["hits"] == sum(is_true(when, case) for _, when in rules for case in CASES) > 0
    assert set(found["engines"]) == {ours.DURABLE, ours.SECOND}
    assert set(found["left_out"]) == set(ENGINES)


def test_many_cases_are_checked_too() -> None:
    known = ours.columns(VOCABULARY, table.cases(SEED, 300))
    rows = scale(VOCABULARY, 25, known, [100, 300], 1)
    assert [(row["rules"], row["cases"]) for row in rows] == [(25, 100), (25, 300)]


def test_an_engine_that_finds_other_hits_ends_the_bench() -> None:
    right = [("r000", "r002"), (), ("r001",)]
    stop_at_a_difference({"one": right, "other": [list(each) for each in right]})
    with pytest.raises(SystemExit, match=r"case 2: one finds \['r001'\], other \[\]"):
        stop_at_a_difference({"one": right, "same": right, "other": [*right[:2], ()]})
    with pytest.raises(SystemExit, match="other answers for 2 cases, one for 3"):
        stop_at_a_difference({"one": right, "other": right[:2]})


def test_a_seed_is_a_table_and_fewer_are_the_first_of_more() -> None:
    assert table.rules(SEED, 25) == table.rules(SEED, 40)[:25] != table.rules(SEED + 1, 25)
    assert CASES[:50] == [case for block in table.cases(SEED, 50) for case in block]
    assert len([case for block in table.cases(SEED, table.BLOCK + 5) for case in block]) == table.BLOCK + 5
    assert all(set(case) == {*table.NUMBERS, *table.LISTS} for case in CASES), "no fact is missing"


def test_others_are_told_the_rules_in_the_packs_form() -> None:
    asked = json.loads(json.dumps(table.asked(table.rules(SEED, 200), CASES[:1], 1)))
    words = {word for rule in asked["rules"] for leaf in rule["all"] for word in leaf}
    assert words == {"fact", "equals", "not_equals", "one_of", "more_than", "at_least", "less_than", "at_most"}
    assert all(2 <= len(rule["all"]) <= 4 for rule in asked["rules"])


def test_what_an_interpreter_does_not_have_is_left_out() -> None:
    assert left_out(versions(sys.executable)) == dict.fromkeys(ENGINES, "is not installed")


def test_those_who_ask_others_need_nothing_of_forbear() -> None:
    for path in (ROOT / "bench/engines/beside").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        ours_too = set(re.findall(r"^(?:from|import) (bench|forbear|models|rules|tests|web|workers)\b.*", text, re.M))
        assert ours_too <= {"bench"}, path.name
        assert not re.search(r"^(?:from|import) bench\.(?!engines\.beside\.timing )", text, re.M), path.name
