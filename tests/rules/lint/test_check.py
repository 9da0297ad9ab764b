"""The linter tells what loads but should not be published."""

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forbear.cli.commands.policy import app
from rules.lint import check as checks
from rules.lint.check import LintFinding, check, lock, run_tests
from rules.loading.loader import load
from tests.support.packs.tiny_pack import FILES, edited, errors, tiny, write

CARD = "strategy/card-plan.yaml"
ADD = "add a dated value, or name the figure in open_points.yaml"
TITLE = "title: {zh: 备, en: S}"
BASIS = "references: [{id: practice, status: design}]"
ADVICE = f"for: client, when: week, rank: 10, {BASIS}"
LOG_OF_1_1 = edited("changelog.yaml", "- version: 1.0.0", "- version: 1.1.0")
FIGURE = f"{{value: 1, valid_from: 2020-01-01, status: design, {BASIS}}}"
REASONS = "summary: {zh: 备, en: S}, sound_when: {zh: 备, en: S}, against: {zh: 备, en: S}"


def locked(folder: Path, changes: dict[str, str | None] | None = None) -> Path:
    """The tiny pack, changed, with a lock file that fits."""
    write(folder, changes)
    (folder / "pack.lock").write_text(lock(load(folder)))
    return folder


def test_nothing_is_found_in_a_sound_pack(tmp_path: Path) -> None:
    assert check(locked(tmp_path)) == []


@pytest.mark.parametrize(
    ("idle", "told"),
    [((), "nothing wrong"), (("spare",), "no errors, 1 warning"), (("spare", "other"), "no errors, 2 warnings")],
)
def test_the_command_counts_what_it_found(tmp_path: Path, idle: tuple[str, ...], told: str) -> None:
    more = "".join(f"{name}: {{text: {{zh: 备, en: S}}, {ADVICE}}}\n" for name in idle)
    folder = locked(tmp_path, {"rights.yaml": f"{FILES['rights.yaml']}\n{more}"})
    done = CliRunner().invoke(app, ["check", str(folder)])
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"tiny 1.0.0: 2 rules, {told}.\n")
    assert done.output.count("warning: ") == len(idle)


def test_what_does_not_load_is_found_line_by_line(tmp_path: Path) -> None:
    found = check(write(tmp_path, {**edited(CARD, "{document: proof}", "{document: x}"), "rights.yaml": ""}))
    assert [(each.level, each.where) for each in found] == [
        ("error", "rights.yaml"),
        ("error", CARD),
    ]
    assert found[0].message == "the file is empty"


@pytest.mark.parametrize(("on", "ended"), [("2019-12-31", False), ("2020-01-01", True)])
def test_a_figure_ends_after_its_last_day(tmp_path: Path, on: str, ended: bool) -> None:
    cut = (
        "    - {value: 90, valid_from: 2020-01-01, status: official, references: [{id: practice, status: official}]}\n"
    )
    folder = locked(tmp_path, edited("parameters.yaml", cut, ""))
    found = [each.message for each in check(folder, dt.date.fromisoformat(on)) if each.message.startswith("npl_days")]
    told = f"npl_days: no value is in force on {on} (the last value ended on 2019-12-31); {ADD}"
    assert found == ([told] if ended else [])


def test_a_figure_that_has_not_begun_on_the_review_day_is_an_error(tmp_path: Path) -> None:
    folder = locked(tmp_path, edited("parameters.yaml", "valid_from: 1991-04-09", "valid_from: 2026-11-24"))
    assert LintFinding(
        "error",
        "parameters.yaml",
        f"answer_days: no value is in force on 2026-11-23 (no value had begun); {ADD}",
    ) in check(folder)
    assert not any(each.message.startswith("answer_days") for each in check(folder, dt.date(2026, 11, 24)))


@pytest.mark.parametrize(
    ("file", "entry"),
    [
        ("parameters", f"spare: {{{TITLE}, unit: days, values: [{FIGURE}]}}"),
        (
            "strategies",
            f"spare: {{code: S02, {TITLE}, {REASONS}, next_steps: [write], sentence: null, call: null, {BASIS}}}",
        ),
        ("documents", f"\nspare: {{text: {{zh: 备, en: S}}, {BASIS}}}"),
        ("rights", f"\nspare: {{text: {{zh: 备, en: S}}, {ADVICE}}}"),
        ("warnings", f"\nspare: {{text: {{zh: 备, en: S}}, {ADVICE}}}"),
        ("steps", f"\nspare: {{text: {{zh: 备, en: S}}, {ADVICE}}}"),
        ("deadlines", f"spare: {{{TITLE}, starts_from: served_on, days: answer_days, {BASIS}}}"),
        ("references", f"spare: {{{TITLE}, layer: law}}"),
    ],
)
def test_what_nothing_uses_is_a_warning(tmp_path: Path, file: str, entry: str) -> None:
    path = f"{file}.yaml"
    folder = locked(tmp_path, {path: FILES[path] + entry})
    assert check(folder) == [LintFinding("warning", path, "spare: nothing uses it; use it in a rule or remove it")]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("hit", "  - {name: words of danger, facts: {note_flags: [self_harm]}, expect: hit}\n"),
        ("no_hit", "  - {name: calm notes, facts: {note_flags: []}, expect: no_hit}\n"),
        ("unknown", "  - {name: no notes read, facts: {product: credit_card}, expect: unknown}\n"),
    ],
)
def test_a_rule_needs_a_test_of_every_kind(tmp_path: Path, kind: str, line: str) -> None:
    folder = locked(tmp_path, edited("safety/crisis.yaml", line, ""))
    told = f"tests: none expects {kind}; every rule has a hit, a no_hit and an unknown"
    assert check(folder) == [LintFinding("error", "safety/crisis.yaml", told)]


