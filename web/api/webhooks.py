"""Webhooks over the API: addresses that want to hear of events, and what was sent to them."""

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from forbear.accounts.accounts import ViewerWork
from forbear.base.network.http import MAX_URL
from forbear.base.settings import settings
from forbear.webhooks import webhooks
from forbear.webhooks.http import AddressError
from models.webhook import EVENTS
from models.webhook import Webhook as StoredWebhook
from web.api.auth import WebhookToken, submitter_for
from web.api.batches import Whose
from web.api.problems import ProblemError, of_fields
from web.api.schemas.cases import Line, Shape
from web.api.wire.conditional import matches
from web.api.wire.describe import problems
from web.api.wire.once import OnceDep
from web.api.wire.strict import StrictRoute

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)
_ABOUT_MATCH = "The `ETag` of the webhook as it was looked at: changed since, nothing is done (412)"
RowId = Annotated[int, Path(ge=1, lt=2**63)]
Event = Literal["batch.complete", "decision.changed", "case.aged", "review.recorded"]
NamedEvents = Annotated[list[Event], Field(min_length=1, max_length=10)]


class NewWebhook(BaseModel):
    """An address, and the events it wants to hear of."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=MAX_URL, description="https, on a public machine")
    events: NamedEvents | None = Field(None, description="All of them where it is left out")
    submitter: Line | None = Field(None, description="Whose events; a submitter's account has no choice")


class WebhookChange(BaseModel):
    """What is to be different about a webhook; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    url: str | None = Field(None, min_length=1, max_length=MAX_URL, description="https, on a public machine")
    events: NamedEvents | None = None


class Rotation(BaseModel):
    """How a secret is replaced."""

    model_config = ConfigDict(extra="forbid")

    overlap_hours: int = Field(24, ge=0, le=168, description="For so long what is sent is signed by both secrets")


class WebhookView(Shape):
    """An address that hears of events."""

    id: int
    submitter: str
    url: str
    events: list[Event]
    created_at: dt.datetime
    old_until: dt.datetime | None = Field(description="Until then the secret before signs as well")


class CreatedWebhook(WebhookView):
    """A webhook with the new secret that signs what it is sent."""

    secret: str = Field(description="Shown now and never again")


class Webhooks(Shape):
    """The webhooks that a token may see."""

    webhooks: list[WebhookView]


class DeliveryView(Shape):
    """An event on its way to a webhook."""

    id: int = Field(description="Sent as Forbear-Delivery: the same each time it is tried")
    event: Event | Literal["ping"]
    status: Literal["pending", "delivered", "failed"]
    tries: int
    error: str | None = Field(description="What went wrong last: status_<code>, timeout, connection, tls, …")
    created_at: dt.datetime
    next_at: dt.datetime = Field(description="When a pending one is tried next")
    delivered_at: dt.datetime | None
    payload: dict[str, Any] = Field(description="The body that is sent")


class Deliveries(Shape):
    """Some deliveries, newest first, and where the next ones start."""

    deliveries: list[DeliveryView]
    next: int | None = Field(description="For `before` of the next request; null at the end")


@router.get("", responses=problems(401, 403, 422))
def list_webhooks(work: WebhookToken, submitter: Whose = None) -> Webhooks:
    """A submitter's own webhooks; everybody's for supervisors."""
    session, viewer = work.session, work.viewer
    whose = None if viewer.submitter is None and submitter is None else submitter_for(session, viewer, submitter)
    found = webhooks.of(session, viewer, whose)
    return Webhooks(webhooks=[WebhookView(**_shown(hook)) for hook in found])


@router.post("", status_code=201, response_model=CreatedWebhook, responses=problems(400, 401, 403, 409, 413, 422))
def add_webhook(work: WebhookToken, once: OnceDep, body: NewWebhook) -> Response:
    """Register an address. The answer holds the secret that signs what it will be sent."""
    return once.answered(work, 201, lambda: _added(work, body), _address)


def _added(work: ViewerWork, body: NewWebhook) -> CreatedWebhook:
    submitter = submitter_for(work.session, work.viewer, body.submitter)
    if len(webhooks.of(work.session, work.viewer, submitter)) >= webhooks.MOST:
        raise ProblemError(409, "too_many", most=webhooks.MOST)
    private = settings().webhook_private
    try:
        hook, secret = webhooks.add(work, submitter, body.url, body.events or EVENTS, private=private)
    except AddressError as error:
        raise of_fields(error.about("url")) from None
    return CreatedWebhook(**_shown(hook), secret=secret)


