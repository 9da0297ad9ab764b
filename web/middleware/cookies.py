"""Cookies that prove who somebody is: over https by names that no neighbouring site can set.

A browser takes a cookie whose name begins with __Host- from this very host alone, over https, for all of it. The pages
know them by their plain names; one that comes without the prefix is nobody's.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web import auth

PREFIX: Final = "__Host-"
_NAMES: Final = (auth.COOKIE, auth.DEVICES)


class HostCookies:
    """Wraps the application: gives these cookies their prefix on the way out, and takes it off on the way in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["scheme"] != "https":
            await self.app(scope, receive, send)
            return

        async def prefixed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [(name, _sent(name, value)) for name, value in message["headers"]]}
            await send(message)

        await self.app({**scope, "headers": _received(scope)}, receive, prefixed)


def _received(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers of a request; of these cookies only what came with the prefix, without it."""
    cookies = [each.strip() for line in Headers(scope=scope).getlist("cookie") for each in line.split(";")]
    kept = [_plain(each) for each in cookies if each.partition("=")[0] not in _NAMES]
    others = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    return [*others, (b"cookie", "; ".join(kept).encode("latin-1"))] if kept else others


def _plain(cookie: str) -> str:
    plain = cookie.removeprefix(PREFIX)
    return plain if plain.partition("=")[0] in _NAMES else cookie


def _sent(name: bytes, value: bytes) -> bytes:
    cookie = value.decode("latin-1")
    if name.lower() != b"set-cookie" or cookie.partition("=")[0] not in _NAMES:
        return value
    secure = "" if "; secure" in cookie.lower() else "; Secure"  # one that is taken away, too, or browsers keep it
    return f"{PREFIX}{cookie}{secure}".encode("latin-1")