def test_a_rule_that_is_never_unknown_needs_no_such_test(tmp_path: Path) -> None:
    rule = (
        FILES["safety/crisis.yaml"]
        .replace("{fact: note_flags, contains: self_harm}", "{fact: note_flags, known: true}")
        .replace("  - {name: no notes read, facts: {product: credit_card}, expect: unknown}\n", "")
        .replace("facts: {note_flags: []}", "facts: {}")
    )
    assert check(locked(tmp_path, {"safety/crisis.yaml": rule})) == []


@pytest.mark.parametrize(
    ("old", "new", "comparison"),
    [
        ("days_overdue: 90,", "days_overdue: 89,", "days_overdue more_than npl_days"),
        ("days_overdue: 90,", "days_overdue: 80,", "days_overdue more_than npl_days"),
        ("capacity: 0,", "product: mortgage,", "capacity more_than 0"),
        ("capacity: 2,", "capacity: 4,", "capacity less_than_fact monthly_due"),
        ("24.01", "36", "annual_rate_percent more_than high_rate"),
    ],
)
def test_a_comparison_without_a_pair_of_tests_around_it_is_a_warning(
    tmp_path: Path, old: str, new: str, comparison: str
) -> None:
    rule = FILES[CARD].replace("product: credit_card, capacity: 0,", "capacity: 0,").replace(old, new)
    told = f"tests: no two tests close to the boundary of {comparison}; add a pair"
    assert check(locked(tmp_path, {CARD: rule})) == [LintFinding("warning", CARD, told)]


def test_the_tests_of_the_tiny_pack_pass() -> None:
    assert run_tests(tiny()) == []


# --- what a case is given ---------------------------------------------------------------------------------------------

# A rule that comes first where the rate is high, and takes away whatever admits the debt.
DOUBT = """
id: doubt
title: {zh: 有争议, en: In doubt}
priority: 800
references: [{id: practice, status: design}]
when: {fact: debt_disputed, equals: true}
then: [{block: acknowledgements}, {recommend: counsellor_review}, {right: dispute}]
because: {zh: 有争议, en: In doubt}
tests:
  - {name: disputed, facts: {debt_disputed: true}, expect: hit}
"""
DISPUTED = (
    "product: credit_card, capacity: 1, monthly_due: 2, days_overdue: 91, annual_rate_percent: 24, debt_disputed: true"
)
ADMITTING = edited("strategies.yaml", "  plans: [instalments]\n", "  plans: [instalments]\n  acknowledges: true\n")


def given(*lines: str) -> list[str]:
    """What the test of a disputed card debt is told to get and does not, by the whole tiny pack."""
    test = f"  - {{name: disputed, facts: {{{DISPUTED}}}, expect: hit, {', '.join(lines)}}}\n"
    failures = run_tests(tiny({"strategy/doubt.yaml": DOUBT, **ADMITTING, CARD: FILES[CARD] + test}))
    return [str(each).removeprefix("card-plan: disputed: ") for each in failures]


