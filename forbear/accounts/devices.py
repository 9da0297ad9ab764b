"""Known devices: browsers in which somebody once signed in on an account, by a signed cookie.

Each mark in the cookie is of one device on one account. Nobody can make one without the key, and it lets nobody in: its
bearer's failures are only counted apart from everybody else's.
"""

import datetime as dt
import hmac
import secrets

from forbear.base.vault import Vault

KEPT_FOR = dt.timedelta(days=400)  # as long as browsers keep a cookie (RFC 6265bis)
_MOST = 8  # accounts of people who share a browser
_BETWEEN, _WITHIN = "~", "."


def known(vault: Vault, name: str, cookie: str) -> str | None:
    """The device that a browser is to this account; None if nobody signed in on it there, or the cookie is forged."""
    for mark in _marks(cookie):
        device, _, proof = mark.partition(_WITHIN)
        if hmac.compare_digest(proof.encode(), _proof(vault, name, device).encode()):
            return device
    return None


def remember(vault: Vault, name: str, cookie: str) -> str:
    """The cookie of a browser in which somebody has just signed in on this account."""
    device = known(vault, name, cookie) or secrets.token_urlsafe(16)
    mark = f"{device}{_WITHIN}{_proof(vault, name, device)}"
    others = [other for other in _marks(cookie) if other and other != mark]
    return _BETWEEN.join([mark, *others][:_MOST])


def _marks(cookie: str) -> list[str]:
    return cookie.split(_BETWEEN, _MOST)[:_MOST]


def _proof(vault: Vault, name: str, device: str) -> str:
    return vault.mac(f"device:{device}:{name}".encode()).hex()
