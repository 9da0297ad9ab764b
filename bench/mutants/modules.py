"""The modules that are mutated, each with the tests that should notice."""

from typing import Final

# What is mutated, and the tests that should notice. `True`: they need PostgreSQL.
MODULES: Final[dict[str, tuple[str, tuple[str, ...], bool]]] = {
    "hit_policy": (
        "rules/decision/hit_policy.py",
        ("rules/decision/test_hit_policy", "rules/decision/test_outcome", "rules/decision/outlook/test_certain"),
        False,
    ),
    "outcome": (
        "rules/decision/outcome.py",
        ("rules/decision/test_deadlines", "rules/decision/test_outcome", "rules/decision/test_stale_parameters"),
        False,
    ),
    "evaluate": (
        "rules/decision/evaluate.py",
        ("rules/decision/test_evaluate", "rules/decision/test_outcome", "rules/decision/outlook/test_counterfactuals"),
        False,
    ),
    "stale_parameters": ("rules/decision/stale_parameters.py", ("rules/decision/test_stale_parameters",), False),
    "counterfactuals": (
        "rules/decision/outlook/counterfactuals.py",
        ("rules/decision/outlook/test_counterfactuals",),
        False,
    ),
    "near_misses": ("rules/decision/outlook/near_misses.py", ("rules/decision/outlook/test_near_misses",), False),
    "reasons": (
        "rules/decision/reasons.py",
        ("rules/decision/test_reasons", "rules/decision/test_outcome"),
        False,
    ),
    "repayment": ("rules/decision/repayment.py", ("rules/decision/test_plans", "rules/decision/test_repayment"), False),
    "derived_frame": (
        "rules/decision/derived_frame.py",
        ("rules/decision/test_derived_frame",),
        False,
    ),
    "interpreter": ("rules/engines/interpreter.py", ("rules/engines/test_interpreter",), False),
    "bounds": ("rules/formulas/bounds.py", ("rules/formulas/test_bounds", "rules/formulas/test_reader"), False),
    "reader": (
        "rules/formulas/reader.py",
        ("rules/formulas/test_reader",),
        False,
    ),
    "derivation": (
        "rules/formulas/derivation.py",
        ("rules/formulas/test_surroundings",),
        False,
    ),
    "ends": ("rules/formulas/ends.py", ("rules/formulas/test_ends",), False),
    "dates": ("rules/formulas/dates.py", ("rules/formulas/test_dates",), False),
    "formula_loader": ("rules/formulas/loader.py", ("rules/formulas/test_loader",), False),
    "units": ("rules/formulas/units.py", ("rules/formulas/test_units", "rules/formulas/test_loader"), False),
    "affordability": ("rules/facts/affordability.py", ("rules/facts/test_affordability",), False),
    "case_facts": ("rules/facts/case_facts.py", ("rules/facts/test_case_facts",), False),
    "cells": ("rules/facts/cells.py", ("rules/facts/test_cell_boundaries", "rules/facts/test_cells"), False),
    "numbers": ("rules/facts/numbers.py", ("rules/facts/test_numbers", "rules/facts/test_cells"), False),
    "vocabulary": ("rules/facts/vocabulary.py", ("rules/facts/test_vocabulary",), False),
    "legal_days": ("rules/facts/legal_days.py", ("rules/facts/test_legal_days",), False),
    "red_flags": ("rules/facts/red_flags.py", ("rules/facts/test_red_flags",), False),
    "negation": (
        "rules/facts/phrases/negation.py",
        ("rules/facts/phrases/test_negation", "rules/facts/test_red_flags"),
        False,
    ),
    "references": (
        "rules/pack/references.py",
        ("rules/pack/test_references", "rules/loading/test_loader"),
        False,
    ),
    "chunks": ("forbear/batch/chunks.py", ("forbear/batch/test_claims", "forbear/batch/test_lanes"), True),
    "triage": (
        "forbear/batch/triage.py",
        ("forbear/batch/test_triage", "forbear/batch/test_taken_over", "forbear/batch/test_at_once"),
        True,
    ),
    "recorded_decision": ("forbear/batch/recorded_decision.py", ("forbear/batch/test_recorded_decision",), True),
    "ledger": ("forbear/ledger/ledger.py", ("forbear/ledger/test_ledger",), True),
    "audit": ("forbear/ledger/audit.py", ("forbear/ledger/test_audit",), True),
    "unit_of_work": ("forbear/ledger/unit_of_work.py", ("forbear/ledger/test_unit_of_work",), True),
    "review": ("forbear/desk/review.py", ("forbear/desk/test_review",), True),
    "assignment": ("forbear/desk/assignment.py", ("forbear/desk/test_assignment",), True),
    "worklist": ("forbear/desk/worklist.py", ("forbear/desk/test_worklist",), True),
    "workflow": ("forbear/case/workflow.py", ("forbear/case/test_workflow",), False),
    "acting": ("forbear/case/acting.py", ("forbear/case/test_acting",), True),
    "corrections": ("forbear/case/corrections.py", ("forbear/case/test_answers",), True),
}
