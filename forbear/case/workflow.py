"""The state of a case: what it is now, who looks at it, and what is at stake."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from forbear.batch.recorded_decision import RecordedDecision
from models.desk import WorklistItem
from rules.decision.outcome import DeadlineDue
from rules.decision.reasons import decided_alone
from rules.facts.case_facts import FieldError

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
    def course(self) -> RecordedDecision:
        """What is done on the case: by the strategy that a person chose, or the recommended one."""
        return self.decided.as_chosen(self.case)

    @property
    def unclear(self) -> bool:
        """Whether the recommendation is none to be accepted without a second look.

        An answer could still change it, the engines differ, or the policy knows no way of its own.
        """
        found, default = self.decided.outcome, self.decided.pack.manifest.default
        asks = not found.certain and bool(found.questions)
        return asks or not found.engines_agree or found.strategy == default.strategy

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
    def in_danger(self) -> bool:
        """Whether there is danger that nobody has settled."""
        return self.case.danger is not None

    @property
    def evaluated(self) -> bool:
        """Whether the rules decided the case; else a person does."""
        return self.decided.evaluated

    @property
    def guarded(self) -> bool:
        """Whether somebody's safety is at stake: only a supervisor may choose another strategy then."""
        return self.case.urgency == CRISIS or decided_alone(self.decided.pack, self.decided.outcome.rules_fired)

    @property
    def deadline(self) -> dt.date | None:
        """The nearest legal deadline that is not over."""
        return min((each.date for each in self._deadlines if each.date >= self.today), default=None)

    @property
    def deadline_unknown(self) -> bool:
        """Whether a legal clock runs and nobody knows since when."""
        return any(not each.start_known for each in self._deadlines)

    @property
    def _deadlines(self) -> list[DeadlineDue]:
        """Those that the borrower keeps: the lender's are its own to miss."""
        clocks = self.decided.pack.deadlines
        return [each for each in self.decided.outcome.deadlines if clocks[each.id].whose == "borrower"]
