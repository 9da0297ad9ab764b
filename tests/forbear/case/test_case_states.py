"""Whatever people do on a case, in whatever order: its status stays one of the known ones and nothing is lost."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from forbear.accounts.accounts import Role, Viewer
from forbear.batch.recorded_decision import RecordedDecision
from forbear.case import action_fields, actions
from forbear.case.workflow import CRISIS, CaseContext, RefusedError
from forbear.desk.review import Act
from models.desk import STATUSES, WorklistItem
from rules.decision.evaluate import Evaluator
from tests.support.desk.cases import AS_OF, NOW, pack

WORDS = "写给以后看这件案子的同事"
DAYS = st.dates(AS_OF - dt.timedelta(days=2), AS_OF + dt.timedelta(days=200))
NO_RECORD: Any = None  # none of the actions tried here looks anything up
ROLES: tuple[Role, ...] = ("submitter", "counsellor", "supervisor", "admin")


def decided(notes: tuple[str, ...], served_on: dt.date | None) -> RecordedDecision:
    facts: dict[str, Any] = {
        "case_ref": "A",
        "product": "credit_card",
        "hardship": "unemployment",
        "days_overdue": 100,
        "note_flags": notes,
        "income_monthly": 500000,
        "essential_outgoings": 300000,
        "priority_payments": 50000,
        "monthly_due": 250000,
        "annual_rate_percent": 1800,
    }
    if served_on is not None:
        facts["served_on"] = served_on
    found = Evaluator(pack(), AS_OF).evaluate([facts])[0]
    return RecordedDecision("A", pack(), AS_OF, found.facts, found.outcome, ())


def on_the_desk(found: RecordedDecision) -> WorklistItem:
    return WorklistItem(
        case_id=1,
        submitter="us",
        case_ref="A",
        batch_id=UUID(int=1),
        received_at=NOW,
        decision_id=1,
        version_number=1,
        as_of=AS_OF,
        pack_sha256=pack().sha256,
        strategy=found.outcome.strategy,
        decided_urgency=found.outcome.urgency,
        urgency=found.outcome.urgency,
        certain=True,
        engines_agree=True,
        deadline=None,
        respond_by=NOW,
        due_at=NOW,
        product=None,
        days_overdue=None,
        overdue_bucket=None,
    )


@st.composite
def choices(draw: st.DrawFn) -> Callable[[CaseContext], Act | None]:
    """Something a person tries, sensible or not."""
    day = draw(DAYS)
    strategy = draw(st.sampled_from(sorted(pack().strategies)))
    later = draw(st.none() | st.just(day))
    tries: dict[str, dict[str, Any]] = {
        "accept": {"confirmed": True, "follow_up": later, "words": ""},
        "override": {"strategy": strategy, "confirmed": True, "reason": "other", "words": WORDS, "follow_up": None},
        "ask": {"questions": ["income_monthly"], "follow_up": day, "words": ""},
        "escalate": {"reason": "complex", "words": WORDS},
        "snooze": {"until": day, "reason": "papers", "words": ""},
        "resume": {"words": ""},
        "outcome": {
            "outcome": draw(st.sampled_from(actions.OUTCOMES)),
            "why": "solved",
            "follow_up": later,
            "words": "",
        },
    }
    name = draw(st.sampled_from(sorted(tries)))
    return lambda at: actions.ACTIONS[name].take(at, NO_RECORD, tries[name])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_sequence_of_actions_keeps_a_case_whole(data: st.DataObject) -> None:
    notes = data.draw(st.sampled_from([(), ("self_harm",)]))
    served = data.draw(st.none() | st.dates(AS_OF - dt.timedelta(days=20), AS_OF))
    found = decided(notes, served)
    case = on_the_desk(found)
    acts: list[Act] = []
    for _ in range(data.draw(st.integers(1, 12))):
        viewer = Viewer(data.draw(st.integers(1, 3)), "x", data.draw(st.sampled_from(ROLES)), None)
        context = CaseContext(viewer, case, found, NOW)
        before = dict(case)
        try:
            act = data.draw(choices())(context)
        except RefusedError as refused:
            assert refused.errors and dict(case) == before
            continue
        if act is None:
            continue
        assert act.action in actions.possible(CaseContext(viewer, WorklistItem(**before), found, NOW))
        for column, value in act.changes.items():
            setattr(case, column, value)
        acts.append(act)
        _is_whole(case, context)
    decided_on = [act.strategy for act in acts if act.action in ("accept", "override")]
    assert case.chosen_strategy == (decided_on[-1] if decided_on else None)


def _is_whole(case: WorklistItem, context: CaseContext) -> None:
    assert case.status in STATUSES
    assert (case.follow_up_at is not None) or case.status not in ("waiting", "snoozed")
    assert case.follow_up_at is None or case.status in ("waiting", "snoozed", "reviewed")
    if case.urgency == CRISIS:
        assert case.status not in ("waiting", "snoozed")
        assert case.status != "closed" or case.chosen_strategy is not None
    if case.follow_up_at is not None:
        assert NOW < case.follow_up_at <= NOW + action_fields.LONGEST
        if case.status == "snoozed" and context.deadline is not None:
            assert case.follow_up_at.astimezone(context.zone).date() < context.deadline


def test_every_status_has_its_actions() -> None:
    assert {status for action in actions.ACTIONS.values() for status in action.when} == set(STATUSES)
