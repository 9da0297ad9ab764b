"""What the description of the API says beside its routes: names, headers, webhooks, nothing that misleads generators.

Generators take a property with a default for one that is always sent, and an operation's id for the name of a function.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fastapi.routing import APIRoute
from pydantic import BaseModel

Document = dict[str, Any]
_TEXT: Final = {"type": "string"}
_HEADERS: Final = {
    "X-Trace-Id": ("By which the log's lines about this answer are found", _TEXT),
    "RateLimit-Policy": ("How many requests are worked on at once, and how many a token may make", _TEXT),
    "RateLimit": ("How many more of each there could be just now", _TEXT),
    "Location": ("Where it is", {"type": "string", "format": "uri-reference"}),
    "Idempotency-Replayed": ("Answered before: nothing was done now", {"type": "string", "enum": ["true"]}),
    "ETag": ("Of this answer; of a case it begins with the revision", _TEXT),
    "WWW-Authenticate": ("What a token needs", _TEXT),
    "Retry-After": ("In so many seconds", {"type": "integer"}),
    "Content-Language": ("The language of `detail`", {"type": "string", "enum": ["zh", "en"]}),
}
_SIGNATURE: Final = "t=<seconds>,v1=<HMAC-SHA256 of `t.body` by the secret, hex>; two v1 while two secrets overlap"


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    """Every operation with its method."""
    return ((method, each) for item in document["paths"].values() for method, each in item.items())


def name(document: Document, routes: Mapping[str, APIRoute]) -> None:
    """Call each operation as its function is called."""
    for _, operation in operations(document):
        operation["operationId"] = routes[operation["operationId"]].name


def tell_headers(document: Document) -> None:
    """The headers of each answer, and that what is known already is not sent again."""
    document["components"]["headers"] = {
        each: {"description": about, "schema": schema} for each, (about, schema) in _HEADERS.items()
    }
    for method, operation in operations(document):
        answers = operation["responses"]
        if method == "get" and "application/json" in answers["200"].get("content", {}):
            answers["304"] = {"description": "As it was, by If-None-Match"}
        for status, answer in answers.items():
            told = {each: {"$ref": f"#/components/headers/{each}"} for each in _headers_of(method, status)}
            answer["headers"] = answer.get("headers", {}) | told


def _headers_of(method: str, status: str) -> Iterator[str]:
    yield from ("X-Trace-Id", "RateLimit-Policy", "RateLimit")
    if status >= "400":
        yield "Content-Language"
    if status in ("401", "403"):
        yield "WWW-Authenticate"
    if status in ("429", "503"):
        yield "Retry-After"
    if method == "get" and status in ("200", "304"):
        yield "ETag"
    if method == "post" and status.startswith("2"):
        yield from ("Location", "Idempotency-Replayed")


def leave_out_defaults(document: Document) -> None:
    """Tell what is meant by what is left out in words: as a `default` it would be taken for always sent."""
    for schema in document["components"]["schemas"].values():
        for property_ in schema.get("properties", {}).values():
            if "default" in property_:
                default = property_.pop("default")
                if default not in (None, ""):
                    said = property_.get("description", "")
                    property_["description"] = f"{said}{'. ' if said else ''}By default {json.dumps(default)}"


def add_shape(document: Document, shape: type[BaseModel], example: Any = None) -> None:
    """A schema that no route names by itself, with what it refers to."""
    schema = shape.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    for inner, each in schema.pop("$defs", {}).items():
        schemas.setdefault(inner, each)
    schemas[shape.__name__] = schema
    if example is not None:
        schema["examples"] = [example]


def add_webhooks(document: Document, sent: Mapping[str, type[BaseModel]], called: Callable[[str], str]) -> None:
    """What is sent to the addresses of webhooks."""
    document["webhooks"] = {
        event: {
            "post": {
                "operationId": called(event),
                "tags": ["webhooks"],
                "summary": shape.__doc__,
                "description": "Answer any 2xx within ten seconds. Sent at least once, in no fixed order.",
                "parameters": [
                    _header("Forbear-Event", "The event", {"type": "string", "enum": [event]}),
                    _header("Forbear-Delivery", "The same each time that it is tried", {"type": "integer"}),
                    _header("Forbear-Signature", _SIGNATURE, _TEXT),
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}},
                },
                "responses": {"2XX": {"description": "Taken; anything else is tried again"}},
                "security": [],
            }
        }
        for event, shape in sent.items()
    }


def _header(name: str, about: str, schema: Mapping[str, Any]) -> Document:
    return {"name": name, "in": "header", "required": True, "description": about, "schema": dict(schema)}
