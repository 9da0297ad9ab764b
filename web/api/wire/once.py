"""Once: a POST that is sent again with its Idempotency-Key does nothing twice, and is answered as it was."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from forbear.accounts import idempotency
from forbear.accounts.accounts import ViewerWork
from models.webhook import IdempotencyKey
from web.api.problems import ProblemError

REPLAYED = "Idempotency-Replayed"
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Of your choice: the same request sent again with it does nothing twice and is answered as before. "
        "Kept for 48 hours",
    ),
]


@dataclass(frozen=True)
class SentOnce:
    """A request with its key, if it has one, and all that it asks."""

    key: str | None
    asked: bytes

    def known(self, work: ViewerWork) -> IdempotencyKey | None:
        """What it did before. Raises a problem where the key came with another request."""
        try:
            return None if self.key is None else idempotency.find(work, self.key, self.asked)
        except idempotency.ReusedError:
            raise ProblemError(422, "key_reused") from None

    def keep_batch(self, work: ViewerWork, batch_id: UUID) -> None:
        """Remember the batch that it made: sent again, it hears how that is by then."""
        if self.key is not None:
            idempotency.keep(work, self.key, self.asked, batch_id=batch_id)

    def answered(
        self, work: ViewerWork, status: int, act: Callable[[], BaseModel], location: Callable[[BaseModel], str]
    ) -> Response:
        """What it does, done in this transaction; or the answer to what it did before."""
        known = self.known(work)
        if known is not None and known.answer is not None:
            kept = idempotency.answered(work, known)
            return _response(kept["body"], kept["status"], {"Location": kept["location"], REPLAYED: "true"})
        done = act()
        body, where = done.model_dump_json(), location(done)
        if self.key is not None:
            idempotency.keep(work, self.key, self.asked, answer={"body": body, "status": status, "location": where})
        return _response(body, status, {"Location": where})


def once_of(request: Request, key: str | None, digest: bytes) -> SentOnce:
    """A request whose body has been read, with the digest of that."""
    if key is None:
        return SentOnce(None, b"")
    scope = request.scope
    asked = [request.method, scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")]
    return SentOnce(key, json.dumps([*asked, digest.hex()]).encode())


async def _once(request: Request, key: Key = None) -> SentOnce:
    return once_of(request, key, b"" if key is None else sha256(await request.body()).digest())


OnceDep = Annotated[SentOnce, Depends(_once)]


def _response(body: str, status: int, headers: Mapping[str, str]) -> Response:
    return Response(body, status, headers, "application/json")
