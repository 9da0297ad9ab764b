"""What of an answer is shown: some of its properties, the texts in one language. A decision is 20 kB in both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel

from forbear.locale import said
from rules.facts.case_facts import FieldError
from web.api.problems import of_fields

_BOTH = {"zh", "en"}
Only = Annotated[
    str | None,
    Query(
        alias="fields",
        max_length=1000,
        description="Only these properties of each case or line, with commas between; others are not there then, "
        "whatever the schema says of them",
    ),
]
Lang = Annotated[Literal["zh", "en"] | None, Query(description="Texts in this language alone; the other is blank")]


@dataclass(frozen=True)
class AnswerParts:
    """What is asked for."""

    only: str | None
    lang: str | None

    @property
    def whole(self) -> bool:
        """Whether everything is shown."""
        return self.only is None and self.lang is None

    def line(self, shape: BaseModel) -> str:
        """One object as JSON. Raises a problem for a property that it never has."""
        if self.whole:
            return shape.model_dump_json()
        return json.dumps(self._of(shape), ensure_ascii=False, separators=(",", ":"))

    def page(self, shape: BaseModel, lines: str) -> str:
        """A page of such objects, which are under a name, as JSON."""
        told = shape.model_dump(mode="json", exclude={lines})
        return json.dumps({lines: [self._of(each) for each in getattr(shape, lines)], **told}, ensure_ascii=False)

    def check(self, shape: type[BaseModel]) -> None:
        """Raise a problem for a property that such an object never has."""
        known = shape.model_fields
        if missing := [name for name in self._names if name not in known]:
            told = said("query.no_field", given=", ".join(missing), known=", ".join(known))
            raise of_fields(FieldError.of("fields", told))

    @property
    def _names(self) -> tuple[str, ...]:
        return () if self.only is None else tuple(name.strip() for name in self.only.split(","))

    def _of(self, shape: BaseModel) -> dict[str, Any]:
        only = set(self._names) if self.only is not None else None
        data = shape.model_dump(mode="json", include=only)
        return data if self.lang is None else {name: _in_one(value, self.lang) for name, value in data.items()}


def _in_one(value: Any, lang: str) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == _BOTH:
            return {each: text if each == lang else "" for each, text in value.items()}
        return {name: _in_one(each, lang) for name, each in value.items()}
    return [_in_one(each, lang) for each in value] if isinstance(value, list) else value


async def _shown(only: Only = None, lang: Lang = None) -> AnswerParts:
    return AnswerParts(only, lang)


ShownDep = Annotated[AnswerParts, Depends(_shown)]
