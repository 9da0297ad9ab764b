"""The tests of formulas: what fails, and what they leave out."""

import pytest

from rules.lint.formula_tests import boundaries_lacking, kinds_lacking, run_formula_tests
from rules.pack.pack import Pack
from tests.support.packs.tiny_pack import tiny

_HEAD = "type: bool\ntitle: {zh: 早, en: Early}\nhow: {zh: 早, en: So}\n"
_REST = "references: [{id: practice, status: design}]\ntests:\n"
EARLY = "facts/derived/early.yaml"
KNOWN = "  - {name: known, facts: {days_overdue: 90}, value: false}\n"
BLANK = "  - {name: blank, facts: {}, unknown: true}\n"


def _pack(formula: str, *tests: str, kind: str = "bool") -> Pack:
    return tiny({EARLY: _HEAD.replace("bool", kind) + f"formula: {formula}\n" + _REST + "".join(tests)})


def _case(days: int, value: str, *, name: str = "") -> str:
    return f"  - {{name: {name or days} days, facts: {{days_overdue: {days}}}, value: {value}}}\n"


LINE = "{less_than: [{fact: days_overdue}, {parameter: npl_days}]}"


def test_what_a_test_got_is_told_beside_what_it_expects() -> None:
    pack = _pack(LINE, _case(89, "false"), "  - {name: none, facts: {days_overdue: 89}, unknown: true}\n", BLANK)
    assert [str(each) for each in run_formula_tests(pack)] == [
        "early: 89 days: expected value False, got True",
        "early: none: expected unknown True, got True",
    ]


def test_bounds_are_met_to_the_fen() -> None:
    formula = "{max: [{yuan: 10}, {fact: income_monthly}]}"
    tests = (
        "  - {name: sharp, facts: {}, at_least: 10}\n",
        "  - {name: too low, facts: {}, at_least: 9.99}\n",
        "  - {name: a value, facts: {income_monthly: 20}, at_least: 20}\n",
    )
    assert [each.test for each in run_formula_tests(_pack(formula, *tests, kind="money"))] == ["too low", "a value"]


def test_nothing_is_not_unknown() -> None:
    pack = _pack(
        "{less_than: [{fact: days_overdue}, {parameter: npl_days, on: {fact: served_on}}]}",
        "  - {name: before the figure, facts: {days_overdue: 1, served_on: 2009-12-31}, nothing: true}\n",
        "  - {name: taken for unknown, facts: {days_overdue: 1, served_on: 2009-12-31}, unknown: true}\n",
        "  - {name: taken for nothing, facts: {days_overdue: 85}, nothing: true}\n",
    )
    assert [str(each) for each in run_formula_tests(pack)] == [
        "early: taken for unknown: expected unknown True, got nothing",
        "early: taken for nothing: expected nothing True, got one of False, True or nothing",
    ]


@pytest.mark.parametrize(
    ("tests", "lacking"),
    [
        ((KNOWN, BLANK), []),
        ((BLANK,), ["tests: none expects a value; every formula has one"]),
        ((KNOWN,), ["tests: none has something unknown; every formula has one that expects unknown, or bounds"]),
    ],
)
def test_every_formula_has_a_value_and_something_unknown(tests: tuple[str, ...], lacking: list[str]) -> None:
    assert list(kinds_lacking(_pack(LINE, *tests).formulas["early"])) == lacking


@pytest.mark.parametrize(
    ("formula", "days", "lacking"),
    [
        (LINE, (89, 90), []),
        (LINE, (90, 91), ["less_than npl_days"]),
        (LINE, (88, 90), ["less_than npl_days"]),
        (LINE.replace("less_than", "at_most"), (90, 91), []),
        (LINE.replace("less_than", "at_most"), (89, 90), ["at_most npl_days"]),
        ("{buckets: {of: {fact: days_overdue}, table: [{up_to: {days: 3}, gives: true}], above: false}}", (3, 4), []),
        (
            "{buckets: {of: {fact: days_overdue}, table: [{up_to: {days: 3}, gives: true}], above: false}}",
            (2, 3),
            ["up_to 3"],
        ),
        ("{equals: [{fact: days_overdue}, {days: 3}]}", (7, 9), []),  # no side to be on
    ],
)
def test_two_tests_straddle_every_place_where_the_answer_turns(
    formula: str, days: tuple[int, ...], lacking: list[str]
) -> None:
    pack = _pack(formula, *(_case(each, "true") for each in days))
    told = [f"tests: no two tests close to the boundary of {place}; add a pair" for place in lacking]
    assert list(boundaries_lacking(pack, pack.formulas["early"])) == told


def test_a_boundary_is_where_it_is_on_the_day_of_the_test() -> None:
    day = "  - {{name: {0} then, facts: {{days_overdue: {0}}}, as_of: 2019-12-31, value: true}}\n"
    pack = _pack(LINE, day.format(79), day.format(80))
    assert list(boundaries_lacking(pack, pack.formulas["early"])) == []
