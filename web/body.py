"""The limit of what a request may send: a form is taken in before anybody asks who sends it, so size comes first."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Wraps the application: beyond `limit` bytes of body its route is not reached, and the answer is 413."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, counting what it sends."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.limit:
                # A browser shows an answer only when it could send everything; up to as much again is let go by.
                while message.get("more_body") and taken <= 2 * self.limit:
                    message = await receive()
                    taken += len(message.get("body", b""))
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)
