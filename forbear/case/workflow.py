"""The standing of a case: what it is now, who looks at it, and which actions that leaves."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from forbear.batch.recorded_decision import RecordedDecision
from forbear.desk import review
from models.desk import WorklistItem
from rules.decision.reasons import decided_alone
from rules.facts.case_facts import FieldError

# In each status, what may be done. A closed case is opened again before anything else happens to it.
_ALWAYS = ("accept", "override", "answer", "ask", "snooze", "outcome", "document")
POSSIBLE: dict[str, tuple[str, ...]] = {
    "open": (*_ALWAYS, "escalate"),
    "escalated": (*_ALWAYS, "resume"),
    "reviewed": (*_ALWAYS, "escalate", "resume"),
    "waiting": (*_ALWAYS, "escalate", "resume"),
    "snoozed": (*_ALWAYS, "escalate", "resume"),
    "closed": ("resume",),
}
# Facts and papers may come in while a supervisor has the case.
_WHILE_ESCALATED = ("answer", "document")
_NOT_IN_A_CRISIS = ("ask", "snooze")  # both put a case away for days
CRISIS = "U0"


class RefusedError(ForbearError):
    """An action that cannot be done so. `errors` name the field of the form each is about."""

    def __init__(self, *errors: FieldError) -> None:
        super().__init__(" ".join(error.en for error in errors))
        self.errors = errors


@dataclass(frozen=True)
class CaseContext:
    """A case on somebody's desk, by the decision its row stands for."""

    viewer: Viewer
    case: WorklistItem
    decided: RecordedDecision
    now: dt.datetime

    @property
    def zone(self) -> ZoneInfo:
        """Where the pack's law applies."""
        return ZoneInfo(self.decided.pack.manifest.timezone)

    @property
    def today(self) -> dt.date:
        """The date there."""
        return self.now.astimezone(self.zone).date()

    @property
    def supervises(self) -> bool:
        """Whether the viewer may do what needs a supervisor."""
        return self.viewer.may_act_as("supervisor")

    @property
    def guarded(self) -> bool:
        """Whether somebody's safety is at stake: only a supervisor may choose another strategy then."""
        return self.case.urgency == CRISIS or decided_alone(self.decided.pack, self.decided.outcome.rules_fired)

    @property
    def deadline(self) -> dt.date | None:
        """The nearest legal deadline that is not over."""
        return min((each.date for each in self.decided.outcome.deadlines if each.date >= self.today), default=None)

    @property
    def clock_unknown(self) -> bool:
        """Whether a legal clock runs and nobody knows since when."""
        return any(not each.start_known for each in self.decided.outcome.deadlines)


def possible(standing: CaseContext) -> tuple[str, ...]:
    """The actions that the viewer may do on the case as it stands."""
    viewer, case = standing.viewer, standing.case
    if not viewer.may_act_as("counsellor") or not review.may_act(viewer, case):
        return ()
    actions = POSSIBLE[case.status]
    if case.status == "escalated" and not standing.supervises:
        actions = _WHILE_ESCALATED
    if case.urgency == CRISIS:
        actions = tuple(action for action in actions if action not in _NOT_IN_A_CRISIS)
    return actions


def require(standing: CaseContext, action: str) -> None:
    """Raise RefusedError with the reason where the viewer may not do this on the case as it stands."""
    if action in possible(standing):
        return
    case = standing.case
    if not review.may_act(standing.viewer, case):
        raise RefusedError(
            FieldError(
                action,
                "这件案子由其他同事负责：请联系对方，或请督导重新分配。",
                "A colleague holds this case: talk to them, or ask a supervisor to assign it to you.",
            )
        )
    if case.status == "escalated" and not standing.supervises:
        raise RefusedError(
            FieldError(
                action,
                "这件案子已上报督导，由督导决定下一步；您仍可以补充事实和材料。",
                "This case is with a supervisor, who decides what is next; you can still add facts and papers.",
            )
        )
    if case.status == "closed":
        raise RefusedError(
            FieldError(
                action,
                "这件案子已结案：请先重新打开。",
                "This case is closed: open it again first.",
            )
        )
    if case.urgency == CRISIS and action in _NOT_IN_A_CRISIS:
        raise RefusedError(
            FieldError(
                action,
                "危机案件不能搁置：请现在处理，或上报督导。",
                "A case in crisis cannot be put aside: act now, or hand it to a supervisor.",
            )
        )
    raise RefusedError(
        FieldError(
            action,
            "按案件目前的状态不能这样做：请看本页的最新状态。",
            "The case is in a state in which this cannot be done: look at its state on this page.",
        )
    )
