"""The letters to all creditors of a person, to print or as text; none while anybody may be in danger."""

from fastapi import APIRouter, HTTPException, Request, Response

from forbear.accounts.accounts import ViewerWork
from forbear.case.negotiation.negotiation_files import letter
from forbear.person import joint_plan
from forbear.person.debts import PersonDebt
from web import language
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId
from web.views import render
from web.views.person import looked_at

router = APIRouter()
_BETWEEN = "\n" + "—" * 24 + "\n\n"


@router.get("/people/{case_id}/letters")
def show_letters(request: Request, work: CounsellorWork, case_id: RowId) -> Response:
    """Every letter, one after the other."""
    values = {"letters": _written(request, work, case_id), "case_id": case_id}
    return render.page(request, "person/letters.html", values)


@router.post("/people/{case_id}/letters.txt", dependencies=[OurForm])
def give_letters(request: Request, work: CounsellorWork, case_id: RowId) -> Response:
    """The same as one text."""
    texts = [text for _, _, text in _written(request, work, case_id)]
    work.note("export", f"case:{case_id}", {"files": ["letters.txt"]})
    told = {"Content-Disposition": 'attachment; filename="letters.txt"'}
    return Response(_BETWEEN.join(texts).encode(), media_type="text/plain; charset=utf-8", headers=told)


def _written(request: Request, work: ViewerWork, case_id: int) -> list[tuple[str, PersonDebt, str]]:
    """Each letter with its title and debt; 404 where there is no plan to write of."""
    shown, lang = looked_at(work, case_id), language.chosen(request)
    if shown.plan is None:
        raise HTTPException(404)
    found = [
        (draft.title.zh if lang == "zh" else draft.title.en, each.debt, letter(draft, lang))
        for each in joint_plan.letters_of(shown.plan, shown.debts)
        for draft in each.letters
    ]
    if not found:
        raise HTTPException(404)
    return found