@router.get("/{webhook_id}", responses=problems(401, 403, 404, 422))
def show_webhook(work: WebhookToken, webhook_id: RowId) -> WebhookView:
    """One webhook."""
    return WebhookView(**_shown(_found(work, webhook_id)))


@router.patch("/{webhook_id}", responses=problems(400, 401, 403, 404, 412, 413, 422))
def change_webhook(
    work: WebhookToken,
    webhook_id: RowId,
    body: WebhookChange,
    if_match: Annotated[str | None, Header(alias="If-Match", max_length=255, description=_ABOUT_MATCH)] = None,
) -> WebhookView:
    """Send to another address from now on, or tell other events. The secret stays."""
    hook = _found(work, webhook_id)
    if if_match is not None and not matches(if_match, WebhookView(**_shown(hook)).model_dump_json().encode()):
        raise ProblemError(412, "hook_changed")
    try:
        webhooks.change(work, hook, url=body.url, events=body.events, private=settings().webhook_private)
    except AddressError as error:
        raise of_fields(error.about("url")) from None
    return WebhookView(**_shown(hook))


@router.post(
    "/{webhook_id}/rotate",
    status_code=201,
    response_model=CreatedWebhook,
    responses=problems(400, 401, 403, 404, 413, 422),
)
def rotate_secret(work: WebhookToken, once: OnceDep, webhook_id: RowId, body: Rotation) -> Response:
    """Replace the secret. For the hours of the overlap each message has a signature by either, the newer first."""
    return once.answered(work, 201, lambda: _rotated(work, webhook_id, body), _address)


def _rotated(work: ViewerWork, webhook_id: int, body: Rotation) -> CreatedWebhook:
    hook = _found(work, webhook_id)
    secret = webhooks.rotate(work, hook, dt.timedelta(hours=body.overlap_hours))
    return CreatedWebhook(**_shown(hook), secret=secret)


@router.post(
    "/{webhook_id}/ping", status_code=202, response_model=DeliveryView, responses=problems(401, 403, 404, 413, 422)
)
def ping_webhook(work: WebhookToken, once: OnceDep, webhook_id: RowId) -> Response:
    """Send a message that tells nothing, to see whether it arrives: how it went is told by the deliveries."""
    hook = _found(work, webhook_id)
    where = f"{router.prefix}/{webhook_id}/deliveries"
    return once.answered(work, 202, lambda: _delivery(webhooks.ping(work.session, hook, work.now)), lambda _: where)


@router.delete("/{webhook_id}", status_code=204, responses=problems(401, 403, 404, 422))
def remove_webhook(work: WebhookToken, webhook_id: RowId) -> None:
    """Send nothing more to an address."""
    webhooks.remove(work, _found(work, webhook_id))


@router.get("/{webhook_id}/deliveries", responses=problems(401, 403, 404, 422))
def list_deliveries(
    work: WebhookToken,
    webhook_id: RowId,
    status: Literal["pending", "delivered", "failed"] | None = None,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Deliveries:
    """What was or is to be sent to a webhook, newest first. Kept for 30 days."""
    hook = _found(work, webhook_id)
    found = webhooks.deliveries(work.session, hook.id, before, limit + 1, status)
    shown = found[:limit]
    return Deliveries(deliveries=[_delivery(each) for each in shown], next=shown[-1].id if len(found) > limit else None)


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/redeliver",
    status_code=202,
    response_model=DeliveryView,
    responses=problems(401, 403, 404, 413, 422),
)
def redeliver(work: WebhookToken, once: OnceDep, webhook_id: RowId, delivery_id: RowId) -> Response:
    """Send a delivery again, now and with all its tries."""
    where = f"{router.prefix}/{webhook_id}/deliveries"
    return once.answered(work, 202, lambda: _again(work, webhook_id, delivery_id), lambda _: where)


def _again(work: ViewerWork, webhook_id: int, delivery_id: int) -> DeliveryView:
    found = webhooks.send_again(work.session, _found(work, webhook_id).id, delivery_id, work.now)
    if found is None:
        raise ProblemError(404, "no_delivery")
    return _delivery(found)


def _found(work: ViewerWork, webhook_id: int) -> StoredWebhook:
    hook = webhooks.find(work.session, work.viewer, webhook_id)
    if hook is None:
        raise ProblemError(404, "no_webhook")
    return hook


def _address(hook: Any) -> str:
    return f"{router.prefix}/{hook.id}"


def _shown(hook: StoredWebhook) -> dict[str, Any]:
    return {name: getattr(hook, name) for name in WebhookView.model_fields}


def _delivery(stored: Any) -> DeliveryView:
    return DeliveryView(**{name: getattr(stored, name) for name in DeliveryView.model_fields})
