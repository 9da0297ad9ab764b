"""What may be done on a case as it stands, what its fields may hold, and what each act comes to."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from forbear.accounts.accounts import Role
from forbear.case import acts
from forbear.case.action_fields import (
    EXPLANATION,
    LONGEST,
    WORDS,
    WORDS_MOST,
    Field,
    asked,
    day_to_ask_again,
    day_to_wait_for,
    last_day_to_ask,
    other_strategy,
    questions,
    reason,
)
from forbear.case.actions import ACTIONS, possible
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk.danger import SETTLED
from forbear.desk.review import Act
from forbear.locale import said
from models.review import Review
from rules.decision.outcome import DeadlineDue
from rules.facts.case_facts import FieldError
from tests.support.desk.case_context import DAY, NO_RECORD, NOW, stands
from tests.support.old.recorded import TODAY

SHANGHAI = ZoneInfo("Asia/Shanghai")
TOLD = "写给以后看这件案子的同事"
LAST = TODAY + LONGEST
NO_CLOCK: dict[str, Any] = {"deadlines": ()}
USUAL = ("accept", "override", "answer", "ask", "escalate", "snooze", "outcome", "document")
PUT_ASIDE = (*USUAL[:7], "resume", "document")


def asks(_context: CaseContext, value: Any) -> FieldError | None:
    """A check of a field's own."""
    return FieldError.of("x", said("action.no_day")) if value else None


def morning(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), SHANGHAI)


def clock(days: int, *, known: bool = True) -> dict[str, Any]:
    return {"deadlines": (DeadlineDue("answer", TODAY + days * DAY, start_known=known),)}


def take(at: CaseContext, action: str, **given: Any) -> Act | None:
    fields: dict[str, dict[str, Any]] = {
        "accept": {"confirmed": False, "follow_up": None},
        "override": {"confirmed": False, "reason": "other", "words": TOLD, "follow_up": None},
        "ask": {"questions": ["income_monthly", "product"], "follow_up": None},
        "escalate": {"reason": "complex", "words": TOLD},
        "snooze": {"reason": "papers"},
        "outcome": {"why": "", "follow_up": None},
    }
    return ACTIONS[action].take(at, NO_RECORD, {"words": "", **fields.get(action, {}), **given})


def done(at: CaseContext, action: str, **given: Any) -> Act:
    act = take(at, action, **given)
    assert act is not None and act.action == action
    return act


def refused(at: CaseContext, action: str, **given: Any) -> tuple[str, ...]:
    with pytest.raises(RefusedError) as found:
        take(at, action, **given)
    return tuple(error.field for error in found.value.errors)


@pytest.mark.parametrize(
    ("role", "row", "names"),
    [
        ("submitter", {}, ()),
        ("counsellor", {}, USUAL),
        ("supervisor", {}, USUAL),
        ("counsellor", {"assignee_id": 7}, USUAL),
        ("counsellor", {"assignee_id": 3}, ()),
        ("supervisor", {"assignee_id": 3}, USUAL),
        *(
            ("counsellor", {"status": status}, (*USUAL[:7], "resume", "document"))
            for status in ("reviewed", "waiting", "snoozed")
        ),
        ("counsellor", {"status": "closed"}, ("resume",)),
        ("counsellor", {"status": "escalated"}, ("answer", "document")),
        (
            "supervisor",
            {"status": "escalated"},
            ("accept", "override", "answer", "ask", "snooze", "outcome", "resume", "document"),
        ),
        ("counsellor", {"urgency": "U0"}, ("accept", "override", "answer", "escalate", "outcome", "document")),
        ("counsellor", {"danger": "possible"}, ("contact", "answer", "escalate", "outcome", "document")),
        ("counsellor", {"danger": "explicit", "status": "escalated"}, ("contact", "answer", "document")),
        ("counsellor", {"decision_id": None}, ("override", "answer", "escalate", "outcome", "document")),
    ],
)
def test_what_may_be_done_hangs_on_the_case_and_on_who_looks(
    role: Role, row: dict[str, Any], names: tuple[str, ...]
) -> None:
    at = stands(role, {"rules_fired": ("not_evaluated",)} if "decision_id" in row else None, **row)
    assert possible(at) == names
    for name, action in ACTIONS.items():
        assert action.allowed(at) is (name in names)


