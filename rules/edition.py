"""One edition of a pack, typed: what it added, changed and removed, rule by rule."""

from __future__ import annotations

import datetime as dt

from pydantic import Field

from rules.schema import Model, RuleId, Text, Version


class Edition(Model):
    """What changed in one version of the pack (changelog.yaml, newest first)."""

    version: Version
    date: dt.date
    text: Text
    added: tuple[RuleId, ...] = ()
    changed: dict[RuleId, Text] = Field(default_factory=dict)
    removed: dict[RuleId, Text] = Field(default_factory=dict)
