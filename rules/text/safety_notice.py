"""The notice of a safety hold: why nothing about the debt is given, and what to do first."""

from __future__ import annotations

from rules.decision.safety_hold import SafetyHold
from rules.locale import said
from rules.pack.files.schema import Text


def safety_notice(hold: SafetyHold) -> Text:
    """One sentence for whoever works on the case."""
    if hold.beside is not None:
        return said("safety_hold.beside", case_ref=hold.beside)
    return said(f"safety_hold.{hold.grade}")
