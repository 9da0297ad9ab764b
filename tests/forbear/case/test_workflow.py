"""A case as it stands: what day it is there, what is at stake, which deadline is next, and who may do more."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from forbear.accounts.accounts import Role, Viewer
from forbear.case.workflow import CRISIS, CaseContext, RefusedError
from forbear.locale import said
from models.desk import WorklistItem
from rules.decision.outcome import DeadlineDue
from rules.facts.case_facts import FieldError
from tests.support.old.recorded import TODAY, decision

DAY = dt.timedelta(days=1)


def stands(
    *deadlines: DeadlineDue, urgency: str = "U3", role: Role = "counsellor", at: dt.datetime | None = None, **facts: Any
) -> CaseContext:
    """A case of the tiny pack with these deadlines, at noon of its evaluation day where it is."""
    decided = decision(**facts)
    decided = replace(decided, outcome=replace(decided.outcome, deadlines=deadlines))
    case = WorklistItem(case_id=1, urgency=urgency)  # type: ignore[call-arg] # all it takes
    now = at or dt.datetime.combine(TODAY, dt.time(4), dt.UTC)
    return CaseContext(Viewer(1, "wang", role, None), case, decided, now)


def due(days: int, *, known: bool = True) -> DeadlineDue:
    """A deadline so many days from today."""
    made = decision().outcome.deadlines[0]
    return replace(made, date=TODAY + days * DAY, start_known=known)


@pytest.mark.parametrize(("hour", "day"), [(15, TODAY), (16, TODAY + DAY)])
def test_today_is_the_day_where_the_pack_is_at_home(hour: int, day: dt.date) -> None:
    assert stands(at=dt.datetime.combine(TODAY, dt.time(hour), dt.UTC)).today == day


@pytest.mark.parametrize(
    ("days", "nearest"),
    [
        ((), None),
        ((9, 2, 5), 2),
        ((2, 9), 2),
        ((-1, 5, 9), 5),  # what is over is no deadline any more
        ((0, 5), 0),  # today is not over
        ((-3, -1), None),
    ],
)
def test_the_nearest_deadline_is_the_first_that_is_not_over(days: tuple[int, ...], nearest: int | None) -> None:
    expected = None if nearest is None else TODAY + nearest * DAY
    assert stands(*(due(each) for each in days)).deadline == expected


@pytest.mark.parametrize(
    ("known", "unknown"), [((), False), ((True, True), False), ((True, False), True), ((False, True), True)]
)
def test_one_clock_that_nobody_knows_the_start_of_is_enough(known: tuple[bool, ...], unknown: bool) -> None:
    assert stands(*(due(5, known=each) for each in known)).deadline_unknown is unknown


@pytest.mark.parametrize(
    ("urgency", "flags", "guarded"),
    [
        ("U3", (), False),
        (CRISIS, (), True),  # by whatever rule
        ("U1", ("self_harm",), True),  # an exclusive rule decided
        (CRISIS, ("self_harm",), True),
    ],
)
def test_a_crisis_and_what_an_exclusive_rule_decided_is_guarded(
    urgency: str, flags: tuple[str, ...], guarded: bool
) -> None:
    assert stands(urgency=urgency, note_flags=flags).guarded is guarded


@pytest.mark.parametrize(
    ("role", "supervises"), [("submitter", False), ("counsellor", False), ("supervisor", True), ("admin", True)]
)
def test_supervisors_and_who_may_do_more_supervise(role: Role, supervises: bool) -> None:
    assert stands(role=role).supervises is supervises


def test_a_refusal_has_each_fault_and_says_them_all() -> None:
    faults = [FieldError.of(field, said(key)) for field, key in (("until", "action.held"), ("words", "action.closed"))]
    refused = RefusedError(*faults)
    assert refused.errors == tuple(faults)
    assert str(refused) == f"{faults[0].en} {faults[1].en}"
    assert faults[0].en != faults[1].en


@pytest.mark.parametrize("certain", [True, False])
@pytest.mark.parametrize("questions", [(), ("age",)])
@pytest.mark.parametrize("agree", [True, False])
@pytest.mark.parametrize("default", [True, False])
def test_what_an_answer_may_change_what_differs_and_what_the_policy_knows_nothing_of_is_unclear(
    certain: bool, questions: tuple[str, ...], agree: bool, default: bool
) -> None:
    context = stands()
    found = context.decided
    strategy = found.pack.manifest.default.strategy if default else "other"
    outcome = replace(found.outcome, certain=certain, questions=questions, engines_agree=agree, strategy=strategy)
    case = replace(context, decided=replace(found, outcome=outcome))
    assert case.unclear is ((not certain and questions != ()) or not agree or default)


@pytest.mark.parametrize(("danger", "open_"), [(None, False), ("possible", True), ("explicit", True)])
def test_danger_is_open_until_somebody_settled_it(danger: str | None, open_: bool) -> None:
    context = stands()
    context.case.danger = danger  # one of its words
    assert context.in_danger is open_


def test_a_case_takes_the_course_that_a_person_chose_or_the_recommended_one() -> None:
    context = stands()
    recommended = context.decided.outcome.strategy
    assert context.course.outcome.strategy == recommended
    context.case.chosen_strategy = "crisis_support"
    assert recommended != "crisis_support"
    assert (context.course.outcome.strategy, context.decided.outcome.strategy) == ("crisis_support", recommended)


def test_a_case_was_decided_by_the_rules_or_is_left_to_a_person() -> None:
    context = stands()
    assert context.evaluated is True
    left = replace(context.decided.outcome, rules_fired=("not_evaluated",))
    assert replace(context, decided=replace(context.decided, outcome=left)).evaluated is False
