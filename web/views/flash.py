"""What the page after a form says once: that it was done, or a secret that is never shown again."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from forbear.accounts.accounts import Viewer
from forbear.base.errors import ForbearError
from forbear.base.vault import Vault

_COOKIE = "told"
_SECONDS = 60  # a redirect takes less


def to(request: Request, address: str, vault: Vault, viewer: Viewer, key: str, **values: str) -> Response:
    """Go to a page of ours, which then says a message with values: sealed, and for this viewer only."""
    response = RedirectResponse(address, status_code=303)
    sealed = urlsafe_b64encode(vault.seal([viewer.account_id, key, values], _COOKIE)).decode()
    secure = request.url.scheme == "https"
    response.set_cookie(_COOKIE, sealed, max_age=_SECONDS, path=address, httponly=True, secure=secure, samesite="lax")
    return response


def told(request: Request, vault: Vault, viewer: Viewer) -> tuple[str, dict[str, str]] | None:
    """The key and values of what this page is to say, if anything."""
    try:
        sealed = urlsafe_b64decode(request.cookies.get(_COOKIE, ""))
        account_id, key, values = vault.open(sealed, _COOKIE)
    except (binascii.Error, ValueError, ForbearError):
        return None
    return (key, values) if account_id == viewer.account_id else None


def forget(response: Response, address: str) -> Response:
    """The answer that has said it."""
    response.delete_cookie(_COOKIE, path=address)
    return response
