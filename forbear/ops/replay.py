"""Replay: a stored decision is made once more, by its own pack and day and through both engines, and compared."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from forbear.base.packs import UnreadablePackError, stored_pack
from forbear.batch import decision_body
from forbear.batch.decision_body import Recorded
from forbear.batch.triage import evaluator
from forbear.ops.mended import Change, mend
from rules.decision.evaluate import Evaluation
from rules.decision.outcome import stored_outcome
from rules.facts import case_facts
from rules.pack.past.upcasting import FORM, upcast_outcome

BLOCK = 500  # decisions evaluated at once
_COLUMNS = f"d.id, c.case_ref, d.as_of, d.strategy, d.urgency, d.certain, d.engines_agree, {decision_body.COLUMNS}"
_FROM = 'FROM decision d JOIN case_version v ON v.id = d.case_version_id JOIN "case" c ON c.id = v.case_id'
_OF = """
    (CAST(:submitter AS text) IS NULL OR c.submitter = :submitter)
    AND (CAST(:ref AS text) IS NULL OR c.case_ref = :ref)
"""
_COUNT = text(f"SELECT count(*) {_FROM} WHERE {_OF}")
_NEXT = text(f"SELECT {_COLUMNS} {_FROM} WHERE {_OF} AND d.id > :after ORDER BY d.id LIMIT :size")


@dataclass(frozen=True)
class Replayed:
    """What making a decision again came to."""

    decision_id: int
    case_ref: str
    unreadable: str | None = None  # why it could not be made again
    differences: tuple[str, ...] = ()  # each as `outcome.strategy: was …, is …`
    mended: tuple[str, ...] = ()  # the faults of its form that explain what else differs


def count(session: Session, submitter: str | None, case_ref: str | None) -> int:
    """How many decisions there are, of a submitter and a case, or of all."""
    return int(session.connection().execute(_COUNT, {"submitter": submitter, "ref": case_ref}).scalar_one())


def replay(session: Session, submitter: str | None, case_ref: str | None) -> Iterator[Replayed]:
    """Every stored decision, of a submitter and a case, or of all, made again; in the order they were made."""
    after = 0
    while True:
        terms = {"submitter": submitter, "ref": case_ref, "after": after, "size": BLOCK}
        block = session.connection().execute(_NEXT, terms).all()
        if not block:
            return
        for _, rows in groupby(block, key=lambda row: (row.pack_sha256, row.as_of)):
            yield from _again(session, list(rows))
        after = block[-1].id


def _again(session: Session, rows: Sequence[Row[Any]]) -> Iterator[Replayed]:
    """Decisions of one pack and day. What was derived is left out, so that it is derived again."""
    try:
        pack = stored_pack(session, rows[0].pack_sha256)
    except UnreadablePackError as error:
        yield from (Replayed(row.id, row.case_ref, unreadable=error.message) for row in rows)
        return
    computed = {name for name in pack.formulas if pack.vocabulary.facts[name].derived}
    readable, given = [], []
    for row in rows:
        try:
            made = decision_body.recorded(session, row, row.submitted)
            facts = case_facts.read_facts(pack.vocabulary, made.facts)
        except ValueError:
            edition = f"{pack.manifest.id} {pack.manifest.version}"
            yield Replayed(row.id, row.case_ref, unreadable=f"Its facts are not those of the policy {edition}.")
        else:
            readable.append((row, made))
            given.append({name: value for name, value in facts.items() if name not in computed})
    for (row, made), evaluation in zip(readable, evaluator(pack, rows[0].as_of).evaluate(given), strict=True):
        changes = [(change, mend(pack.form, change)) for change in _changes(pack.form, row, made, evaluation)]
        mended = tuple(dict.fromkeys(why for _, why in changes if why is not None))
        differences = tuple(_told(change) for change, why in changes if why is None)
        yield Replayed(row.id, row.case_ref, differences=differences, mended=mended)


def _changes(form: int, row: Row[Any], made: Recorded, evaluation: Evaluation) -> Iterator[Change]:
    """Where a decision comes out otherwise."""
    facts = json.loads(case_facts.stored_facts(evaluation.facts))
    outcome = json.loads(stored_outcome(evaluation.outcome))
    was = upcast_outcome(made.outcome)
    if form < FORM:  # what a form of the past did not say cannot differ
        facts = {name: value for name, value in facts.items() if name in made.facts}
        said = {name for plan in was["plans"] for name in plan}
        outcome["plans"] = [
            {name: value for name, value in plan.items() if name in (said or plan)} for plan in outcome["plans"]
        ]
    columns = ("strategy", "urgency", "certain", "engines_agree")
    pairs = [
        *((name, getattr(row, name), getattr(evaluation.outcome, name)) for name in columns),
        *(
            (f"facts.{name}", made.facts.get(name), facts.get(name))
            for name in sorted(made.facts.keys() | facts.keys())
        ),
        *((f"outcome.{name}", was.get(name), outcome.get(name)) for name in sorted(was.keys() | outcome.keys())),
    ]
    yield from (Change(path, one, other, made.facts) for path, one, other in pairs if _text(one) != _text(other))


def _told(change: Change) -> str:
    return f"{change.path}: was {_text(change.was)}, is {_text(change.now)}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
