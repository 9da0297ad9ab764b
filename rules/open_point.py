"""open_points.yaml, typed: what nobody has confirmed yet."""

from __future__ import annotations

from rules.schema import Identifier, Model, Text


class OpenPoint(Model):
    """What nobody has confirmed yet, and which figures and sources hang on it (open_points.yaml)."""

    text: Text
    parameters: tuple[Identifier, ...] = ()
    references: tuple[str, ...] = ()
