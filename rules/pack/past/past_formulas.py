"""Formulas of the past: how facts were derived in packs of forms 1 to 3, before formulas were part of a pack."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from rules.pack.strict_yaml import read

# What counted then as derived and was given by the application.
_GIVEN: Final = ("note_flags", "debts_before", "debts_total")
_UNITS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("days_overdue", "days_until_due", "days_left", "limitation_days_left", "prior_request_days"), "days"
    ),
    **dict.fromkeys(("months_to_clear", "months_until_resume"), "months"),
    **dict.fromkeys(("age", "social_insurance_years_local"), "years"),
    **dict.fromkeys(("creditors_overdue", "formal_demands", "household_size"), "count"),
}
UNSAID: Final = "no_source_named"  # the source, and the step, of what names none
NO_SOURCE: Final = ({"id": UNSAID, "status": "own_knowledge"},)
_TESTS: Final = ({"name": "none in this edition", "facts": {}, "unknown": True},)  # loaded, never run
_KEPT: Final = ("type", "title", "how", "values")


@cache
def formulas() -> dict[str, Any]:
    """The formulas by the fact they derived, or by what upcasting calls those of a form that had another."""
    return cast("dict[str, Any]", read((Path(__file__).parent / "past_formulas.yaml").read_bytes()))


@cache
def past_text(name: str) -> dict[str, str]:
    """A text that a past form did not have, in both languages."""
    texts = cast("dict[str, dict[str, str]]", read((Path(__file__).parent / "past_texts.yaml").read_bytes()))
    return texts[name]


def unsaid_source() -> dict[str, Any]:
    """The source of what names none."""
    return {"title": past_text("no_source"), "layer": "design"}


def with_formulas(data: Mapping[str, Any]) -> dict[str, Any]:
    """A pack of form 3 with its derived facts as files of their own.

    `formula` of a derived fact names one of the past where that form did not derive it as form 3 did.
    """
    stated: dict[str, Any] = {}
    files: dict[str, Any] = {}
    told = data["facts.yaml"]
    for name, fact in told["facts"].items():
        unit = {"unit": _UNITS[name]} if name in _UNITS else {}
        plain = {key: value for key, value in fact.items() if key not in ("derived", "inputs", "formula")}
        if not fact.get("derived"):
            stated[name] = {**plain, **unit}
        elif name in _GIVEN:
            stated[name] = {**plain, "given": True}
        else:
            files[f"facts/derived/{name}.yaml"] = {
                "how": past_text("not_said"),
                **{key: fact[key] for key in _KEPT if key in fact},
                **unit,
                "formula": formulas()[fact.get("formula", name)],
                "references": NO_SOURCE,
                "tests": _TESTS,
            }
    if "days_overdue" in stated and "due_date" in stated:
        files["facts/derived/days_overdue.yaml"] = {
            "how": past_text("not_said"),
            "formula": formulas()["days_overdue"],
            "references": NO_SOURCE,
            "tests": _TESTS,
        }
    references = {**data.get("references.yaml", {}), UNSAID: unsaid_source()}
    return {**data, **files, "facts.yaml": {**told, "facts": stated}, "references.yaml": references}
