"""Bodies: what a request carries, read to its limit: one JSON object, or a file however it is sent."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.types import Message, Receive

from forbear.base.settings import settings
from forbear.base.spool import spool
from forbear.batch.submission.uploads import tidy
from forbear.intake import BY_MEDIA_TYPE, ending, format_of
from forbear.intake.formats.json_decoder import DECODER, Doubled
from web.api.problems import ProblemError, of_validation

MULTIPART = "multipart/form-data"
MAX_NAME = 255
_UNNAMED = "cases"
_BLOCK = 256 * 1024
_DRAINED = 10  # times the limit: read to its end and forgotten, so that the sender gets to see our answer


@dataclass(frozen=True)
class Received:
    """A file as it came. `fields` are the other parts of a form."""

    path: Path
    name: str
    digest: bytes
    fields: Mapping[str, str]


async def one_object(request: Request) -> tuple[dict[str, object], bytes]:
    """The JSON object of a request, and the digest of its text; numbers stay the text they were written as."""
    if media_type(request) not in ("", "application/json"):
        raise ProblemError(415, "media_type", accepted="application/json")
    body = await request.body()
    try:
        value = DECODER.decode(body.decode("utf-8-sig").strip())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ProblemError(400, "not_json") from None
    if not isinstance(value, dict):
        raise ProblemError(400, "not_object")
    if isinstance(value, Doubled):
        raise ProblemError(400, "key_twice", key=value.key)
    return value, sha256(body).digest()


@asynccontextmanager
async def file(request: Request, name: str | None) -> AsyncIterator[Received]:
    """The file of a request, for as long as the block lasts: the part `file` of a form, or the whole body."""
    request = limited(request)
    if media_type(request) != MULTIPART:
        with spool(_called(name or "", media_type(request))) as path:
            yield Received(path, name or path.name, await _write(path, request.stream()), {})
        return
    async with request.form(max_files=1, max_fields=10) as form:
        part = form.get("file")
        if not isinstance(part, UploadFile):
            raise ProblemError(422, "no_file")
        name = name or part.filename or ""
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        media = (part.content_type or "").partition(";")[0].strip().lower()
        with spool(_called(name, media)) as path:
            yield Received(path, (name or path.name)[:MAX_NAME], await _write(path, _parts(part)), fields)


Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], given: Mapping[str, object]) -> Model:
    """What was given, as a model has it, or a problem that names the fields."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise of_validation(error) from None


def media_type(request: Request) -> str:
    """What a request says its body is, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def limited(request: Request) -> Request:
    """The request with a body that ends in a 413 problem when it grows beyond what we take."""
    return Request(request.scope, _counted(request.receive, settings().upload_megabytes * 1024 * 1024))


def _counted(receive: Receive, most: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read <= most:
            return message
        while message.get("more_body") and read <= _DRAINED * most:
            message = await receive()
            read += len(message.get("body", b""))
        raise ProblemError(413, "too_large", megabytes=most // (1024 * 1024))

    return counted


async def _write(path: Path, parts: AsyncIterator[bytes]) -> bytes:
    """Write a file as it arrives; answers its SHA-256."""
    digest = sha256()
    with path.open("wb") as target:
        async for part in parts:
            digest.update(part)
            target.write(part)
    return digest.digest()


async def _parts(part: UploadFile) -> AsyncIterator[bytes]:
    while block := await part.read(_BLOCK):
        yield block


def _called(name: str, media: str) -> str:
    """What a file is called while it is read: by its own name, which may say a unit, with an ending that says how.

    One whose ending we do not know, and no media type makes up for it, keeps it: its reader says what to do about it.
    """
    own, found = tidy(name), BY_MEDIA_TYPE.get(media)
    if format_of(own) is not None:
        return own
    if found is not None:
        return f"{own[: len(own) - len(ending(own))] or _UNNAMED}{found.suffix}"
    if not ending(own):
        raise ProblemError(415, "media_type", accepted=", ".join([MULTIPART, *BY_MEDIA_TYPE]))
    return own
