"""Replay: a stored decision is made once more, by its own pack and day and through both engines, and compared."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row, text
from sqlmodel import Session

from forbear.base.packs import UnreadablePackError, stored_pack
from forbear.batch.triage import evaluator
from rules.decision.evaluate import Evaluation
from rules.decision.outcome import stored_outcome
from rules.facts import case_facts
from rules.facts.derived import FORMULAS

BLOCK = 500  # decisions evaluated at once
_COLUMNS = (
    "d.id, c.case_ref, d.pack_sha256, d.as_of, d.strategy, d.urgency, d.certain, d.engines_agree, d.facts, d.outcome"
)
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
    unreadable: bool  # its pack cannot be read any more
    differences: tuple[str, ...] = ()  # each as `outcome.strategy: was …, is …`


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
        known = [case_facts.read_facts(pack.vocabulary, row.facts) for row in rows]
    except UnreadablePackError:
        yield from (Replayed(row.id, row.case_ref, unreadable=True) for row in rows)
        return
    given = [{name: value for name, value in facts.items() if name not in FORMULAS} for facts in known]
    for row, evaluation in zip(rows, evaluator(pack, rows[0].as_of).evaluate(given), strict=True):
        yield Replayed(row.id, row.case_ref, unreadable=False, differences=tuple(_differences(row, evaluation)))


def _differences(row: Row[Any], evaluation: Evaluation) -> Iterator[str]:
    outcome = evaluation.outcome
    for name in ("strategy", "urgency", "certain", "engines_agree"):
        yield from _compare(name, getattr(row, name), getattr(outcome, name))
    yield from _compare("facts", row.facts, json.loads(case_facts.stored_facts(evaluation.facts)))
    yield from _compare("outcome", row.outcome, json.loads(stored_outcome(outcome)))


def _compare(path: str, was: Any, now: Any) -> Iterator[str]:
    """Where two JSON values differ, as deep as they are objects."""
    if isinstance(was, dict) and isinstance(now, dict):
        for key in sorted(was.keys() | now.keys()):
            yield from _compare(f"{path}.{key}", was.get(key), now.get(key))
    elif _text(was) != _text(now):
        yield f"{path}: was {_text(was)}, is {_text(now)}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