@pytest.mark.parametrize(
    ("action", "role", "row", "key"),
    [
        ("accept", "counsellor", {"assignee_id": 3, "status": "escalated"}, "held"),
        ("accept", "counsellor", {"status": "escalated"}, "escalated"),
        ("accept", "supervisor", {"status": "closed", "danger": "explicit"}, "closed"),
        ("contact", "counsellor", {}, "no_danger"),
        ("snooze", "counsellor", {"danger": "explicit", "urgency": "U0"}, "danger"),
        ("snooze", "counsellor", {"urgency": "U0"}, "crisis"),
        ("resume", "counsellor", {"urgency": "U0"}, "state"),
        ("escalate", "supervisor", {"status": "escalated"}, "state"),
    ],
)
def test_why_something_may_not_be_done_is_said_of_the_form(
    action: str, role: Role, row: dict[str, Any], key: str
) -> None:
    with pytest.raises(RefusedError) as found:
        ACTIONS[action].take(stands(role, **row), NO_RECORD, {})
    assert found.value.errors == (FieldError.of(action, said(f"action.{key}")),)


def test_the_bar_has_what_is_done_to_a_decision_and_an_action_asks_for_what_it_needs() -> None:
    assert [name for name, action in ACTIONS.items() if not action.on_bar] == ["contact", "answer", "document"]
    needs = {name: tuple(field.name for field in action.fields if field.required) for name, action in ACTIONS.items()}
    assert needs == {
        "accept": (),
        "override": ("strategy", "reason", "words"),
        "contact": ("result",),
        "answer": ("facts",),
        "ask": ("questions",),
        "escalate": ("reason", "words"),
        "snooze": ("until", "reason"),
        "outcome": ("outcome",),
        "resume": (),
        "document": ("have",),
    }


def test_every_bad_field_is_told_with_what_is_wrong_between_them() -> None:
    at = stands(outcome={**NO_CLOCK, "certain": False, "questions": ("product",)})
    assert refused(at, "accept", follow_up=TODAY, words="字" * (WORDS_MOST + 1)) == ("follow_up", "words", "confirmed")
    assert refused(at, "outcome", outcome="closed", follow_up=TODAY + DAY) == ("why", "follow_up")
    assert refused(at, "outcome", outcome="") == ("outcome",)
    assert refused(at, "escalate", reason="", words="太短") == ("reason", "words")
    assert done(at, "accept", confirmed=True).changes["status"] == "reviewed"


def test_an_act_leaves_the_status_of_its_action_unless_it_says_another() -> None:
    at = stands(outcome=NO_CLOCK)
    later = TODAY + 3 * DAY
    left = {
        "accept": done(at, "accept"),
        "override": done(at, "override", strategy="counsellor_review"),
        "ask": done(at, "ask"),
        "escalate": done(at, "escalate"),
        "snooze": done(at, "snooze", until=later),
        "outcome": done(at, "outcome", outcome="contacted"),
        "resume": done(stands(status="waiting"), "resume"),
    }
    assert {name: act.changes.get("status") for name, act in left.items()} == {
        "accept": "reviewed",
        "override": "reviewed",
        "ask": "waiting",
        "escalate": "escalated",
        "snooze": "snoozed",
        "outcome": None,
        "resume": "open",
    }


# Fields


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        (WORDS, "", False),
        (WORDS, f" {'字' * WORDS_MOST} ", False),
        (WORDS, "字" * (WORDS_MOST + 1), True),
        (EXPLANATION, "一二三四五六七八九", True),
        (EXPLANATION, " 一二三四五六七八九 ", True),
        (EXPLANATION, "一二三四五六七八九十", False),
        (EXPLANATION, "字" * (WORDS_MOST + 1), True),
        (reason(("papers", "other")), "papers", False),
        (reason(("papers", "other")), "", True),
        (reason(("papers", "other")), "safety", True),
        (Field("why", "choice", codes=("solved",)), "", False),
        (Field("why", "choice", codes=("solved",)), "other", True),
        (Field("why", "choice", codes=("solved",)), "solved", False),
        (Field("back", "day"), None, False),
        (Field("back", "day"), TODAY, True),
        (Field("back", "day"), TODAY + DAY, False),
        (Field("back", "day"), LAST, False),
        (Field("back", "day"), LAST + DAY, True),
        (Field("confirmed", "confirmed", required=True), False, False),
        (
            Field("back", "day", check=asks),
            1,
            True,
        ),
        (
            Field("back", "day", check=asks),
            0,
            False,
        ),
    ],
)
def test_a_field_may_hold_what_is_of_its_kind(field: Field, value: Any, fault: bool) -> None:
    found = field.fault(stands(), value)
    assert (found is not None) is fault
    if found is not None:
        assert found.field == ("x" if field.check else field.name)


