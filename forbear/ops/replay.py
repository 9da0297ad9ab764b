"""Replay: a stored decision is made once more, by its own pack and day and through both engines, and compared."""

import datetime as dt
import json
import multiprocessing
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Engine, Row, text
from sqlmodel import Session

from forbear.base.compressed.submitted_facts import facts_in
from forbear.base.packs import UnreadablePackError, stored_pack
from forbear.base.settings import share_cores
from forbear.batch import decision_body
from forbear.batch.decision_body import OpenedBody, Recorded
from forbear.batch.triage import evaluator
from forbear.ops.mended import Change, mend
from models.database.session import make_engine, snapshot
from rules.decision.evaluate import Evaluation
from rules.decision.outcome import stored_outcome
from rules.facts import case_facts
from rules.facts.case_facts import Facts
from rules.pack.pack import Pack
from rules.pack.past.upcasting import FORM, upcast_outcome

BLOCK = 2_000  # decisions evaluated at once
RANGE = 2 * BLOCK  # ids that a process is given at once
ALONE = 2 * RANGE  # decisions up to which other processes take longer to begin than to replay
_COLUMNS = f"d.id, c.case_ref, d.as_of, d.strategy, d.urgency, d.certain, d.engines_agree, {decision_body.COLUMNS}"
_FROM = 'FROM decision d JOIN case_version v ON v.id = d.case_version_id JOIN "case" c ON c.id = v.case_id'
_OF = """
    (CAST(:submitter AS text) IS NULL OR c.submitter = :submitter)
    AND (CAST(:ref AS text) IS NULL OR c.case_ref = :ref)
"""
_COUNT = text(f"SELECT count(*) {_FROM} WHERE {_OF}")
_NEXT = text(f"SELECT {_COLUMNS} {_FROM} WHERE {_OF} AND d.id > :after AND d.id <= :last ORDER BY d.id LIMIT :size")
_ENDS = text(f"SELECT coalesce(min(d.id), 1), coalesce(max(d.id), 0) {_FROM} WHERE {_OF}")


class _Stored(NamedTuple):
    """A stored decision with what it was made of."""

    row: Row[Any]
    submitted: dict[str, Any]
    body: OpenedBody | None
    given: Facts  # what was submitted, as it was read
    facts: Facts  # what it was decided by, without what was derived: that is derived again


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


def replay(
    session: Session, submitter: str | None, case_ref: str | None, ids: tuple[int, int] | None = None
) -> Iterator[Replayed]:
    """Stored decisions of a submitter and a case, or all, made again; in the order they were made.

    `ids` are the first and the last of those that are looked at.
    """
    terms = {"submitter": submitter, "ref": case_ref}
    first, last = ids or session.connection().execute(_ENDS, terms).one()
    after = first - 1
    while block := session.connection().execute(_NEXT, {**terms, "after": after, "last": last, "size": BLOCK}).all():
        groups: dict[tuple[str, dt.date], list[Row[Any]]] = {}
        for row in block:
            groups.setdefault((row.pack_sha256, row.as_of), []).append(row)
        found = [each for rows in groups.values() for each in _again(session, rows)]
        yield from sorted(found, key=lambda each: each.decision_id)
        after = block[-1].id


def replay_all(url: str, submitter: str | None, processes: int) -> Iterator[Replayed]:
    """Every decision, of a submitter or of all, made again by several processes; in the order they were made."""
    engine = make_engine(url, "forbear replay")
    try:
        with snapshot(engine) as session:
            first, last = session.connection().execute(_ENDS, {"submitter": submitter, "ref": None}).one()
            if processes == 1 or count(session, submitter, None) <= ALONE:
                yield from replay(session, submitter, None)
                return
    finally:
        engine.dispose()
    ranges = [(start, min(last, start + RANGE - 1)) for start in range(first, last + 1, RANGE)]
    share_cores()
    # Polars does not survive a fork.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(partial(_range, url, submitter), ranges):
            yield from found


def _range(url: str, submitter: str | None, ids: tuple[int, int]) -> list[Replayed]:
    """What one process is given."""
    with snapshot(_engine(url)) as session:
        return list(replay(session, submitter, None, ids))


@cache
def _engine(url: str) -> Engine:
    return make_engine(url, "forbear replay")


def _again(session: Session, rows: Sequence[Row[Any]]) -> Iterator[Replayed]:
    """Decisions of one pack and day. What was derived is left out, so that it is derived again."""
    try:
        pack = stored_pack(session, rows[0].pack_sha256)
    except UnreadablePackError as error:
        yield from (Replayed(row.id, row.case_ref, unreadable=error.message) for row in rows)
        return
    computed = {name for name in pack.formulas if pack.vocabulary.facts[name].derived}
    readable = []
    for row in rows:
        try:
            readable.append(_read(session, pack, row, computed))
        except ValueError:
            edition = f"{pack.manifest.id} {pack.manifest.version}"
            yield Replayed(row.id, row.case_ref, unreadable=f"Its facts are not those of the policy {edition}.")
    again = evaluator(pack, rows[0].as_of).evaluate([each.facts for each in readable], dated=False)
    for stored, evaluation in zip(readable, again, strict=True):
        row = stored.row
        if _identical(pack, stored, evaluation):
            yield Replayed(row.id, row.case_ref)
            continue
        made = decision_body.recorded(session, row, stored.submitted)
        changes = [(change, mend(pack.form, change)) for change in _changes(pack.form, row, made, evaluation)]
        mended = tuple(dict.fromkeys(why for _, why in changes if why is not None))
        differences = tuple(_told(change) for change, why in changes if why is None)
        yield Replayed(row.id, row.case_ref, differences=differences, mended=mended)


def _read(session: Session, pack: Pack, row: Row[Any], computed: Collection[str]) -> _Stored:
    """A decision's facts. Raises ValueError for what is not of its pack."""
    submitted = facts_in(session, row.submitted)
    body = decision_body.opened(session, row)
    if body is None:
        made = decision_body.recorded(session, row, submitted)
        facts = case_facts.read_facts(pack.vocabulary, made.facts)
        return _Stored(row, submitted, None, {}, {name: each for name, each in facts.items() if name not in computed})
    changed = body.added.keys() & submitted.keys()
    changed.update(body.gone)
    kept = {name: each for name, each in submitted.items() if name not in changed} if changed else submitted
    given = case_facts.read_facts(pack.vocabulary, kept)
    added = {name: each for name, each in body.added.items() if name not in computed}
    facts = {**given, **case_facts.read_facts(pack.vocabulary, added)}
    if changed:
        others = {name: each for name, each in submitted.items() if name in changed}
        given |= case_facts.read_facts(pack.vocabulary, others, lenient=True)
    return _Stored(row, submitted, body, given, facts)


def _identical(pack: Pack, stored: _Stored, evaluation: Evaluation) -> bool:
    """Whether what comes out is, byte by byte, what is stored: then there is nothing to look for field by field.

    Facts that stand in for submitted ones are given here and not derived, so those that were added are written in the
    order in which they were.
    """
    row, body, outcome, facts = stored.row, stored.body, evaluation.outcome, evaluation.facts
    columns = (outcome.strategy, outcome.urgency, outcome.certain, outcome.engines_agree)
    if body is None or columns != (row.strategy, row.urgency, row.certain, row.engines_agree):
        return False
    in_order = {name: facts[name] for name in body.added if name in facts}
    for name, value in facts.items():
        in_order.setdefault(name, value)
    return decision_body.uncompressed(stored.submitted, stored.given, in_order, outcome) == body.written


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
