"""Webhooks: which addresses hear of events, what was not delivered, and sending it again."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.base.settings import settings
from forbear.locale import said
from forbear.webhooks import webhooks
from forbear.webhooks.http import AddressError
from models.account import Account
from models.webhook import EVENTS, Webhook
from rules.facts.case_facts import FieldError
from web.auth import OurForm, SignedInWork
from web.views import render

router = APIRouter()
RowId = Annotated[int, Path(ge=1, lt=2**63)]
SHOWN = 25  # deliveries on a page
_MAX_SUBMITTER = 64


async def _webhook_owner(work: SignedInWork) -> ViewerWork:
    if not webhooks.allowed(work.viewer):
        raise HTTPException(403)
    return work


WebhookOwnerWork = Annotated[ViewerWork, Depends(_webhook_owner)]


@router.get("/webhooks")
def show_webhooks(request: Request, work: WebhookOwnerWork) -> Response:
    """A submitter's own webhooks, everybody's for supervisors, and a form for another one."""
    return _list(request, work, _fresh(work))


@router.post("/webhooks", dependencies=[OurForm])
def add_webhook(
    request: Request,
    work: WebhookOwnerWork,
    url: Annotated[str, Form()] = "",
    events: Annotated[tuple[str, ...], Form()] = (),
    submitter: Annotated[str, Form()] = "",
) -> Response:
    """Register an address. The page itself answers, because it shows the secret, which is not kept for a later one."""
    typed = {"url": url.strip(), "events": events, "submitter": submitter.strip()}
    whose = work.viewer.submitter or typed["submitter"]
    errors = _faults(work, str(whose), events)
    if not errors:
        try:
            private = settings().webhook_private
            _, secret = webhooks.add(work, str(whose), str(typed["url"]), events, private=private)
            return _list(request, work, _fresh(work), secret=secret, status=201)
        except AddressError as error:
            errors = [error.about("url")]
    return _list(request, work, typed, errors=errors, status=422)


@router.get("/webhooks/{webhook_id}")
def show_webhook(
    request: Request,
    work: WebhookOwnerWork,
    webhook_id: RowId,
    before: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """One webhook and its deliveries, newest first."""
    hook = _found(work, webhook_id)
    found = webhooks.deliveries(work.session, hook.id, before, SHOWN + 1)
    shown = found[:SHOWN]
    later = shown[-1].id if len(found) > SHOWN else None
    values = {"hook": hook, "deliveries": shown, "before": before, "later": later}
    return render.page(request, "webhook/webhook.html", values)


@router.post("/webhooks/{webhook_id}/remove", dependencies=[OurForm])
def remove_webhook(work: WebhookOwnerWork, webhook_id: RowId) -> Response:
    """Send nothing more to an address."""
    webhooks.remove(work, _found(work, webhook_id))
    return RedirectResponse("/webhooks", status_code=303)


@router.post("/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver", dependencies=[OurForm])
def redeliver(work: WebhookOwnerWork, webhook_id: RowId, delivery_id: RowId) -> Response:
    """Send a delivery again, now."""
    if webhooks.send_again(work.session, _found(work, webhook_id).id, delivery_id, work.now) is None:
        raise HTTPException(404)
    return RedirectResponse(f"/webhooks/{webhook_id}", status_code=303)


def _list(
    request: Request,
    work: ViewerWork,
    typed: dict[str, Any],
    *,
    errors: list[FieldError] | None = None,
    secret: str | None = None,
    status: int = 200,
) -> Response:
    hooks = webhooks.of(work.session, work.viewer)
    waiting = webhooks.waiting(work.session, hooks)
    faults = {error.field: error for error in errors or ()}
    values = {
        "hooks": hooks,
        "waiting": waiting,
        "typed": typed,
        "faults": faults,
        "secret": secret,
        "events": EVENTS,
    }
    return render.page(request, "webhook/webhooks.html", values, status)


def _faults(work: ViewerWork, submitter: str, events: tuple[str, ...]) -> list[FieldError]:
    found = []
    if not submitter or len(submitter) > _MAX_SUBMITTER or not submitter.isprintable():
        found.append(FieldError.of("submitter", said("webhook.submitter", most=_MAX_SUBMITTER)))
    elif len(webhooks.of(work.session, work.viewer, submitter)) >= webhooks.MOST:
        found.append(FieldError.of("submitter", said("webhook.too_many", most=webhooks.MOST)))
    if not set(events) & set(EVENTS):
        found.append(FieldError.of("events", said("webhook.events")))
    return found


def _fresh(work: ViewerWork) -> dict[str, Any]:
    """The form before anything is typed."""
    return {"url": "", "events": EVENTS, "submitter": _default_submitter(work.session, work.viewer)}


def _default_submitter(session: Session, viewer: Viewer) -> str:
    return viewer.submitter or session.get_one(Account, viewer.account_id).submitter or settings().submitter


def _found(work: ViewerWork, webhook_id: int) -> Webhook:
    hook = webhooks.find(work.session, work.viewer, webhook_id)
    if hook is None:
        raise HTTPException(404)
    return hook
