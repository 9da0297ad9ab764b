"""How somebody wants to see the queue: how dense its rows are and which columns they have; the browser remembers it."""

from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

# That may be left out; what says danger always stays. The first of them are there until somebody chooses.
COLUMNS: Final = ("product", "overdue", "since", "assignee", "lender", "amount", "city")
_USUAL: Final = COLUMNS[:4]
_COOKIE: Final = "queue_columns"
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class QueueColumns:
    """The columns of the queue that may be left out and are not, and whether its rows stand close together."""

    shown: tuple[str, ...] = _USUAL
    dense: bool = False

    @classmethod
    def of(cls, request: Request) -> "QueueColumns":
        """As this browser remembers it."""
        if _COOKIE not in request.cookies:
            return cls()
        words = request.cookies[_COOKIE].split(".")
        return cls(tuple(name for name in COLUMNS if name in words), "dense" in words)

    def keep(self, request: Request, response: Response) -> Response:
        """The answer that has it remembered."""
        value = ".".join((*self.shown, *(("dense",) if self.dense else ()), "x"))
        secure = request.url.scheme == "https"
        response.set_cookie(_COOKIE, value, max_age=_YEAR, httponly=True, secure=secure, samesite="lax")
        return response