@pytest.mark.parametrize(
    ("until", "outcome", "key"),
    [
        (None, NO_CLOCK, "no_day"),
        (TODAY + DAY, clock(5, known=False), "clock_unknown"),
        (TODAY + 4 * DAY, clock(5), None),
        (TODAY + 5 * DAY, clock(5), "deadline"),
        (TODAY, NO_CLOCK, "day"),
        (LAST, NO_CLOCK, None),
        (LAST + DAY, NO_CLOCK, "day"),
    ],
)
def test_a_case_is_put_aside_until_before_its_deadline(
    until: dt.date | None, outcome: Mapping[str, Any], key: str | None
) -> None:
    at = stands(outcome=dict(outcome))
    named = {"latest": LAST} if key == "day" else {"deadline": TODAY + 5 * DAY} if key == "deadline" else {}
    expected = None if key is None else FieldError.of("until", said(f"action.{key}", **named))
    assert day_to_wait_for(at, until) == expected


@pytest.mark.parametrize(
    ("outcome", "last", "week"),
    [
        (NO_CLOCK, LAST, 7),
        (clock(9), TODAY + 8 * DAY, 7),
        (clock(4), TODAY + 3 * DAY, 3),
        (clock(2), TODAY + DAY, 1),
        (clock(1), TODAY + DAY, 1),  # too soon to hear anything: tomorrow all the same
        (clock(0), TODAY + DAY, 1),
        (clock(30, known=False), TODAY + DAY, 1),
    ],
)
def test_a_question_is_asked_again_in_a_week_or_before_the_deadline(
    outcome: dict[str, Any], last: dt.date, week: int
) -> None:
    at = stands(outcome=outcome)
    assert last_day_to_ask(at) == last
    assert acts.default_follow_up(at) == TODAY + week * DAY
    assert day_to_ask_again(at, last) is None
    assert day_to_ask_again(at, None) is None
    told = day_to_ask_again(at, last + DAY)
    assert told == FieldError.of("follow_up", said("action.day", latest=last))


def test_only_facts_with_a_question_are_asked_in_their_order() -> None:
    at = stands()
    assert asked(at, ["income_monthly", "case_ref", "product", "no_such"]) == ["product", "income_monthly"]
    assert questions(at, ["income_monthly"]) is None
    strange = said("action.not_asked", names="case_ref, no_such")
    assert questions(at, ["case_ref", "product", "no_such"]) == FieldError.of("questions", strange)
    assert questions(at, []) == FieldError.of("questions", said("action.no_question"))


@pytest.mark.parametrize(
    ("role", "strategy", "urgency", "key"),
    [
        ("counsellor", "counsellor_review", "U3", None),
        ("counsellor", "no_such", "U3", "no_strategy"),
        ("counsellor", "card_plan", "U3", "recommended"),
        ("counsellor", "counsellor_review", "U0", "guarded"),
        ("supervisor", "counsellor_review", "U0", None),
    ],
)
def test_another_strategy_is_one_of_the_others(role: Role, strategy: str, urgency: str, key: str | None) -> None:
    expected = None if key is None else FieldError.of("strategy", said(f"action.{key}"))
    assert other_strategy(stands(role, urgency=urgency), strategy) == expected


# Acts


