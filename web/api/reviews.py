"""Reviews: what a counsellor's program does on a case, as the case page would."""

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from forbear.accounts.accounts import ViewerWork, work_by
from forbear.batch.chunks import Wake
from forbear.case import actions, corrections, timeline
from forbear.case.action_fields import WORDS_MOST
from forbear.case.decided_case import decided_on
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk import review
from forbear.desk.review import Act, NoCaseError, StaleError
from forbear.ledger.unit_of_work import begin
from models.desk import WorklistItem
from web.api.auth import Reviewer
from web.api.batches import Whose
from web.api.cases import find
from web.api.describe import problems
from web.api.problems import ProblemError, of_fields
from web.api.schemas import Shape, Status
from web.deps import NowDep
from workers.wake import wake

router = APIRouter(prefix="/api/v1/cases", tags=["reviews"])
Explanation = Annotated[str, Field(max_length=WORDS_MOST, pattern=r"^[^\x00]*$")]
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class _Action(BaseModel):
    """What every action carries."""

    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=1, description="Of the case as it was looked at")
    words: Explanation = ""


class Accept(_Action):
    """The recommendation is right."""

    action: Literal["accept"]
    follow_up: dt.date | None = None


class Override(_Action):
    """Another strategy is chosen, for a reason told in at least ten characters."""

    action: Literal["override"]
    strategy: Code
    reason: Literal[actions.OVERRIDE_REASONS]  # type: ignore[valid-type] # pydantic reads the tuple
    confirmed: bool = Field(False, description="Needed for a strategy that the rules bar for this case")
    follow_up: dt.date | None = None


class Answer(_Action):
    """Facts filled in or corrected: a new version of the case, triaged at once. null or "" means not known."""

    action: Literal["answer"]
    facts: dict[Code, str | int | float | bool | list[str] | None] = Field(min_length=1)


class Ask(_Action):
    """The borrower is asked; the case waits."""

    action: Literal["ask"]
    questions: list[Code] = Field(min_length=1, description="Names of facts")
    follow_up: dt.date | None = None


class Escalate(_Action):
    """The supervisors decide."""

    action: Literal["escalate"]
    reason: Literal[actions.ESCALATE_REASONS]  # type: ignore[valid-type] # pydantic reads the tuple


class Snooze(_Action):
    """The case is put aside until a day."""

    action: Literal["snooze"]
    until: dt.date
    reason: Literal[actions.SNOOZE_REASONS]  # type: ignore[valid-type] # pydantic reads the tuple


class Resume(_Action):
    """The case is open again."""

    action: Literal["resume"]


class OutcomeAction(_Action):
    """What came of it. `closed` ends the case and says why."""

    action: Literal["outcome"]
    outcome: Literal[actions.OUTCOMES]  # type: ignore[valid-type] # pydantic reads the tuple
    why: Literal[actions.CLOSE_REASONS] | None = None  # type: ignore[valid-type] # pydantic reads the tuple
    follow_up: dt.date | None = None


class Document(_Action):
    """The papers that are there: all of them, those ticked before included."""

    action: Literal["document"]
    have: list[Code]


AnyAction = Annotated[
    Accept | Override | Answer | Ask | Escalate | Snooze | Resume | OutcomeAction | Document,
    Field(discriminator="action"),
]


class Reviewed(Shape):
    """An action that was appended, and where it leaves the case."""

    id: int | None = Field(description="null where nothing changed")
    action: str
    at: dt.datetime
    strategy: str | None
    status: Status
    revision: int
    batch_id: UUID | None = Field(None, description="The new facts on their way, of an answer")


@router.post("/{ref:path}/reviews", status_code=201, responses=problems(400, 401, 403, 404, 409, 410, 413, 422))
def review_case(
    request: Request, viewer: Reviewer, now: NowDep, ref: str, body: AnyAction, submitter: Whose = None
) -> Reviewed:
    """Do one thing on a case. Made for an earlier revision it is refused (409), and nothing is done."""
    state = request.app.state
    with begin(state.engine, state.vault, now) as work:
        done, wakes = _Desk(work_by(viewer, work, state.pack)).do(ref, submitter, body)
    wake(wakes, state.redis_url)
    return done


class _Desk:
    """One action in a transaction."""

    def __init__(self, work: ViewerWork) -> None:
        self._work, self._session, self._viewer = work, work.session, work.viewer

    def do(self, ref: str, submitter: str | None, body: Any) -> tuple[Reviewed, tuple[Wake, ...]]:
        """Check the action against the case as it stands, and append it."""
        case_id = find(self._session, self._viewer, ref, submitter).id
        try:
            case = review.take_case(self._session, self._viewer, case_id, body.revision)
            standing = self._standing(case)
            act, batch_id, wakes = self._chosen(standing, body)
        except NoCaseError:
            raise ProblemError(409, "undecided") from None
        except StaleError:
            newest = self._session.get_one(WorklistItem, case_id)
            raise ProblemError(409, "stale", members={"revision": newest.revision}) from None
        except RefusedError as error:
            raise of_fields(*error.errors) from None
        made = act and review.perform(self._work, case, act)
        done = Reviewed(
            id=made and made.id,
            action=body.action,
            at=self._work.now,
            strategy=act and act.strategy,
            status=case.status,
            revision=case.revision,
            batch_id=batch_id,
        )
        return done, wakes

    def _standing(self, case: WorklistItem) -> CaseContext:
        decided = decided_on(self._session, case.case_id, case.decision_id, self._work.vault)
        assert decided is not None  # noqa: S101 - a foreign key
        return CaseContext(self._viewer, case, decided, self._work.now)

    def _chosen(self, at: CaseContext, body: Any) -> tuple[Act | None, UUID | None, tuple[Wake, ...]]:
        if isinstance(body, Answer):
            cells = {name: _cell(value) for name, value in body.facts.items()}
            answered = corrections.answer(self._work, at, cells, body.words)
            return answered.act, answered.submitted.batch_id, answered.submitted.wakes
        return self._act(at, body), None, ()

    def _act(self, at: CaseContext, body: Any) -> Act | None:
        match body:
            case Accept():
                return actions.accept(at, body.follow_up, body.words)
            case Override():
                return actions.override(
                    at, body.strategy, body.reason, body.words, confirmed=body.confirmed, follow_up=body.follow_up
                )
            case Ask():
                return actions.ask(at, body.questions, body.follow_up, body.words)
            case Escalate():
                return actions.escalate(at, body.reason, body.words)
            case Snooze():
                return actions.snooze(at, body.until, body.reason, body.words)
            case OutcomeAction():
                return actions.outcome(at, body.outcome, body.why or "", body.follow_up, body.words)
            case Document():
                before = timeline.ticked(review.timeline(self._session, at.case.case_id))
                return actions.documents(at, body.have, before)
            case _:
                return actions.resume(at, body.words)


def _cell(value: object) -> object:
    """A value as a file's cell would hold it."""
    return (
        "" if value is None else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    )
