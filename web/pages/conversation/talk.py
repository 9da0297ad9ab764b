"""Notes, contact and tasks of a case: the page that has them by itself, and their forms."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response

from forbear.conversation import contact_log, notes, saying, tasks
from forbear.conversation.contact_log import LoggedContact
from models.desk import WorklistItem
from web.auth import CounsellorWork, OurForm
from web.pages.case.case import RowId
from web.pages.conversation.sending import SendingDep
from web.views.conversation import conversation_page

router = APIRouter()


@router.get("/cases/{case_id}/conversation")
def show_conversation(request: Request, work: CounsellorWork, case_id: RowId) -> Response:
    """The conversation about a case by itself: what one needs on the phone."""
    case = work.session.get(WorklistItem, case_id)
    if case is None:
        raise HTTPException(404)
    return conversation_page(request, work, case)


@router.post("/cases/{case_id}/notes", dependencies=[OurForm])
def add_note(sending: SendingDep) -> Response:
    """Write a note, whoever holds the case."""
    return sending.done(lambda: notes.add(sending.work, sending.case_id, sending.once, sending.sent.text("words")))


@router.post("/cases/{case_id}/contacts", dependencies=[OurForm])
def log_contact(sending: SendingDep) -> Response:
    """Put down a call, a message or an attempt."""
    sent, work = sending.sent, sending.work

    def log() -> None:
        at = sent.instant("at", saying.zone_of(work))
        contact = LoggedContact(sent.text("with"), sent.text("channel"), sent.text("result"), at, sent.text("words"))
        contact_log.log(work, sending.case_id, sending.once, contact)

    return sending.done(log)


@router.post("/cases/{case_id}/tasks", dependencies=[OurForm])
def add_task(sending: SendingDep) -> Response:
    """Put down a task with a day and an owner."""
    sent = sending.sent
    return sending.done(
        lambda: tasks.add(
            sending.work,
            sending.case_id,
            sending.once,
            sent.text("words"),
            sent.number("owner"),
            sent.date("due_on"),
        )
    )


@router.post("/cases/{case_id}/tasks/{task_id}", dependencies=[OurForm])
def settle_task(
    sending: SendingDep, task_id: RowId, what: Annotated[Literal["done", "reopened"], Form()] = "done"
) -> Response:
    """Tick a task, or open it again."""
    return sending.done(lambda: tasks.settle(sending.work, sending.case_id, task_id, what))
