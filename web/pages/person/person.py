"""The page of a person, and the facts that are put right once for all debts."""

from collections.abc import Callable, Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from forbear.accounts.accounts import ViewerWork, work_by
from forbear.batch.submission.submit import Submitted
from forbear.case.workflow import RefusedError
from forbear.desk.review import StaleError
from forbear.ledger.unit_of_work import begin
from forbear.locale import said
from forbear.person import corrections
from forbear.person.person import person_of
from rules.facts.case_facts import FieldError
from web.auth import CounsellorWork, OurForm
from web.pages.case import patience
from web.pages.case.case import RowId
from web.views import flash
from web.views.forms import Forms, Sent
from web.views.person import Typed, person_page, refusal
from workers.wake import wake

router = APIRouter()
_FORM = "person"


@router.get("/people/{case_id}")
def show_person(request: Request, work: CounsellorWork, case_id: RowId) -> Response:
    """Whoever a case is of."""
    return person_page(request, work, case_id)


async def _sent(request: Request) -> Sent:
    return Sent(_FORM, await request.form())


@router.post("/people/{case_id}/facts", dependencies=[OurForm])
def correct_facts(
    request: Request, work: CounsellorWork, case_id: RowId, sent: Annotated[Sent, Depends(_sent)]
) -> Response:
    """Facts of the person, put right in every open debt."""

    def correct(own: ViewerWork) -> tuple[Submitted, ...]:
        return corrections.correct(own, person_of(own.session, case_id, own.viewer.submitter), sent.cells())

    try:
        return handed_in(request, work, case_id, correct, "person.said.facts")
    except RefusedError as error:
        work.roll_back()
        errors = refusal(error, *sent.all("asked"))
        return person_page(request, work, case_id, Typed(errors=errors, forms=Forms(sent, errors)), 422)


def handed_in(
    request: Request,
    work: ViewerWork,
    case_id: int,
    hand_in: Callable[[ViewerWork], Iterable[Submitted]],
    key: str,
) -> Response:
    """Hand in facts, and lead back to the page, which says so.

    In a unit of work of its own: workers are woken, and waited for, only once it is committed. Raises RefusedError.
    """
    state = request.app.state
    work.session.close()  # nobody holds a connection while waiting
    try:
        with begin(state.engine, work.vault, work.now) as begun:
            done = tuple(hand_in(work_by(work.viewer, begun, work.pack)))
    except StaleError:
        raise RefusedError(FieldError.of("form", said("person.stale"))) from None
    wakes = [each for submitted in done for each in submitted.wakes]
    if wakes:
        wake(wakes, state.redis_url)
        patience.wait(state.engine, wakes)
    return flash.to(request, f"/people/{case_id}", work.vault, work.viewer, key, n=str(len(done)))
