"""The description of the API (OpenAPI 3.1): the routes, and a case as the active pack's vocabulary has it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from forbear.batch.recorded_decision import ResultLine
from rules.pack.files.schema import Fact
from rules.pack.pack import Pack
from web.api.schemas.cases import ProblemDocument

router = APIRouter()
# Examples of what the API takes and answers, by schema; a test holds them to it.
EXAMPLES: dict[str, Any] = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
_DESCRIPTION = """Triage of overdue borrowers' cases for debt counselling. It recommends, a person decides.

Every request carries a bearer token with the scope its operation needs. Errors are problem documents (RFC 9457), their
`detail` in Chinese or, with `Accept-Language: en`, in English. Money is yuan, dates are ISO 8601.

Names of strategies, facts and papers in answers are those of the policy that decided, which may be an older one than
that of `GET /policy`: they are text, and closed lists only in what is sent."""
_ABOUT_CASE = (
    "One debt. Blank or absent means not known, which is not no. These are the names and values of the policy; what a "
    "file may have instead, Chinese names, words of values and units included, is taken as well"
)
_A_CASE = {"$ref": "#/components/schemas/SubmittedCase"}
_SCOPES = {
    "batches": "cases:read, cases:write; for whole rejected rows of others, rejects:read",
    "cases": "cases:read, cases:write",
    "events": "cases:read",
    "policy": "cases:read",
    "reviews": "reviews:write; to read them, cases:read",
    "trials": "cases:write",
    "webhooks": "webhooks",
}
_JSON_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "enum": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": ["integer", "string"]},
    "money": {"type": ["number", "string"], "description": "Yuan, at most two decimals"},
    "rate": {"type": ["number", "string"], "description": "Percent a year"},
    "date": {"type": "string", "format": "date"},
}


@router.get("/api/openapi.json", include_in_schema=False)
def description(request: Request) -> Response:
    """The description itself; no secret, so no token."""
    return JSONResponse(described(request.app.state.pack))


@lru_cache(maxsize=4)
def described(pack: Pack) -> dict[str, Any]:
    """The whole document."""
    from web.api import TOPICS, reviews  # which import this module
    from web.api.schemas import events
    from web.api.wire import finish

    routes = [route for topic in TOPICS for route in topic.router.routes]
    document = get_openapi(
        title="Forbear",
        version="1",
        description=_DESCRIPTION,
        routes=routes,
        servers=[{"url": "/", "description": "The server that this was read from"}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        tags=[{"name": tag, "description": f"Scopes: {scopes}"} for tag, scopes in _SCOPES.items()],
    )
    schemas = document["components"]["schemas"]
    for made in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which we never answer
        schemas.pop(made, None)
    schemas["SubmittedCase"] = submitted_case(pack)
    schemas["SubmittedCases"] = {
        "type": "object",
        "title": "SubmittedCases",
        "description": "Cases that are handed in together",
        "properties": {"cases": {"type": "array", "items": _A_CASE, "minItems": 1}},
        "required": ["cases"],
        "additionalProperties": False,
    }
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schemas["ProblemDocument"].pop("$defs", {})
    finish.add_shape(document, ResultLine)
    for shape in events.SENT.values():
        finish.add_shape(document, shape)
    for name, example in (EXAMPLES | reviews.EXAMPLES | events.EXAMPLES).items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    schemas["Override"]["properties"]["strategy"]["enum"] = list(pack.strategies)
    schemas["Document"]["properties"]["have"]["items"]["enum"] = list(pack.documents)
    asked = [name for name, fact in pack.vocabulary.facts.items() if fact.question is not None]
    schemas["Ask"]["properties"]["questions"]["items"]["enum"] = asked
    for text in schemas["Text"]["properties"].values():
        text.pop("minLength", None)  # with `lang` the other language is blank
    finish.name(document, {route.unique_id: route for route in routes if isinstance(route, APIRoute)})
    finish.tell_headers(document)
    finish.leave_out_defaults(document)
    finish.add_webhooks(document, events.SENT, lambda event: f"tell_{event.replace('.', '_')}")
    return document


def submitted_case(pack: Pack) -> dict[str, Any]:
    """A case as it is handed in. Other names of a fact, and other keys, are taken as in a file."""
    facts = {name: fact for name, fact in pack.vocabulary.facts.items() if not fact.derived}
    return {
        "type": "object",
        "title": "SubmittedCase",
        "description": _ABOUT_CASE,
        "properties": {name: _property(fact) for name, fact in facts.items()},
        "required": [name for name, fact in facts.items() if fact.required and not fact.required_unless],
    }


def _property(fact: Fact) -> dict[str, Any]:
    described: dict[str, Any] = {"title": fact.title.en, "description": f"{fact.title.zh} / {fact.title.en}"}
    if fact.type == "list":
        return described | {"type": "array", "items": {"type": "string", "enum": list(fact.values)}}
    found = dict(_JSON_TYPES[fact.type])
    described["description"] += f" ({found.pop('description')})" if "description" in found else ""
    if fact.values:
        found["enum"] = list(fact.values)
    if fact.max_length is not None:
        found["maxLength"] = fact.max_length
    return described | found
