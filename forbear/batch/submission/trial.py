"""A trial: a case is decided as it would be, and nothing of it is kept. For programs that are being written."""

import datetime as dt

from forbear.batch.recorded_decision import RecordedDecision
from forbear.batch.triage import evaluator
from forbear.intake import Accepted
from rules.decision.safety_hold import SafetyHold, decided_danger, held_back
from rules.facts import red_flags
from rules.facts.texts import texts_of
from rules.pack.pack import Pack


def tried(pack: Pack, row: Accepted, as_of: dt.date) -> RecordedDecision:
    """The decision on a case by itself, by the pack that new cases are decided by: held back where danger is in it."""
    texts = tuple(texts_of(pack, row.facts, row.private, row.extra))
    flags = red_flags.scan_case(pack, row.facts, texts)
    (evaluation,) = evaluator(pack, as_of).evaluate([{**row.facts, "note_flags": flags}])
    found = decided_danger(pack, evaluation.facts, evaluation.outcome)
    hold = None if found is None or found.answered else SafetyHold(found.grade, found.kinds)
    alarms = red_flags.red_flag_matches(
        pack, flags, (match for each in texts for match in red_flags.matches(pack, each))
    )
    outcome = evaluation.outcome if hold is None else held_back(pack, evaluation.outcome)
    until = evaluation.valid_until
    return RecordedDecision(row.case_ref, pack, as_of, evaluation.facts, outcome, alarms, hold, until)
