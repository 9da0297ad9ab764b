"""The notifications page: what somebody was told, read or not, and where they are told beside the page."""

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import UnfitError, ViewerWork
from forbear.base.settings import settings
from forbear.locale import said
from forbear.webhooks import notifications
from web.auth import CounsellorWork, OurForm
from web.pages.accounts.own_account import RowId
from web.views import render

router = APIRouter()
ADDRESS = "/notifications"


@router.get(ADDRESS)
def show_notifications(request: Request, work: CounsellorWork) -> Response:
    """The newest, and the addresses."""
    return _page(request, work)


@router.post(f"{ADDRESS}/read", dependencies=[OurForm])
def read_all(work: CounsellorWork) -> Response:
    """All were read."""
    notifications.read(work)
    return RedirectResponse(ADDRESS, status_code=303)


@router.post(f"{ADDRESS}/{{number}}/open", dependencies=[OurForm])
def open_one(work: CounsellorWork, number: RowId) -> Response:
    """Read one, and go to its case, or to the account page."""
    try:
        case = notifications.read(work, number)
    except LookupError:
        raise HTTPException(404) from None
    return RedirectResponse("/account" if case is None else f"/cases/{case}", status_code=303)


@router.post(f"{ADDRESS}/{{number}}/unread", dependencies=[OurForm])
def unread_one(work: CounsellorWork, number: RowId) -> Response:
    """Keep one for later."""
    notifications.unread_again(work, number)
    return RedirectResponse(ADDRESS, status_code=303)


@router.post(f"{ADDRESS}/addresses", dependencies=[OurForm])
def add_address(
    request: Request,
    work: CounsellorWork,
    way: str = Form("mail", max_length=16),
    address: str = Form("", max_length=1000),
) -> Response:
    """One more place to be told at."""
    try:
        notifications.add_address(work, way, address, private=settings().webhook_private)
    except UnfitError as error:
        return _page(request, work, error, (way, address))
    return RedirectResponse(ADDRESS, status_code=303)


@router.post(f"{ADDRESS}/addresses/{{number}}/remove", dependencies=[OurForm])
def remove_address(work: CounsellorWork, number: RowId) -> Response:
    """Tell nothing there any more."""
    notifications.remove_address(work, number)
    return RedirectResponse(ADDRESS, status_code=303)


def _page(
    request: Request, work: ViewerWork, error: UnfitError | None = None, typed: tuple[str, str] = ("mail", "")
) -> Response:
    values = {
        "listed": notifications.listed(work.session, work.viewer),
        "addresses": notifications.addresses(work),
        "told": lambda kind: said(f"notification.{kind}"),
        "no_mail": settings().mail_url is None or settings().mail_from is None,
        "services": ", ".join(f"{each}://" for each in notifications.SERVICES),
        "zone": work.pack.manifest.timezone,
        "error": error,
        "typed": typed,
    }
    return render.page(request, "conversation/notifications.html", values, 200 if error is None else 422, ADDRESS)
