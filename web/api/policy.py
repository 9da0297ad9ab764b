"""The active policy, as far as a program needs it to hand in cases and review them: its names and their words."""

from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request

from forbear.case.actions import ACTIONS
from rules.pack.files.schema import Text
from rules.pack.pack import Pack
from rules.text.phrases import filled
from web import language
from web.api.auth import Reader
from web.api.schemas.cases import Shape
from web.api.wire.describe import problems
from web.api.wire.strict import StrictRoute
from web.deps import NowDep

router = APIRouter(prefix="/api/v1/policy", tags=["policy"], route_class=StrictRoute)


class Named(Shape):
    """A name that requests and answers carry, and what it is called."""

    id: str
    title: Text


class FactView(Named):
    """A fact of a case. `values` are the words it may have; `question` is what `ask` would ask."""

    type: str
    values: list[Named]
    required: bool
    derived: bool
    question: Text | None


class Codes(Shape):
    """What a field of an action may hold."""

    action: str
    field: str
    values: list[Named]


class PolicyView(Shape):
    """The policy that new cases are decided by."""

    id: str
    version: str
    sha256: str
    strategies: list[Named]
    facts: list[FactView]
    documents: list[Named]
    codes: list[Codes]


@router.get("", responses=problems(401, 403, 422))
def show_policy(request: Request, _viewer: Reader, now: NowDep) -> PolicyView:
    """Strategies, facts, papers, and the codes of actions: every name of a closed list, with its words."""
    pack: Pack = request.app.state.pack
    today = now.astimezone(ZoneInfo(pack.manifest.timezone)).date()
    return PolicyView(
        id=pack.manifest.id,
        version=pack.manifest.version,
        sha256=pack.sha256,
        strategies=[Named(id=name, title=each.title) for name, each in pack.strategies.items()],
        facts=[_fact(name, each) for name, each in pack.vocabulary.facts.items()],
        documents=[Named(id=name, title=filled(pack, each.text, {}, today)) for name, each in pack.documents.items()],
        codes=[
            Codes(
                action=action.name,
                field=field.name,
                values=[Named(id=code, title=_words(field.family + code)) for code in field.codes],
            )
            for action in ACTIONS.values()
            for field in action.fields
            if field.codes
        ],
    )


def _fact(name: str, fact: Any) -> FactView:
    values = [Named(id=word, title=Text(zh=each.zh, en=each.en)) for word, each in fact.values.items()]
    return FactView(
        id=name,
        title=fact.title,
        type=fact.type,
        values=values,
        required=fact.required,
        derived=fact.derived,
        question=fact.question,
    )


def _words(key: str) -> Text:
    return Text(zh=language.message("zh", key), en=language.message("en", key))