def test_what_is_accepted_and_overridden_is_counted_by_the_rules_that_recommended_it() -> None:
    fired = ("crisis", "card-plan", "of_another_pack", "default")
    at = stands("supervisor", {"rules_fired": fired, "blocked": ("crisis_support",), "deadlines": ()})
    accepted = done(at, "accept", follow_up=TODAY + DAY, words=" 好 ")
    assert accepted.tally == {("accepted", "card-plan", ""): 1}
    assert (accepted.strategy, accepted.words, accepted.detail) == ("card_plan", "好", {"follow_up": f"{TODAY + DAY}"})
    assert accepted.changes == {
        "assignee_id": 7,
        "status": "reviewed",
        "chosen_strategy": "card_plan",
        "changed": False,
        "follow_up_at": morning(TODAY + DAY),
    }
    other = done(at, "override", strategy="counsellor_review")
    assert other.tally == {("overridden", "card-plan", "other"): 1}
    assert (other.strategy, other.reason, other.words, other.detail) == ("counsellor_review", "other", TOLD, {})
    assert (other.changes["follow_up_at"], other.changes["chosen_strategy"]) == (None, "counsellor_review")
    barred = done(at, "override", strategy="crisis_support", confirmed=True, follow_up=TODAY + DAY)
    assert barred.detail == {"follow_up": f"{TODAY + DAY}", "blocked": True}
    default = stands(outcome={"rules_fired": ("crisis", "default"), "strategy": "counsellor_review"})
    assert done(default, "accept", confirmed=True).tally == {("accepted", "default", ""): 1}
    assert acts.ASK_AGAIN == 7 * DAY


@pytest.mark.parametrize(
    ("strategy", "confirmed", "wrong"),
    [
        ("crisis_support", False, ("confirmed",)),
        ("crisis_support", True, ()),
        ("counsellor_review", False, ()),
        ("card_plan", False, ("strategy",)),  # barred and recommended: it may not be chosen at all
    ],
)
def test_a_barred_strategy_is_confirmed_where_it_may_be_chosen(
    strategy: str, confirmed: bool, wrong: tuple[str, ...]
) -> None:
    at = stands(outcome={"blocked": ("crisis_support", "card_plan")})
    if wrong:
        assert refused(at, "override", strategy=strategy, confirmed=confirmed) == wrong
    else:
        done(at, "override", strategy=strategy, confirmed=confirmed)


@pytest.mark.parametrize(("unclear", "confirmed", "wrong"), [(True, False, 1), (True, True, 0), (False, False, 0)])
def test_what_is_unclear_is_accepted_only_once_it_is_confirmed(unclear: bool, confirmed: bool, wrong: int) -> None:
    faults = [*acts.unlooked(stands(outcome={"engines_agree": not unclear}), confirmed, words="")]
    assert [fault.field for fault in faults] == ["confirmed"] * wrong


def test_asking_and_snoozing_bring_the_case_back_on_a_day() -> None:
    at = stands(outcome=NO_CLOCK)
    later = TODAY + 3 * DAY
    assert done(at, "ask").detail == {"questions": ["product", "income_monthly"], "follow_up": f"{TODAY + 7 * DAY}"}
    told = done(at, "ask", follow_up=later)
    assert told.detail == {"questions": ["product", "income_monthly"], "follow_up": f"{later}"}
    assert told.changes == {"assignee_id": 7, "status": "waiting", "follow_up_at": morning(later)}
    snoozed = done(at, "snooze", until=later)
    assert (snoozed.changes, snoozed.detail, snoozed.reason) == (
        {"assignee_id": 7, "status": "snoozed", "follow_up_at": morning(later)},
        {"follow_up": f"{later}"},
        "papers",
    )


def test_whoever_acts_has_a_case_that_was_free_and_nobody_has_one_that_is_handed_up() -> None:
    assert "assignee_id" not in done(stands("supervisor", assignee_id=3), "outcome", outcome="contacted").changes
    assert done(stands("supervisor", status="escalated"), "outcome", outcome="contacted").changes == {"assignee_id": 7}
    assert done(stands(), "outcome", outcome="contacted").changes == {"assignee_id": 7}
    handed_up = done(stands(assignee_id=7), "escalate", words=f" {TOLD} ")
    assert handed_up.changes == {"status": "escalated", "follow_up_at": None, "assignee_id": None}
    assert (handed_up.reason, handed_up.words) == ("complex", TOLD)
    free = done(stands("supervisor", status="escalated"), "resume", words="  ")
    assert (free.changes, free.words) == ({"status": "open", "follow_up_at": None}, None)
    taken = done(stands(status="snoozed"), "resume", words=" 好 ")
    assert (taken.changes, taken.words) == ({"status": "open", "follow_up_at": None, "assignee_id": 7}, "好")