def test_a_test_may_say_what_the_case_is_given_by_all_rules_together() -> None:
    assert given("given: [{recommend: counsellor_review}, {urgency: U3}, {right: dispute}, {block: [card_plan]}]") == []
    assert given("given: [{block: acknowledgements}], not_given: [{block: lender_contact}, {exclusive: true}]") == []
    assert (
        given("not_given: [{recommend: card_plan}, {add: card_plan}, {document: proof}, {warning: no_promise}]") == []
    )
    assert given("given: [{deadline: answer}]") == []  # a legal clock runs even where the rule is silenced


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("given: [{recommend: card_plan}]", "expected given recommend card_plan, got counsellor_review"),
        ("given: [{urgency: U0}]", "expected given urgency U0, got U3"),
        ("given: [{document: proof}]", "expected given document proof, got not given"),
        ("given: [{block: [crisis_support]}]", "expected given block crisis_support, got not given"),
        ("given: [{exclusive: true}]", "expected given exclusive True, got not given"),
        ("not_given: [{right: dispute}]", "expected not given right dispute, got given"),
        ("not_given: [{block: acknowledgements}]", "expected not given block acknowledgements, got given"),
        ("not_given: [{deadline: answer}]", "expected not given deadline answer, got given"),
    ],
)
def test_what_a_case_is_not_given_is_told_with_what_it_gets(line: str, told: str) -> None:
    assert given(line) == [told]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("given: [{right: dispoot}]", "given[0].right: unknown right 'dispoot'; did you mean 'dispute'?"),
        ("not_given: [{step: null}]", "not_given[0].step: is empty; name something or remove it"),
        ("given: [{right: dispute, urgency: U1}]", "an effect has exactly one key, one of recommend"),
        ("given: [{paper: proof}]", "paper"),
    ],
)
def test_what_a_test_cannot_be_given_is_refused_in_one_line(line: str, told: str) -> None:
    test = f"  - {{name: disputed, facts: {{{DISPUTED}}}, expect: hit, {line}}}\n"
    (error,) = errors({CARD: FILES[CARD] + test})
    assert error.startswith(f"{CARD}: tests[7]"), error
    assert told in error


def test_what_a_test_expects_is_no_use_of_it(tmp_path: Path) -> None:
    spare = f"\nspare: {{text: {{zh: 备, en: S}}, {ADVICE}}}"
    test = f"  - {{name: disputed, facts: {{{DISPUTED}}}, expect: hit, not_given: [{{right: spare}}]}}\n"
    folder = locked(tmp_path, {"rights.yaml": FILES["rights.yaml"] + spare, CARD: FILES[CARD] + test})
    assert check(folder) == [
        LintFinding("warning", "rights.yaml", "spare: nothing uses it; use it in a rule or remove it")
    ]


def test_a_rule_test_that_fails_is_told_with_what_came_out(tmp_path: Path) -> None:
    changes = edited(CARD, "days_overdue: 81", "days_overdue: 80")
    (failure,) = run_tests(tiny(changes))
    assert failure == checks.TestFailure("card-plan", "before the figure changed", "hit", "no_hit")
    assert str(failure) == "card-plan: before the figure changed: expected hit, got no_hit"
    told = f"test failed: {failure}"
    assert check(locked(tmp_path, changes)) == [LintFinding("error", CARD, told)]


def test_a_rule_test_is_evaluated_on_its_own_day() -> None:
    (failure,) = run_tests(tiny(edited(CARD, "    as_of: 2019-06-01\n", "")))
    assert (failure.test, failure.got) == ("before the figure changed", "no_hit")


def test_facts_a_rule_test_leaves_out_are_derived_where_they_follow() -> None:
    changes = edited(
        CARD,
        "facts: {product: credit_card, capacity: 0,",
        "facts: {product: credit_card, income_monthly: 900, essential_outgoings: 900.01,",
    )
    assert run_tests(tiny(changes)) == []


def test_a_pack_without_a_lock_file_is_told_to_lock(tmp_path: Path) -> None:
    assert check(write(tmp_path)) == [LintFinding("error", "pack.lock", "is missing; run `forbear rules lock`")]


def test_the_lock_names_every_rule_and_is_the_same_text_every_time() -> None:
    text = lock(tiny())
    assert text == lock(tiny())
    assert set(json.loads(text)["rules"]) == {"crisis", "card-plan"}
    assert json.loads(text)["sha256"] == tiny().sha256


@pytest.mark.parametrize(
    ("path", "old", "new", "what"),
    [
        (CARD, "priority: 740", "priority: 741", "card-plan"),
        ("rights.yaml", "异议权", "异议", "files other than rules"),
    ],
)
def test_content_changed_under_the_same_version_is_an_error(
    tmp_path: Path, path: str, old: str, new: str, what: str
) -> None:
    folder = locked(tmp_path)
    write(folder, edited(path, old, new))
    (found,) = check(folder)
    assert found.message == (
        f"the content changed under the same version 1.0.0 ({what}); "
        "raise version in pack.yaml, then run `forbear rules lock`"
    )


def test_a_new_version_wants_a_new_lock(tmp_path: Path) -> None:
    folder = locked(tmp_path)
    write(folder, {**edited("pack.yaml", "version: 1.0.0", "version: 1.1.0"), **LOG_OF_1_1})
    (found,) = check(folder)
    assert found.message == "locks another version than 1.1.0; run `forbear rules lock`"


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "other", "rules": {}}', '{"id": "tiny", "rules": 3}', "\x00"])
def test_a_lock_file_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    folder = locked(tmp_path)
    (folder / "pack.lock").write_text(text)
    (found,) = check(folder)
    assert found.where == "pack.lock"
    assert "run `forbear rules lock`" in found.message
