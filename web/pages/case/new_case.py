"""A new case by hand: a form of the pack's facts, danger first, read as a row of a file is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import ViewerWork, work_by
from forbear.base.settings import settings
from forbear.batch import batch_list
from forbear.batch.submission import new_case
from forbear.ledger.unit_of_work import begin
from rules.decision.outlook.questions import weightiest
from rules.facts.case_facts import FieldError
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from web import language
from web.auth import CounsellorWork, OurForm
from web.pages.case import patience
from web.views import render
from web.views.forms import Forms, Input, Sent, inputs
from workers.wake import wake

router = APIRouter()
FORM = "new"
_ADDRESS = "/cases/new"
_MAX_SUBMITTER = 64


@dataclass(frozen=True)
class FactSection:
    """Facts asked for together; without a title, what stands in no group of the pack."""

    title: Text | None
    inputs: tuple[Input, ...]


async def _sent(request: Request) -> Sent:
    return Sent(FORM, await request.form())


@router.get(_ADDRESS)
def show_form(request: Request, work: CounsellorWork) -> Response:
    """The empty form."""
    return _page(request, work, Forms())


@router.post(_ADDRESS, dependencies=[OurForm])
def take_case(request: Request, work: CounsellorWork, sent: Annotated[Sent, Depends(_sent)]) -> Response:
    """Take a case in and go to it, decided if that took no longer than somebody waits; else the form with its faults.

    In a unit of work of its own: a worker is woken, and waited for, only once the case is committed.
    """
    state, pack = request.app.state, work.pack
    submitter, today = sent.text("submitter"), render.day(work.now, pack.manifest.timezone)
    errors = () if 0 < len(submitter) <= _MAX_SUBMITTER else (_no_submitter(),)
    try:
        row = new_case.read(_cells(sent, pack), pack, today)
    except new_case.RefusedCaseError as refused:
        return _page(request, work, Forms(sent, (*errors, *refused.errors)), told_first=refused.first)
    if errors:
        return _page(request, work, Forms(sent, errors))
    work.session.close()  # nobody holds a connection while waiting
    try:
        with begin(state.engine, work.vault, work.now) as begun:
            done = new_case.hand_in(work_by(work.viewer, begun, pack), row, submitter, today)
    except new_case.TakenError as taken:
        return _page(request, work, Forms(sent, (taken.error,)), taken.case_id)
    wake(done.wakes, state.redis_url)
    patience.wait(state.engine, done.wakes)
    return RedirectResponse(f"/cases/{done.case_id}", status_code=303)


def _page(
    request: Request, work: ViewerWork, forms: Forms, taken: int | None = None, told_first: Text | None = None
) -> Response:
    """The form; of one that was refused, with what was typed and what is wrong with it."""
    danger, needed, first, rest = _sections(work.pack)
    values: dict[str, Any] = {
        "forms": forms,
        "form": FORM,
        "danger": danger,
        "needed": needed,
        "first": first,
        "rest": rest,
        "required": {each.name for each in needed if each.fact.required},
        "submitters": batch_list.submitters(work.session),
        "submitter": settings().submitter,
        "taken": taken,
        "told_first": told_first,
        "wanted": {*(error.field for error in forms.errors), *_filled(forms.refused)},
    }
    return render.page(request, "case/new_case.html", values, 422 if forms.refused else 200, _ADDRESS)


def _sections(pack: Pack) -> tuple[tuple[Input, ...], tuple[Input, ...], tuple[Input, ...], tuple[FactSection, ...]]:
    """What is asked of danger, what must be given, what decides most, and the rest in the groups of the pack."""
    facts = pack.vocabulary.facts
    asked = _askable(pack)

    def take(names: Iterable[str | None]) -> tuple[Input, ...]:
        """Those that are not asked for yet."""
        taken = [name for name in dict.fromkeys(names) if name in asked]
        asked.difference_update(taken)
        return inputs(pack, [name for name in taken if name is not None], {})

    signs = {flag.danger.asks for flag in pack.red_flags.values() if flag.danger is not None}
    words = [name for name, fact in facts.items() if fact.free and fact.private]
    danger = take([*(name for name in facts if name in signs), *words])
    must = [name for name, fact in facts.items() if fact.required or fact.required_unless]
    needed = take(way for name in must for way in (name, facts[name].required_unless))
    first = take(weightiest(pack))
    groups = [FactSection(group.title, take(group.facts)) for group in pack.vocabulary.groups]
    left = FactSection(None, take(name for name in facts))
    return danger, needed, first, tuple(each for each in (*groups, left) if each.inputs)


def _cells(sent: Sent, pack: Pack) -> dict[str, object]:
    """What was typed for facts that a person can tell."""
    return {name: cell for name, cell in sent.cells().items() if name in _askable(pack)}


def _askable(pack: Pack) -> set[str]:
    return {name for name, fact in pack.vocabulary.facts.items() if not fact.derived and not fact.given}


def _filled(sent: Sent | None) -> Iterator[str]:
    """The facts that something was typed for."""
    if sent is not None:
        yield from (name for name, cell in sent.cells().items() if cell)


def _no_submitter() -> FieldError:
    zh, en = (language.message(lang, "upload.no_submitter", n=_MAX_SUBMITTER) for lang in ("zh", "en"))
    return FieldError("submitter", zh, en)
