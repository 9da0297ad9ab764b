"""Past forms of what the record keeps, read as today's: small steps, kept for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def upcast_outcome(data: Mapping[str, Any]) -> dict[str, Any]:
    """A stored outcome in today's form. The step that a form needs does nothing to later ones."""
    return {
        "lapsed": [],  # decisions stored before there were lapses have none
        **data,
        "deadlines": [_deadline(deadline) for deadline in data["deadlines"]],
    }


def _deadline(data: Mapping[str, Any]) -> dict[str, Any]:
    """0.1 kept one word, `assumed`, for an unknown start and an unknown calendar."""
    kept = {name: value for name, value in data.items() if name != "assumed"}
    return {"start_known": not data.get("assumed"), "calendar_known": True, **kept}
