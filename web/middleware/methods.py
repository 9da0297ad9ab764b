"""Methods of HTTP that every address answers: HEAD as GET without its body, OPTIONS and 405 with all that it allows."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OFFERED: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Methods:
    """A middleware for what RFC 9110 wants of every address, whichever routes there are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "HEAD":
            got = {**scope, "method": "GET"}
            await self.app(got, receive, _with_allowed(got, _without_body(send)))
        elif scope["method"] == "OPTIONS" and (allowed := _allowed(scope)):
            await Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})(scope, receive, send)
        else:
            await self.app(scope, receive, _with_allowed(scope, send))


def _without_body(send: Send) -> Send:
    async def headed(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return headed


def _with_allowed(scope: Scope, send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
            MutableHeaders(scope=message)["Allow"] = _allowed(scope)
        await send(message)

    return told


def _allowed(scope: Scope) -> str:
    """The methods that some route takes at an address; blank where none does."""
    routes: list[BaseRoute] = scope["app"].routes
    found = [
        method
        for method in _OFFERED
        if any(each.matches({**scope, "method": method})[0] is Match.FULL for each in routes)
    ]
    return ", ".join([*found, *(["HEAD"] if "GET" in found else []), "OPTIONS"]) if found else ""