@pytest.mark.parametrize(
    ("result", "follow_up", "row", "changes"),
    [
        ("contacted", None, {}, {}),
        ("plan_broken", None, {"status": "reviewed"}, {"status": "open", "follow_up_at": None}),
        ("plan_broken", None, {"status": "escalated"}, {}),
        ("plan_kept", None, {"status": "reviewed"}, {}),
        ("contacted", TODAY + DAY, {}, {"status": "waiting", "follow_up_at": morning(TODAY + DAY)}),
        ("contacted", TODAY + DAY, {"urgency": "U0"}, {}),
        ("contacted", TODAY + DAY, {"danger": "possible"}, {}),
        ("closed", None, {}, {"status": "closed", "follow_up_at": None}),
        ("closed", None, {"danger": "possible"}, {"status": "closed", "follow_up_at": None, **SETTLED}),
    ],
)
def test_an_outcome_closes_waits_or_brings_the_case_back(
    result: str, follow_up: dt.date | None, row: dict[str, Any], changes: dict[str, Any]
) -> None:
    act = done(stands("supervisor", **row), "outcome", outcome=result, why="solved", follow_up=follow_up)
    assert act.changes == {"assignee_id": 7, **changes}
    assert (act.reason, act.tally) == (result, {("outcome", "card_plan", result): 1})
    assert act.detail == {
        **({} if follow_up is None else {"follow_up": f"{follow_up}"}),
        **({"why": "solved"} if result == "closed" else {}),
    }


def test_an_outcome_is_counted_for_the_strategy_that_was_chosen() -> None:
    act = done(stands(chosen_strategy="counsellor_review"), "outcome", outcome="lender_refused")
    assert act.tally == {("outcome", "counsellor_review", "lender_refused"): 1}


@pytest.mark.parametrize(
    ("role", "row", "given", "wrong"),
    [
        ("counsellor", {}, {}, ()),
        ("counsellor", {}, {"why": ""}, ("why",)),
        ("counsellor", {"danger": "possible"}, {}, ("outcome",)),
        ("supervisor", {"danger": "possible", "urgency": "U0"}, {}, ()),
        ("counsellor", {"urgency": "U0"}, {}, ("outcome",)),
        ("counsellor", {"urgency": "U0", "chosen_strategy": "card_plan"}, {}, ()),
        ("counsellor", {}, {"follow_up": TODAY + DAY}, ("follow_up",)),
    ],
)
def test_what_closing_asks_for(role: Role, row: dict[str, Any], given: dict[str, Any], wrong: tuple[str, ...]) -> None:
    fields = {"why": "solved", "follow_up": None, **given}
    at = stands(role, **row)
    assert tuple(fault.field for fault in acts.unclosed(at, "closed", words="", **fields)) == wrong
    assert [*acts.unclosed(at, "contacted", **fields)] == []


@pytest.mark.parametrize(
    ("before", "have", "detail"),
    [
        ((), ("proof",), {"have": ["proof"], "lack": []}),
        (("proof",), (), {"have": [], "lack": ["proof"]}),
        (("proof",), ("proof",), None),
        ((), ("of_another_strategy",), None),
        (("of_another_strategy",), ("letter",), {"have": ["letter"], "lack": []}),
        (("proof", "letter"), ("letter",), {"have": [], "lack": ["proof"]}),
    ],
)
def test_papers_are_noted_as_they_come_and_go(
    monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...], have: tuple[str, ...], detail: dict[str, Any] | None
) -> None:
    class Record:
        session = None

    ticked = Review(
        case_id=1, decision_id=1, account_id=7, at=NOW, action="document", detail={"have": [*before], "lack": []}
    )
    monkeypatch.setattr("forbear.case.acts.review.timeline", lambda *_: [ticked])
    record: Any = Record()
    act = acts.documents(stands(outcome={"documents": ("proof", "letter")}), record, have)
    assert (None if act is None else act.detail) == detail
    assert act is None or (act.changes, act.words) == ({"assignee_id": 7}, None)
