"""pack.yaml, typed: what a pack is, and what a case gets when no rule speaks or the engines differ."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

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
