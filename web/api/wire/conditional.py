"""Conditional requests (RFC 9110): what is still the same is not sent again, what has changed is not acted upon."""

import re
from collections.abc import Iterator
from hashlib import sha256

from fastapi import Request, Response

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_REVISION = re.compile(r"([1-9][0-9]{0,17})-[0-9a-f]+")


def tag(body: bytes, revision: int | None = None) -> str:
    """The entity tag of an answer; of a case it begins with its revision."""
    digest = sha256(body).hexdigest()[:16]
    return f'"{digest}"' if revision is None else f'"{revision}-{digest}"'


def unless_known(request: Request, response: Response) -> Response:
    """The answer to a GET with its tag, or none where the client has it already (304)."""
    if request.method != "GET" or response.status_code != 200 or "body" not in vars(response):
        return response
    own = response.headers.get("ETag") or tag(bytes(response.body))
    known = request.headers.get("If-None-Match", "")
    if known.strip() == "*" or own in {f'"{each}"' for each in _tags(known)}:
        return Response(status_code=304, headers={"ETag": own})
    response.headers["ETag"] = own
    return response


def matches(if_match: str, body: bytes) -> bool:
    """Whether an `If-Match` has the tag of what would be answered now."""
    return if_match.strip() == "*" or tag(body) in {f'"{each}"' for each in _tags(if_match)}


def revisions(if_match: str) -> frozenset[int]:
    """The revisions of a case that an `If-Match` has tags of."""
    found = (_REVISION.fullmatch(each) for each in _tags(if_match))
    return frozenset(int(each[1]) for each in found if each is not None)


def _tags(header: str) -> Iterator[str]:
    return (each[1] for each in _TAG.finditer(header))
