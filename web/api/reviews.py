"""Reviews: what a counsellor's program does on a case, as the case page would."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model

from forbear.accounts.accounts import ViewerWork, work_by
from forbear.batch.chunks import Wake
from forbear.case import acting, action_fields
from forbear.case.action_fields import WORDS_MOST
from forbear.case.actions import ACTIONS, Action
from forbear.case.corrections import Correction
from forbear.case.timeline import names_of
from forbear.case.workflow import RefusedError
from forbear.desk import review
from forbear.desk.review import NoCaseError, StaleError
from forbear.ledger.unit_of_work import begin
from forbear.locale import said
from models.desk import WorklistItem
from models.review import TOLD
from rules.facts.case_facts import FieldError
from web.api.auth import ReaderWork, Reviewer, WriterWork
from web.api.batches import Whose
from web.api.cases import answer, case_answer, find
from web.api.problems import ProblemError, of_fields
from web.api.schemas.cases import Shape, Status, address_of
from web.api.schemas.events import ActionDone
from web.api.wire.conditional import revisions
from web.api.wire.describe import problems
from web.api.wire.once import OnceDep
from web.api.wire.strict import StrictRoute
from web.deps import NowDep
from workers.wake import wake

router = APIRouter(prefix="/api/v1/cases", tags=["reviews"], route_class=StrictRoute)
_REVIEWS = b"/reviews"
_ABOUT_MATCH = "The `ETag` of the case as it was looked at, in the place of `revision`"
IfMatch = Annotated[str | None, Header(alias="If-Match", max_length=255, description=_ABOUT_MATCH)]
Explanation = Annotated[str, Field(max_length=WORDS_MOST, pattern=r"^[^\x00]*$")]
Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class _Action(BaseModel):
    """What every action carries."""

    model_config = ConfigDict(extra="forbid")

    revision: int | None = Field(
        None, ge=1, description="Of the case as it was looked at; or send its `ETag` as `If-Match`"
    )
    words: Explanation = ""


_NOT_EMPTY = Field(min_length=1)
_OF_A_KIND: dict[str, Any] = {  # of fields that hold the same in every action
    "strategy": (Code, ...),
    "confirmed": (
        bool,
        Field(
            False,
            description="Needed for a strategy that the rules bar for this case, and to accept what is not certain",
        ),
    ),
    "questions": (list[Code], Field(min_length=1, description="Names of facts")),
    "papers": (list[Code], ...),
    "facts": (dict[Code, str | int | float | bool | list[str] | None], _NOT_EMPTY),
}
_WHEN: dict[str, Any] = {"day": dt.date, "until": dt.date, "call": AwareDatetime}


def _shape(action: Action) -> type[_Action]:
    """What an action carries: a field of the API for each of its own."""
    shown = {field.name: _shown(field) for field in action.fields if field.kind != "words"}
    named: dict[str, Any] = {"action": (Literal[action.name], ...), **shown}
    return create_model(action.name.capitalize(), __base__=_Action, __doc__=action.about, __module__=__name__, **named)


def _shown(field: action_fields.Field) -> Any:
    if field.kind in _OF_A_KIND:
        return _OF_A_KIND[field.kind]
    allowed: Any = Literal[field.codes] if field.kind == "choice" else _WHEN[field.kind]
    return (allowed, ...) if field.required else (allowed | None, None)


SHAPES = {name: _shape(action) for name, action in ACTIONS.items()}
# Examples by the names of the shapes.
EXAMPLES = {SHAPES[name].__name__: {"action": name, "revision": 1, **each.example} for name, each in ACTIONS.items()}
_EveryShape: Any = reduce(or_, SHAPES.values())
AnyAction: TypeAlias = Annotated[_EveryShape, Field(discriminator="action")]


class Withdrawal(BaseModel):
    """Why a case is none, or none any more."""

    model_config = ConfigDict(extra="forbid")

    why: Literal["mistake", "repaid", "withdrawn", "other"]
    words: Explanation = ""
    revision: int | None = Field(None, ge=1, description="Of the case as it was looked at; whatever it is if left out")


class Reviewed(Shape):
    """An action that was appended, and where it leaves the case."""

    id: int | None = Field(description="null where nothing changed")
    action: ActionDone
    at: dt.datetime
    strategy: str | None
    status: Status
    revision: int
    batch_id: UUID | None = Field(None, description="The new facts on their way, of an answer")


class ReviewView(Shape):
    """What somebody did on a case. What they wrote stays on the desk."""

    id: int
    action: ActionDone
    at: dt.datetime
    by: str = Field(description="The name of the account")
    decision_id: int | None = Field(description="What was on the screen; null: there was no decision")
    strategy: str | None = Field(description="Chosen by accept or override")
    reason: str | None = Field(description="Why overridden, escalated or put aside, or what came of it")
    detail: dict[str, Any] = Field(description="What else the action carried: names, codes and days")


class Reviews(Shape):
    """Everything that was done on a case, the newest first."""

    reviews: list[ReviewView]


@router.get("/{ref:path}/reviews", response_model=Reviews, responses=problems(401, 403, 404, 409, 410, 422))
def list_reviews(request: Request, work: ReaderWork, ref: str, submitter: Whose = None) -> Response:
    """What was done on a case, the newest first. What is said among ourselves stays on the desk."""
    if not request.scope["raw_path"].endswith(_REVIEWS):  # percent-encoded, it is the end of a reference
        return case_answer(work, ref + _REVIEWS.decode(), submitter)
    done = review.timeline(work.session, find(work.session, work.viewer, ref, submitter).id)
    names = names_of(work.session, {each.account_id for each in done})
    told = [
        ReviewView(
            **{name: getattr(each, name) for name in ReviewView.model_fields if name not in ("by", "detail")},
            by=names[each.account_id],
            detail={name: value for name, value in each.detail.items() if name not in review.INNER},
        )
        for each in done
        if each.action in TOLD
    ]
    return answer(Reviews(reviews=told))


@router.post(
    "/{ref:path}/reviews",
    status_code=201,
    response_model=Reviewed,
    responses=problems(400, 401, 403, 404, 409, 410, 412, 413, 422),
)
def review_case(
    request: Request,
    viewer: Reviewer,
    now: NowDep,
    once: OnceDep,
    ref: str,
    body: AnyAction,
    submitter: Whose = None,
    if_match: IfMatch = None,
) -> Response:
    """Do one thing on a case. Made for an earlier revision it is refused (409; 412 by `If-Match`): nothing is done."""
    state = request.app.state
    wakes: list[Wake] = []

    def reviewed() -> Reviewed:
        done = _do(work, ref, submitter, body, if_match)
        submitted = done.act.submitted if isinstance(done.act, Correction) else None
        wakes.extend(submitted.wakes if submitted else ())
        return Reviewed(
            id=done.review and done.review.id,
            action=body.action,
            at=now,
            strategy=done.act and done.act.strategy,
            status=done.case.status,
            revision=done.case.revision,
            batch_id=submitted and submitted.batch_id,
        )

    with begin(state.engine, state.vault, now) as begun:
        work = work_by(viewer, begun, state.pack)
        answered = once.answered(work, 201, reviewed, lambda _: f"{address_of(ref)}/reviews")
    wake(wakes, state.redis_url)
    return answered


@router.post(
    "/{ref:path}/withdraw",
    status_code=201,
    response_model=Reviewed,
    responses=problems(400, 401, 403, 404, 409, 412, 413, 422),
)
def withdraw_case(
    work: WriterWork,
    once: OnceDep,
    ref: str,
    body: Withdrawal,
    submitter: Whose = None,
    if_match: IfMatch = None,
) -> Response:
    """Close a case that is none, or none any more, for whoever handed it in. Not while somebody may be in danger."""

    def withdrawn() -> Reviewed:
        case_id = find(work.session, work.viewer, ref, submitter).id
        with refusals(work, case_id):
            revision = body.revision if if_match is None else _matched(work, case_id, if_match)
            case, done = acting.withdraw(work, case_id, revision, body.why, body.words)
        return Reviewed(
            id=done.id, action=done.action, at=work.now, strategy=None, status=case.status, revision=case.revision
        )

    return once.answered(work, 201, withdrawn, lambda _: address_of(ref))


@contextmanager
def refusals(work: ViewerWork, case_id: int) -> Iterator[None]:
    """Why a case cannot be acted upon, as problems."""
    try:
        yield
    except NoCaseError:
        raise ProblemError(409, "undecided") from None
    except StaleError:
        newest = work.session.get_one(WorklistItem, case_id)
        raise ProblemError(409, "stale", members={"revision": newest.revision}) from None
    except RefusedError as error:
        raise of_fields(*error.errors) from None


def _do(work: ViewerWork, ref: str, submitter: str | None, body: Any, if_match: str | None) -> acting.Done:
    """Check the action against the case as it stands, and append it."""
    case_id = find(work.session, work.viewer, ref, submitter).id
    action = ACTIONS[body.action]
    given = {field.name: _value(field, getattr(body, field.name)) for field in action.fields}
    with refusals(work, case_id):
        matched = None if if_match is None else _matched(work, case_id, if_match)
        revision = body.revision or matched
        if revision is None:
            raise of_fields(FieldError.of("revision", said("form.missing")))
        return acting.act(work, case_id, revision, action, lambda _: given)


def _matched(work: ViewerWork, case_id: int, if_match: str) -> int | None:
    """The revision of the locked case, if a tag is of it; None where any would do (`*`)."""
    newest = review.take_case(work.session, work.viewer, case_id, None).revision
    if if_match.strip() == "*":
        return None
    if newest not in revisions(if_match):
        raise ProblemError(412, "changed", members={"revision": newest})
    return newest


def _value(field: action_fields.Field, value: Any) -> Any:
    """A value as the form of the page would give it."""
    match field.kind:
        case "facts":
            return {name: _cell(each) for name, each in value.items()}
        case "choice":
            return value or ""
        case _:
            return value


def _cell(value: object) -> object:
    """A value as a file's cell would hold it."""
    return (
        "" if value is None else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    )
