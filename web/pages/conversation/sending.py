"""How the forms of the conversation come in: once each, and back to where they were sent from."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import ViewerWork
from forbear.case.workflow import RefusedError
from forbear.desk.review import StaleError
from models.desk import WorklistItem
from web.auth import CounsellorWork
from web.pages.case.case import RowId
from web.views.conversation import FORMS, conversation_page
from web.views.forms import Forms, Sent


async def _sent(request: Request) -> Sent:
    fields = await request.form()
    form = fields.get("form")
    return Sent(form if isinstance(form, str) and form in FORMS else "", fields)


@dataclass(frozen=True)
class Sending:
    """A form of the conversation on a case, and who sent it."""

    request: Request
    work: ViewerWork
    case_id: int
    sent: Sent

    @property
    def once(self) -> str:
        """A keyed hash of the form: tells whether the very same was sent before, and nothing else."""
        fields = [(key, value) for key, value in self.sent.fields.multi_items() if isinstance(value, str)]
        return self.work.vault.mac(json.dumps([self.request.url.path, fields]).encode())[:12].hex()

    def done(self, use_case: Callable[[], object]) -> Response:
        """Do it, and go back; or show the conversation with what was typed and what is in the way."""
        try:
            use_case()
        except (RefusedError, StaleError) as error:
            self.work.roll_back()
            return self.again(error)
        return self.back()

    def back(self) -> Response:
        """To the page that the form was on."""
        if self.sent.text("back") == "my-work":
            return RedirectResponse("/my-work", status_code=303)
        alone = "/conversation" if self.sent.text("back") == "conversation" else ""
        anchor = "attachments" if self.sent.form in ("attach", "taken") else "conversation"
        return RedirectResponse(f"/cases/{self.case_id}{alone}?talked={self.sent.form}#{anchor}", status_code=303)

    def again(self, error: RefusedError | StaleError) -> Response:
        """The conversation with the form as it was typed."""
        case = self.work.session.get(WorklistItem, self.case_id)
        if case is None:
            raise HTTPException(404)
        stale = isinstance(error, StaleError)
        errors = error.errors if isinstance(error, RefusedError) else ()
        return conversation_page(self.request, self.work, case, Forms(self.sent, errors), 409 if stale else 422)


async def _sending(
    request: Request, work: CounsellorWork, case_id: RowId, sent: Annotated[Sent, Depends(_sent)]
) -> Sending:
    return Sending(request, work, case_id, sent)


SendingDep = Annotated[Sending, Depends(_sending)]
