"""Compression: what a program is answered, and what is the same for everybody, is sent smaller to who understands it.

Pages are not: they hold secrets beside what an address may choose, and the length of the two together, compressed,
would tell of them (BREACH; docs/decisions/0050-pages-travel-plain.md).
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SMALLER: Final = ("/api/", "/static/")
_LEAST: Final = 1000  # bytes
_LEVEL: Final = 5


class Compressed:
    """Wraps the application: answers of the API and static files are gzipped on demand, streams piece by piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._zipping = GZipMiddleware(app, minimum_size=_LEAST, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"].startswith(_SMALLER):
            await self._zipping(scope, receive, _weakly_tagged(send))
        else:
            await self._plain(scope, receive, send)


def _weakly_tagged(send: Send) -> Send:
    """A tag is of the bytes that were tagged; of others that mean the same it is a weak one."""

    async def tagged(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            tag = headers.get("ETag", "")
            if headers.get("Content-Encoding") == "gzip" and tag.startswith('"'):
                headers["ETag"] = f"W/{tag}"
        await send(message)

    return tagged
