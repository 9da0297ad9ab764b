"""How routes describe themselves in OpenAPI where FastAPI cannot know: problems, bodies, files."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from forbear.intake import BY_MEDIA_TYPE
from web.api.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]
MOST_MAPPING = 60_000  # characters
ABOUT_MAPPING = (
    'How the columns are read, as JSON: {"columns": {"Amount": {"fact": "balance", "unit": "CNY 10,000"}}}. A column '
    "that is left out is read where its header is certain, and else kept and not used"
)
_BINARY = {"type": "string", "format": "binary"}
ABOUT_STRICT = "Refuse what has a column or a key that is no fact, instead of telling it"
_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}


def problems(*statuses: int) -> Responses:
    """The errors that a route may answer."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
        for status in (*statuses, 429, 503)
    }


def answers(media_types: Iterable[str], description: str, line: dict[str, Any]) -> dict[str, Any]:
    """A file in one of several formats: as text where it is one, as JSON a list of such lines."""
    return {
        "description": description,
        "content": {name: {"schema": _file(name, line)} for name in sorted_by_use(media_types)},
    }


def sorted_by_use(media_types: Iterable[str]) -> list[str]:
    """Text first: it is what a generated client reads an answer as, whatever was asked for."""
    return sorted(media_types, key=lambda name: not name.startswith("text/"))


def _file(media_type: str, line: dict[str, Any]) -> dict[str, Any]:
    if media_type == "application/json":
        return {"type": "array", "items": line}
    return {"type": "string"} if media_type.startswith("text/") or "json" in media_type else _BINARY


def body_of_case() -> dict[str, Any]:
    """The body of a route that reads a case by itself."""
    return _body({"application/json": {"schema": {"$ref": "#/components/schemas/SubmittedCase"}}})


def body_of_trial() -> dict[str, Any]:
    """The body of a route that tries cases."""
    return _body({"application/json": {"schema": {"$ref": "#/components/schemas/SubmittedCases"}}})


def body_of_batch() -> dict[str, Any]:
    """The body of a route that takes a file as a form's part, or a list of cases; and, told in words, a file itself."""
    properties = {
        "file": {**_BINARY, "description": "A file of cases, named with its ending"},
        "as_of": {"type": "string", "format": "date"},
        "submitter": {"type": "string", "minLength": 1, "maxLength": 64},
        "mapping": {"type": "string", "maxLength": MOST_MAPPING, "description": ABOUT_MAPPING},
        "strict": {"type": "boolean", "description": ABOUT_STRICT},
    }
    form = {"type": "object", "required": ["file"], "properties": properties, "additionalProperties": False}
    body = _body(
        {
            "multipart/form-data": {"schema": form, "example": {"file": "case_ref,product\n", "as_of": "2026-11-23"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/SubmittedCases"}},
        }
    )
    # In words: clients that are generated from the description can send one kind of file only.
    body["requestBody"]["description"] = f"Or a file itself, by its Content-Type: {', '.join(BY_MEDIA_TYPE)}."
    return body


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}
