"""The household's budget: written by line, read from a file, given out as one."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile

from forbear.accounts.accounts import ViewerWork
from forbear.batch.submission import uploads
from forbear.batch.submission.submit import Submitted
from forbear.case.workflow import RefusedError
from forbear.intake import FORMATS
from forbear.locale import said
from forbear.person import budget_files
from forbear.person.budget import budget_of, read_lines, save
from forbear.person.person import person_of
from rules.facts.case_facts import FieldError
from rules.text.plan_text import yuan
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId
from web.pages.person.person import handed_in
from web.views.forms import Sent
from web.views.person import Typed, looked_at, person_page, refusal

router = APIRouter(dependencies=[OurForm])
_MOST = 1024 * 1024  # bytes of a budget's file
if TYPE_CHECKING:
    _Ending: TypeAlias = str
else:  # pydantic reads what mypy cannot
    _Ending = Literal[budget_files.ENDINGS]


async def _sent(request: Request) -> Sent:
    return Sent("budget", await request.form())


@router.post("/people/{case_id}/budget")
def save_budget(
    request: Request, work: CounsellorWork, case_id: RowId, sent: Annotated[Sent, Depends(_sent)]
) -> Response:
    """The budget as written, its sums put right in every open debt."""
    names = [name for part in work.pack.vocabulary.household for name in part.lines]
    given = {name: sent.text(name) for name in names}

    def keep(own: ViewerWork) -> tuple[Submitted, ...]:
        return save(own, person_of(own.session, case_id, own.viewer.submitter), read_lines(own.pack, given))

    try:
        return handed_in(request, work, case_id, keep, "person.said.budget")
    except RefusedError as error:
        work.roll_back()
        return person_page(request, work, case_id, Typed(given, refusal(error, *names)), 422)


@router.post("/people/{case_id}/budget-file")
def read_budget(
    request: Request, work: CounsellorWork, case_id: RowId, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """A budget's file is read into the form; it is kept once somebody has looked at it and says so."""
    name = uploads.tidy(file.filename or "") if file else ""
    content = file.file.read(_MOST + 1) if file else b""
    try:
        if not name or not content or len(content) > _MOST:
            raise RefusedError(FieldError.of("file", said("person.no_file")))
        with uploads.on_disk(name, content) as path:
            lines = budget_files.read(work.pack, path)
    except RefusedError as error:
        return person_page(request, work, case_id, Typed(errors=error.errors), 422)
    shown = {line: "" if amount is None else yuan(amount) for line, amount in lines.items()}
    return person_page(request, work, case_id, Typed(shown, read=True))


@router.post("/people/{case_id}/budget-out")
def give_budget(work: CounsellorWork, case_id: RowId, ending: Annotated[_Ending, Form()]) -> Response:
    """The budget as a file."""
    shown = looked_at(work, case_id)
    budget = budget_of(work, shown.person, shown.household.facts, shown.debts)
    with TemporaryDirectory(prefix="forbear-") as folder:
        content = b"".join(budget_files.written(budget, ending, Path(folder)))
    name = f"{budget_files.NAME}{ending}"
    work.note("export", f"case:{shown.person.head}", {"files": [name]})
    told = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=FORMATS[ending].media_type, headers=told)
