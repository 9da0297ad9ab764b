"""The trace: one id that ties what came of a request together, from its answer to the last line of a worker's log.

A request brings one as W3C Trace Context says, or is given one. What it hands in keeps it as a row, with its batch: a
message could not carry it, because a message may be lost, and stands for whatever is next in its queue, which is mostly
the work of somebody else.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import structlog

_REQUEST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_PARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def request_of(header: str | None) -> str | None:
    """The id that a program gave its request (`X-Request-Id`), if it can be one: no words, which could be anything."""
    return header if header is not None and _REQUEST.fullmatch(header) else None


def request() -> str | None:
    """The id that the program gave the request that is being answered."""
    found = structlog.contextvars.get_contextvars().get("request")
    return None if found is None else str(found)


def of_request(traceparent: str | None) -> str:
    """The trace that a `traceparent` header names, else a new one."""
    found = _PARENT.fullmatch(traceparent or "")
    return found[1] if found else uuid4().hex


def current() -> str:
    """The trace of what is being done, else a new one."""
    return str(structlog.contextvars.get_contextvars().get("trace") or uuid4().hex)


@contextmanager
def told(**ids: str | int | None) -> Iterator[None]:
    """Tell these ids, where they are known, in every line logged until the block ends."""
    with structlog.contextvars.bound_contextvars(**{name: each for name, each in ids.items() if each is not None}):
        yield
