"""How routes describe themselves in OpenAPI where FastAPI cannot know: problems, bodies, files."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from web.api.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]
MOST_MAPPING = 60_000  # characters
ABOUT_MAPPING = (
    'How the columns are read, as JSON: {"columns": {"Amount": {"fact": "balance", "unit": "CNY 10,000"}}}. A column '
    "that is left out is read where its header is certain, and else kept and not used"
)
_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}


def problems(*statuses: int) -> Responses:
    """The errors that a route may answer."""
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": _PROBLEM}}}
        for status in (*statuses, 503)
    }


def answers(media_types: Iterable[str], description: str) -> dict[str, Any]:
    """A file in one of several formats."""
    return {
        "description": description,
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in media_types},
    }


def body_of(media_types: Iterable[str], *, file: bool = False) -> dict[str, Any]:
    """The body of a route that reads it itself: a file as a form's part or on its own, or a list of cases."""
    binary = {"type": "string", "format": "binary"}
    case = {"$ref": "#/components/schemas/SubmittedCase"}
    content: dict[str, Any] = {name: {"schema": binary} for name in media_types}
    content["application/json"] = {"schema": {"type": "array", "items": case, "minItems": 1} if file else case}
    if file:
        properties = {
            "file": {**binary, "description": "A file of cases, named with its ending"},
            "as_of": {"type": "string", "format": "date"},
            "submitter": {"type": "string", "minLength": 1, "maxLength": 64},
            "mapping": {"type": "string", "maxLength": MOST_MAPPING, "description": ABOUT_MAPPING},
            "strict": {"type": "boolean", "default": False},
        }
        form = {"type": "object", "required": ["file"], "properties": properties, "additionalProperties": False}
        content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}
