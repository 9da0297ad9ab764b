"""pack.yaml, typed: what a pack is, and what a case gets when no rule speaks or the engines differ."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, get_args

from pydantic import Field, model_validator

from rules.schema import Identifier, Model, References, Text, Urgency


class Default(Model):
    """What a case gets when no rule recommends anything."""

    strategy: Identifier
    urgency: Urgency
    because: Text
    references: References


class Manifest(Model):
    """pack.yaml: what this pack is."""

    id: Identifier
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    title: Text
    timezone: str
    reviewed_on: dt.date
    default: Default
    disagreement: Default
    disclaimer: Text
    # Within how many hours a counsellor looks at a case; packs published before the desk do not say.
    response_hours: dict[Urgency, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _answers_every_urgency(self) -> Manifest:
        missing = sorted(set(get_args(Urgency)) - self.response_hours.keys())
        if self.response_hours and missing:
            raise ValueError(f"response_hours lacks {', '.join(missing)}")
        return self
