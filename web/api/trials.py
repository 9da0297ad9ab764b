"""Trials: cases decided as they would be, of which nothing is kept and no counsellor hears."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from forbear.batch.submission.danger import Lookout, told_of_case
from forbear.batch.submission.trial import tried
from forbear.intake import IntakeError, Rejected
from forbear.intake.single_case import one
from rules.pack.pack import Pack
from rules.text.decision_view import DecisionView
from web.api.auth import Writer
from web.api.batches import AsOf, day_of, unreadable
from web.api.problems import ProblemError
from web.api.schemas.cases import FieldFault, Shape
from web.api.wire import bodies
from web.api.wire.describe import body_of_trial, problems
from web.api.wire.strict import StrictRoute
from web.deps import NowDep

router = APIRouter(prefix="/api/v1/trials", tags=["trials"], route_class=StrictRoute)
MOST = 100


class Trial(Shape):
    """What a case would come to."""

    decision: DecisionView | None = Field(description="null: it would be refused, see `errors`")
    errors: list[FieldFault]
    danger: bool = Field(description="It tells of danger: such a case would stand first on the desk")
    unused: list[str] = Field(description="Keys that are no fact: kept and not used")


class Trials(Shape):
    """What cases would come to, in the order in which they were sent."""

    trials: Annotated[list[Trial], Field(max_length=MOST)]


@router.post("", responses=problems(400, 401, 403, 413, 415, 422), openapi_extra=body_of_trial())
async def try_cases(request: Request, _viewer: Writer, now: NowDep, as_of: AsOf = None) -> Trials:
    """Have up to a hundred cases decided without handing them in: nothing is kept, and nobody hears of them.

    Each by itself: what another case of the borrower would add is not known. For programs that are being written, with
    made-up cases: nobody would call a person who is in danger.
    """
    pack: Pack = request.app.state.pack
    given, _ = await bodies.one_object(request)
    cases = given.get("cases")
    if given.keys() != {"cases"} or not isinstance(cases, list) or not 1 <= len(cases) <= MOST:
        raise ProblemError(422, "trial", most=MOST)
    if not all(isinstance(each, dict) for each in cases):
        raise ProblemError(422, "trial", most=MOST)
    day = day_of(as_of, pack, now)
    return Trials(trials=await run_in_threadpool(lambda: [_trial(pack, each, day) for each in cases]))


def _trial(pack: Pack, given: dict[str, object], day: dt.date) -> Trial:
    try:
        with told_of_case(given, pack):
            intake, row = one(given, pack.vocabulary, day)
    except IntakeError as error:
        raise unreadable(error) from None
    if isinstance(row, Rejected):
        row, danger = Lookout(pack, intake.columns, intake.mapping).first(row)
        errors = [FieldFault(field=each.field, zh=each.zh, en=each.en) for each in row.faults]
        return Trial(decision=None, errors=errors, danger=danger, unused=intake.unknown)
    decided = tried(pack, row, day)
    return Trial(decision=decided.view(), errors=[], danger=decided.hold is not None, unused=intake.unknown)
