"""Actions: what a person may do on a case, one object each, in one table.

The bar of the case page, both routes, the description of the API with its examples and the tables of the docs are made
from it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from forbear.accounts.accounts import Role, ViewerWork
from forbear.case import acts, contact
from forbear.case.action_fields import (
    EXPLANATION,
    WORDS,
    Field,
    day_to_ask_again,
    day_to_wait_for,
    listed_documents,
    other_strategy,
    questions,
    reason,
)
from forbear.case.workflow import CRISIS, CaseContext, RefusedError
from forbear.desk import review
from forbear.desk.review import Act
from forbear.locale import said
from models.review import ActionName
from rules.facts.case_facts import FieldError

# States of a case, each with the role that may do something in it.
_BY_COUNSELLORS: Mapping[str, Role] = {
    "open": "counsellor",
    "reviewed": "counsellor",
    "waiting": "counsellor",
    "snoozed": "counsellor",
}
_USUAL: Mapping[str, Role] = {**_BY_COUNSELLORS, "escalated": "supervisor"}
ALSO_MEANWHILE: Mapping[str, Role] = {**_BY_COUNSELLORS, "escalated": "counsellor"}  # that a supervisor has it
_NOT_OPEN: Mapping[str, Role] = {
    "escalated": "supervisor",
    "reviewed": "counsellor",
    "waiting": "counsellor",
    "snoozed": "counsellor",
    "closed": "counsellor",
}


@dataclass(frozen=True)
class Action:
    """One thing that may be done on a case."""

    name: ActionName
    about: str  # for the API and the docs; the page has its own words, in the catalogues
    choose: Callable[..., Act | None]  # of the case as it stands and the record, with a value for each field
    fields: tuple[Field, ...]
    example: Mapping[str, Any]  # of what the API takes
    when: Mapping[str, Role] = field(default_factory=lambda: _USUAL)
    becomes: str | None = None  # the status it leaves the case in, where that is always the same
    in_crisis: bool = True
    danger: Literal["any", "never", "only"] = "any"  # whether it is done while danger is not settled
    by_hand: bool = True  # whether it is done where nothing was decided
    on_bar: bool = True
    forms: tuple[str, ...] = ()  # of the page, where they are not called as the action is
    together: Callable[..., Iterator[FieldError]] | None = None  # what is wrong between the fields

    def allowed(self, context: CaseContext) -> bool:
        """Whether the viewer may do it on the case as it stands."""
        role = self.when.get(context.case.status)
        return (
            role is not None
            and context.viewer.may_act_as(role)
            and review.may_act(context.viewer, context.case)
            and (self.in_crisis or context.case.urgency != CRISIS)
            and (self.by_hand or context.evaluated)
            and (self.danger == "any" or (self.danger == "only") == context.in_danger)
        )

    def take(self, context: CaseContext, work: ViewerWork, given: Mapping[str, Any]) -> Act | None:
        """The act it comes to; None where nothing changes. Raises RefusedError with a sentence for each bad field."""
        if not self.allowed(context):
            raise RefusedError(_why_not(self, context))
        faults = [fault for each in self.fields if (fault := each.fault(context, given[each.name])) is not None]
        if self.together is not None:
            faults += self.together(context, **given)
        if faults:
            raise RefusedError(*faults)
        act = self.choose(context, work, **given)
        if act is None or self.becomes is None:
            return act
        return replace(act, changes={"status": self.becomes, **act.changes})


def possible(context: CaseContext) -> tuple[str, ...]:
    """The names of what the viewer may do on the case as it stands."""
    return tuple(name for name, action in ACTIONS.items() if action.allowed(context))


def _why_not(action: Action, context: CaseContext) -> FieldError:
    """The reason why it may not be done, about the form as a whole."""
    case = context.case
    if not review.may_act(context.viewer, case):
        return FieldError.of(action.name, said("action.held"))
    if case.status == "escalated" and not context.supervises:
        return FieldError.of(action.name, said("action.escalated"))
    if case.status == "closed":
        return FieldError.of(action.name, said("action.closed"))
    if action.danger == "only" and not context.in_danger:
        return FieldError.of(action.name, said("action.no_danger"))
    if action.danger == "never" and context.in_danger:
        return FieldError.of(action.name, said("action.danger"))
    if case.urgency == CRISIS and not action.in_crisis:
        return FieldError.of(action.name, said("action.crisis"))
    return FieldError.of(action.name, said("action.state"))


OUTCOMES = ("contacted", "lender_accepted", "lender_refused", "plan_kept", "plan_broken", "closed")
CLOSE_REASONS = ("solved", "repaid", "referred", "withdrawn", "unreachable", "mistake", "other")
_FOLLOW_UP = partial(Field, "follow_up", "day")
_EXAMPLE_WORDS = "The borrower would rather talk to the bank about instalments first."

# In the order of the bar.
_TABLE = (
    Action(
        name="accept",
        about="The recommendation is right. Where it is not certain yet that has to be confirmed.",
        choose=acts.accept,
        fields=(
            Field("confirmed", "confirmed", "form.confirm_unclear"),
            _FOLLOW_UP("form.follow_up_optional"),
            WORDS,
        ),
        example={"confirmed": True, "follow_up": "2026-12-08"},
        becomes="reviewed",
        together=acts.unlooked,
        danger="never",
        by_hand=False,
    ),
    Action(
        name="override",
        about="Another strategy is chosen, for a reason told in at least ten characters.",
        choose=acts.override,
        fields=(
            Field("strategy", "strategy", "form.strategy", required=True, check=other_strategy),
            Field("confirmed", "confirmed", "form.confirm_blocked"),
            reason(
                (
                    "facts_wrong",
                    "facts_missing",
                    "borrower_wish",
                    "lender_practice",
                    "legal_view",
                    "rule_wrong",
                    "safety",
                    "other",
                )
            ),
            EXPLANATION,
            _FOLLOW_UP("form.follow_up_optional"),
        ),
        example={"strategy": "mediation", "reason": "borrower_wish", "words": _EXAMPLE_WORDS},
        becomes="reviewed",
        danger="never",
        together=acts.unconfirmed,
    ),
    Action(
        name="contact",
        about="What a call about danger came to. Only `reached` and `safe`, or a supervisor, takes it off the queue.",
        choose=contact.contact,
        fields=(
            Field("result", "choice", "form.contact_result", required=True, codes=contact.RESULTS, family="contact."),
            Field("safety", "choice", "form.safety", codes=contact.JUDGEMENTS, family="safety."),
            Field("handed_to", "choice", "form.handed_to", codes=contact.HANDED_TO, family="handed_to."),
            Field("next_call", "call", "form.next_call"),
            WORDS,
        ),
        example={"result": "no_answer", "next_call": "2026-12-08T14:30:00+08:00"},
        when=ALSO_MEANWHILE,
        danger="only",
        on_bar=False,
        together=contact.contact_faults,
    ),
    Action(
        name="answer",
        about='Facts filled in or corrected: a new version of the case, triaged at once. null or "" means not known.',
        choose=acts.answer,
        fields=(Field("facts", "facts", required=True), WORDS),
        example={"facts": {"income_monthly": 6500, "legal_stage": None}},
        when=ALSO_MEANWHILE,
        on_bar=False,
        forms=("questions", "facts"),
    ),
    Action(
        name="ask",
        about="The borrower is asked; the case waits.",
        choose=acts.ask,
        fields=(
            Field("questions", "questions", "form.questions", required=True, check=questions),
            _FOLLOW_UP("form.ask_again", check=day_to_ask_again),
            WORDS,
        ),
        example={"questions": ["income_monthly"]},
        becomes="waiting",
        in_crisis=False,  # it puts a case away for days
        danger="never",
        by_hand=False,
    ),
    Action(
        name="escalate",
        about="The supervisors decide.",
        choose=acts.escalate,
        fields=(
            reason(("safety", "legal_view", "complex", "authority", "conflict_of_interest", "other")),
            EXPLANATION,
        ),
        example={"reason": "complex", "words": _EXAMPLE_WORDS},
        when=_BY_COUNSELLORS,
        becomes="escalated",
    ),
    Action(
        name="snooze",
        about="The case is put aside until a day.",
        choose=acts.snooze,
        fields=(
            Field("until", "until", "form.until", required=True, check=day_to_wait_for),
            reason(("lender_answer", "income_resumes", "papers", "borrower_wish", "other")),
            WORDS,
        ),
        example={"until": "2026-12-08", "reason": "lender_answer"},
        becomes="snoozed",
        in_crisis=False,
        danger="never",
        by_hand=False,
    ),
    Action(
        name="outcome",
        about="What came of it. `closed` ends the case and says why.",
        choose=acts.outcome,
        fields=(
            Field("outcome", "choice", "form.outcome", required=True, codes=OUTCOMES, family="outcome."),
            Field("why", "choice", "form.why_closed", codes=CLOSE_REASONS),
            _FOLLOW_UP("form.follow_up_waits"),
            WORDS,
        ),
        example={"outcome": "lender_accepted"},
        together=acts.unclosed,
    ),
    Action(
        name="resume",
        about="The case is open again.",
        choose=acts.resume,
        fields=(WORDS,),
        example={},
        when=_NOT_OPEN,
        becomes="open",
    ),
    Action(
        name="document",
        about="The papers that are there: all of them, those ticked before included.",
        choose=acts.documents,
        fields=(Field("have", "papers", required=True, check=listed_documents),),
        example={"have": ["income_proof"]},
        when=ALSO_MEANWHILE,
        on_bar=False,
    ),
)
ACTIONS: Mapping[str, Action] = {each.name: each for each in _TABLE}
