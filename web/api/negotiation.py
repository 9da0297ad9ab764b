"""What a case hands out for the talks: the client's page and the negotiation pack, as JSON or PDF, noted as exports."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from forbear.accounts.accounts import Viewer, ViewerWork, work_by
from forbear.base.errors import ForbearError
from forbear.batch.recorded_decision import RecordedDecision, current_decision
from forbear.case.negotiation import negotiation_files, pdf
from forbear.ledger import receipt as receipts
from forbear.ledger.unit_of_work import begin
from rules.locale import Language
from rules.text.decision_view import DecisionView
from rules.text.negotiation_pack import NegotiationPack
from web import language
from web.api.auth import Reader
from web.api.batches import Whose
from web.api.cases import answer, case_answer, find
from web.api.problems import ProblemError, accepted
from web.api.schemas.negotiation import ClientPage, NegotiationPackView, ReceiptView, pack_view
from web.api.wire.describe import problems
from web.api.wire.strict import StrictRoute
from web.deps import NowDep

router = APIRouter(prefix="/api/v1/cases", tags=["cases"], route_class=StrictRoute)
_PDF = "application/pdf"
As = Annotated[Literal["json", "pdf"], Query(description="json has both languages")]
Printed = Annotated[
    Literal["zh", "en", "both"] | None,
    Query(description="Language of the PDF, by default that of Accept-Language. A lender is sent the Chinese letter"),
]


def _answers(shape: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        200: {"model": shape, "description": "As JSON, or to be printed", "content": {_PDF: binary}},
        **problems(401, 403, 404, 409, 410, 422, 501),
    }


@router.get("/{ref:path}/plan", response_model=ClientPage, responses=_answers(ClientPage))
def show_plan(
    request: Request,
    viewer: Reader,
    now: NowDep,
    ref: str,
    submitter: Whose = None,
    format: As = "json",  # noqa: A002 - the parameter's public name
    lang: Printed = None,
) -> Response:
    """The client's page: one sentence, what to do today and this week, what not to do, the days, whom to call.

    While danger in the case is not settled there is none (409), and `detail` says what to do.
    """

    def page(decided: RecordedDecision, view: DecisionView) -> tuple[BaseModel, NegotiationPack | None]:
        plan = view.plan_for_client
        if plan is None or view.safety_hold is not None:
            raise _nothing(view)
        shown = ClientPage(case_ref=view.case_ref, as_of=view.as_of, strategy=view.strategy, plan_for_client=plan)
        return shown, decided.negotiation_pack()

    return _handed_out(_HandOut(request, viewer, now, ref, submitter, "plan", format, lang), page)


@router.get("/{ref:path}/negotiation-pack", response_model=NegotiationPackView, responses=_answers(NegotiationPackView))
def show_negotiation_pack(
    request: Request,
    viewer: Reader,
    now: NowDep,
    ref: str,
    submitter: Whose = None,
    format: As = "json",  # noqa: A002 - the parameter's public name
    lang: Printed = None,
) -> Response:
    """What to say, ask for, write and not sign, whom to call and by when, the plans and the letters.

    While danger in the case is not settled it is a protocol for staff, without script, plan and letter.
    """

    def pack(decided: RecordedDecision, view: DecisionView) -> tuple[BaseModel, NegotiationPack | None]:
        found = decided.negotiation_pack()
        if found is None:
            raise _nothing(view)
        return pack_view(decided, found, view.safety_hold), found

    return _handed_out(_HandOut(request, viewer, now, ref, submitter, "negotiation-pack", format, lang), pack)


@router.get(
    "/{ref:path}/receipt",
    response_model=ReceiptView,
    responses={200: {"model": ReceiptView}, **problems(401, 403, 404, 409, 422)},
)
def show_receipt(request: Request, viewer: Reader, now: NowDep, ref: str, submitter: Whose = None) -> Response:
    """The receipt of the case's decision, which anybody checks without us: `tools/verify_receipt.py`.

    It holds when the case is long deleted. Keep it byte for byte.
    """
    asked = _HandOut(request, viewer, now, ref, submitter, "receipt", "json", None)
    with begin(request.app.state.engine, request.app.state.vault, now) as begun:
        work = work_by(viewer, begun, request.app.state.pack)
        if asked.is_of_reference:
            return case_answer(work, f"{ref}/receipt", submitter)
        case = find(work.session, viewer, ref, submitter)
        try:
            told = receipts.of_case(work.session, work.vault, case.id)
        except ForbearError:
            raise ProblemError(404, "no_receipt") from None
        if told is None:
            raise ProblemError(409, "undecided")
        work.note("export", f"case:{case.id}", {"files": ["receipt.json"]})
    return Response(told, media_type="application/json")


class _HandOut:
    """What is asked of a case."""

    def __init__(
        self,
        request: Request,
        viewer: Viewer,
        now: dt.datetime,
        ref: str,
        submitter: str | None,
        what: Literal["plan", "negotiation-pack", "receipt"],
        form: Literal["json", "pdf"],
        lang: Literal["zh", "en", "both"] | None,
    ) -> None:
        self.request, self.viewer, self.now, self.ref, self.submitter = request, viewer, now, ref, submitter
        self.what, self.form = what, form
        one: Language = accepted(request) if lang in (None, "both") else "zh" if lang == "zh" else "en"
        self.languages = language.LANGUAGES if lang == "both" else (one,)

    @property
    def is_of_reference(self) -> bool:
        """Whether the last part of the address, percent-encoded, is the end of a reference."""
        return not self.request.scope["raw_path"].endswith(f"/{self.what}".encode())


_Shown = tuple[BaseModel, NegotiationPack | None]


def _handed_out(asked: _HandOut, show: Callable[[RecordedDecision, DecisionView], _Shown]) -> Response:
    """The answer, noted in the ledger first; the PDF is made once the record has been let go."""
    state = asked.request.app.state
    if asked.form == "pdf" and pdf.unavailable() is not None:
        raise ProblemError(501, "no_pdf")
    with begin(state.engine, state.vault, asked.now) as begun:
        work = work_by(asked.viewer, begun, state.pack)
        if asked.is_of_reference:
            return case_answer(work, f"{asked.ref}/{asked.what}", asked.submitter)
        case, decided = _decided(work, asked.ref, asked.submitter)
        shown, found = show(decided, decided.view())
        if asked.form == "pdf" and found is None:
            raise ProblemError(404, "nothing_to_hand_out")
        receipt = receipts.known(work.session, work.vault, case) if asked.form == "pdf" else None
        work.note("export", f"case:{case}", {"files": [f"{asked.what}.{asked.form}"]})
    if found is None or asked.form == "json":
        return answer(shown)
    page = negotiation_files.page(found, asked.languages, plan_only=asked.what == "plan", receipt=receipt)
    made = pdf.render(page)
    named = f'attachment; filename="{asked.what}.pdf"'
    return Response(made, media_type=_PDF, headers={"Content-Disposition": named})


def _decided(work: ViewerWork, ref: str, submitter: str | None) -> tuple[int, RecordedDecision]:
    case = find(work.session, work.viewer, ref, submitter)
    decided = current_decision(work.session, case.id, work.vault)
    if decided is None:
        raise ProblemError(409, "undecided")
    return case.id, decided


def _nothing(view: DecisionView) -> ProblemError:
    """Why nothing is handed out: danger that nobody has settled, told as on the page, or that there is nothing."""
    if view.safety_hold is None:
        return ProblemError(404, "nothing_to_hand_out")
    return ProblemError(409, "held", detail=view.safety_hold.text, members={"danger": True})
