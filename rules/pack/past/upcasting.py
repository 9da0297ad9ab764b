"""Upcasting: what the record keeps in a form of the past, as today's form. One small step a form, kept for good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from rules.pack.past.past_formulas import NO_SOURCE, UNSAID, past_text, unsaid_source, with_formulas

FORM: Final = 5  # today's form of a pack: `form` in pack.yaml; packs before it do not say theirs

Data = Mapping[str, Any]  # the files of a pack, parsed, by their path
Parsed = dict[str, Any]


def form_of(data: Data) -> int:
    """The form of a pack: as pack.yaml says or, before packs said so, by what only that form had."""
    said = _entries(data, "pack.yaml").get("form")
    if said is not None:
        return said if type(said) is int and said > 0 else FORM  # what is wrong with it is told like any other fault
    strategies = _entries(data, "strategies.yaml").values()
    if not any(isinstance(each, dict) and "sound_when" in each for each in strategies):
        return 1
    facts = _entries(data, "facts.yaml").get("facts")
    return 3 if isinstance(facts, dict) and "debt_capacity" in facts else 2


def upcast_pack(data: Data) -> Parsed:
    """A pack in today's form."""
    for step in _STEPS[form_of(data) - 1 :]:
        data = step(data)
    return dict(data)


def upcast_outcome(data: Data) -> Parsed:
    """A stored outcome in today's form. What a form said already is left as it said it."""
    return {
        "lapsed": [],  # 0.1 knew of none
        **data,
        "deadlines": [_deadline(each) for each in data["deadlines"]],
    }


def _deadline(data: Data) -> Parsed:
    """0.1 kept one word, `assumed`, for a start and a calendar that are not known."""
    known = {"start_known": not data.get("assumed"), "calendar_known": True}
    return {**known, **_without(data, "assumed")}


def _from_1(data: Data) -> Parsed:
    """0.1 to 0.2: sources for everything, what speaks against a strategy, several plans for one."""
    sourced = {
        path: _each(data, path, lambda entry: {"references": NO_SOURCE, **entry})
        for path in ("hardships.yaml", "documents.yaml", "warnings.yaml", "steps.yaml")
    }
    steps = {**sourced["steps.yaml"], UNSAID: {"text": past_text("not_said"), "references": NO_SOURCE}}
    return {
        **data,
        **sourced,
        "steps.yaml": steps,
        "references.yaml": {**_entries(data, "references.yaml"), UNSAID: unsaid_source()},
        "strategies.yaml": _each(data, "strategies.yaml", _strategy_from_1),
        # Every red flag has made its case urgent since.
        "red_flags.yaml": _each(data, "red_flags.yaml", lambda entry: _without(entry, "urgent")),
        "facts.yaml": _computed_by(data, over_cap_amount="excess_over_ceiling_rounded_up"),
    }


def _strategy_from_1(entry: Data) -> Parsed:
    plan = entry.get("plan", "none")
    added = {"sound_when": past_text("not_said"), "against": past_text("not_said"), "next_steps": (UNSAID,)}
    return {**added, **_without(entry, "plan"), "plans": () if plan == "none" else (plan,)}


def _from_2(data: Data) -> Parsed:
    """0.2 to 0.3: months to clear from this debt's share of the capacity."""
    return {**data, "facts.yaml": _computed_by(data, months_to_clear="months_by_whole_capacity")}


def _from_3(data: Data) -> Parsed:
    """0.3 to form 4: a pack says which form it has, and has its own formulas. In the first editions of 0.3 two facts
    stood for the charges above the ceiling of the product; plans read one.
    """
    told = _computed_by(data, over_private_cap_amount="excess_over_private_cap")
    if "over_private_cap_amount" in told["facts"]:
        told = {**told, "facts": {"excess_charges": _excess(), **told["facts"]}}
    return with_formulas({**data, "facts.yaml": told, "pack.yaml": {**_entries(data, "pack.yaml"), "form": 4}})


def _excess() -> Parsed:
    return {
        "type": "money",
        "title": past_text("excess_charges"),
        "derived": True,
        "inputs": ("product", "principal", "interest_fees", "days_overdue", "contract_date"),
    }


def _from_4(data: Data) -> Parsed:
    """Form 4 to 5: danger has a grade, and a text says whom it is for and when.

    What words of danger raised was taken at its word, denied or not; all of it stood in the notes. A text that does
    not say is kept for the counsellor, and a strategy without a sentence to the client has no page for one.
    """
    told = _entries(data, "facts.yaml")
    facts: Parsed = told.get("facts") or {}
    free = {name: {"free": True, **fact} for name, fact in facts.items() if name == "notes" and isinstance(fact, dict)}
    unsaid = {"for": "counsellor", "when": "later", "rank": 999}
    return {
        **data,
        "facts.yaml": {**told, "facts": {**facts, **free}},
        "red_flags.yaml": {
            name: {"danger": {"kind": name, "grade": "explicit", "asks": _DANGERS[name]}, **entry}
            if _DANGERS.get(name) in facts and isinstance(entry, dict)
            else entry
            for name, entry in _entries(data, "red_flags.yaml").items()
        },
        **{
            path: _each(data, path, lambda entry: {**unsaid, **entry})
            for path in ("rights.yaml", "warnings.yaml", "steps.yaml")
        },
        "strategies.yaml": _each(data, "strategies.yaml", lambda entry: {"sentence": None, "call": None, **entry}),
        **({"negotiation.yaml": _signed(data["negotiation.yaml"])} if "negotiation.yaml" in data else {}),
        "pack.yaml": {**_entries(data, "pack.yaml"), "form": 5},
    }


def _signed(told: Any) -> Any:
    """negotiation.yaml, with what a letter ends with as the lines of a signature."""
    if not isinstance(told, dict) or not isinstance(told.get("signatures"), dict):
        return told
    signatures = {
        name: {"lines": lines} if isinstance(lines, list) else lines for name, lines in told["signatures"].items()
    }
    return {**told, "signatures": signatures}


# The red flags of danger that packs before form 5 had, and the fact that said the same.
_DANGERS: Final = {"self_harm": "self_harm_signal", "violence": "violence", "domestic_violence": "violence"}
# In order: the first from form 1.
_STEPS: Final[tuple[Callable[[Data], Parsed], ...]] = (_from_1, _from_2, _from_3, _from_4)


def _computed_by(data: Data, **formulas: str) -> Parsed:
    """facts.yaml, with the formula by which a fact was computed in that form, where it has been another since."""
    told = _entries(data, "facts.yaml")
    facts = {
        name: {**fact, "formula": formulas[name]} if name in formulas and isinstance(fact, dict) else fact
        for name, fact in (told.get("facts") or {}).items()
    }
    return {**told, "facts": facts}


def _entries(data: Data, path: str) -> Parsed:
    found = data.get(path)
    return found if isinstance(found, dict) else {}


def _each(data: Data, path: str, change: Callable[[Data], Parsed]) -> Parsed:
    """A file with each of its entries changed."""
    return {name: change(entry) if isinstance(entry, dict) else entry for name, entry in _entries(data, path).items()}


def _without(entry: Data, *keys: str) -> Parsed:
    return {name: value for name, value in entry.items() if name not in keys}
