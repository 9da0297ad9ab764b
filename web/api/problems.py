"""Problems: every error of the API as a problem document (RFC 9457), in the language that the request accepts."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast, get_args

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from forbear.locale import said
from models.review import ActionName
from rules.facts.case_facts import FieldError
from rules.locale import in_language
from rules.pack.files.schema import Text
from web import language
from web.language import Language

MEDIA_TYPE = "application/problem+json"
_PREFIX = "/api/"
ACTION_NAMES = frozenset(get_args(ActionName))
_PLAIN = (400, 401, 403, 404, 405, 413, 415, 421, 422, 429, 500, 503)  # statuses with words of their own


class ProblemError(Exception):
    """An answer that is an error. `kind` names its words in locale/*/api.yaml and, after a prefix, its type."""

    def __init__(
        self,
        status: int,
        kind: str,
        *,
        detail: Text | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        **values: object,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.detail = detail  # where the words are made elsewhere
        self.headers = headers or {}
        self.members = members or {}  # of the document, beyond the usual ones
        self.values = values  # for the words


def of_fields(*errors: FieldError, first: Text | None = None) -> ProblemError:
    """Fields of a case, or of an action on it, that are not as they should be; danger in them is told `first`."""
    told = [{"field": error.field, "zh": error.zh, "en": error.en} for error in errors]
    danger = {} if first is None else {"danger": True}
    return ProblemError(422, "fields", detail=first, members={**danger, "errors": told})


def of_validation(error: RequestValidationError | ValidationError, inside: int = 0) -> ProblemError:
    """What pydantic refuses; so many steps of each place are left out."""
    return of_fields(*(_field_error(part, inside) for part in error.errors()))


def is_of_api(request: Request) -> bool:
    """Whether a program asks, so that the answer is a problem document whatever it accepts."""
    return request.url.path.startswith(_PREFIX)


def answer(request: Request, error: Exception) -> Response:
    """The document of a problem."""
    problem = cast(ProblemError, error)
    wanted = accepted(request)
    detail = (
        language.message(wanted, f"problem.{problem.kind}.detail", **problem.values)
        if problem.detail is None
        else in_language(problem.detail, wanted)
    )
    title = language.message(wanted, f"problem.{problem.kind}.title")
    body = {"type": f"urn:forbear:problem:{problem.kind}", "title": title, "status": problem.status, "detail": detail}
    return _document(body | dict(problem.members), problem.status, wanted, problem.headers)


def old_pack(request: Request) -> Response:
    """The document of a decision by a pack that cannot be read any more."""
    return answer(request, ProblemError(410, "old_pack"))


def plain(request: Request, status: int, kind: str | None = None) -> Response:
    """The document of a failure that its status says all about; `kind` names its words where a status has several."""
    wanted = accepted(request)
    kind = kind or str(status if status in _PLAIN else (400 if status < 500 else 500))
    detail = language.message(wanted, f"problem.{kind}.detail")
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return _document(body, status, wanted, {})


def invalid(request: Request, error: RequestValidationError) -> Response:
    """The document of a request that does not fit its description; a path that cannot be names nothing."""
    parts = error.errors()
    if any(part["loc"][0] == "path" for part in parts):
        return plain(request, 404)
    if any(part["type"] == "json_invalid" for part in parts):
        return answer(request, ProblemError(400, "not_json"))
    return answer(request, of_validation(error, inside=1))


def accepted(request: Request) -> Language:
    """The language a program accepts most, Chinese if it does not say."""
    best: tuple[float, Language] = (0.0, "zh")
    for item in request.headers.get("accept-language", "").split(","):
        name, _, weight = item.strip().partition(";q=")
        found = next((each for each in language.LANGUAGES if name.lower().split("-")[0] == each), None)
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if found is not None and quality > best[0]:
            best = (quality, found)
    return best[1]


def _field_error(part: ErrorDetails, inside: int) -> FieldError:
    """What is wrong with a field, named as it was sent."""
    kind, place, context = part["type"], [str(step) for step in part["loc"][inside:]], part.get("ctx", {})
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        place.append(str(context["discriminator"]).strip("'"))
    if len(place) > 1 and place[0] in ACTION_NAMES:  # pydantic's own name of the shape, which nobody sent
        del place[0]
    field = ".".join(place)
    allowed = context.get("expected_tags") or context.get("expected")
    if kind == "union_tag_not_found" or kind == "missing":
        return FieldError.of(field, said("form.missing"))
    if kind in ("union_tag_invalid", "literal_error"):
        return FieldError.of(field, said("form.allowed", allowed=str(allowed).replace("'", "").replace(" or ", ", ")))
    if kind == "extra_forbidden":
        return FieldError.of(field, said("form.unknown"))
    return FieldError.of(field, said("form.invalid", message=part["msg"]))


def _document(body: Mapping[str, Any], status: int, wanted: Language, headers: Mapping[str, str]) -> Response:
    told = {"Content-Language": wanted, "Vary": "Accept-Language", **headers}
    return JSONResponse(dict(body), status_code=status, media_type=MEDIA_TYPE, headers=told)
