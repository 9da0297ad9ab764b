"""Cases that could not be evaluated: on the queue for a person, who tries again or decides by hand, never nowhere.

Putting one there reads nothing of the case that may have broken the evaluation; its texts are looked through for danger
afterwards, in a transaction of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from forbear.base import working_hours
from forbear.base.compressed.submitted_facts import readable
from forbear.base.vault import private_of
from forbear.batch import publication
from forbear.batch.triage import danger_found, written
from forbear.desk import danger, siblings
from forbear.ledger.unit_of_work import Work
from models.case import CaseVersion
from rules.decision.danger import danger_of
from rules.decision.outcome import not_evaluated
from rules.facts import red_flags
from rules.locale import listed, said
from rules.pack.files.schema import Fact, Text
from rules.pack.pack import Pack

# Versions of failed chunks that are the newest of their case, and of which the queue does not know; each once, however
# many batches have it.
_UNKNOWN = text("""
    SELECT DISTINCT ON (v.id) v.id AS version, b.as_of, v.facts FROM chunk k
    JOIN batch b ON b.id = k.batch_id
    JOIN case_version v ON v.id = ANY(k.case_version_ids)
    LEFT JOIN desk_case d ON d.case_id = v.case_id
    WHERE k.status = 'failed'
        AND (d.case_id IS NULL OR d.failed_at IS NULL AND (d.version_number, d.as_of) < (v.number, b.as_of))
        AND NOT EXISTS (SELECT FROM case_version newer WHERE newer.case_id = v.case_id AND newer.number > v.number)
    ORDER BY v.id, b.as_of DESC LIMIT :at_once
""")
_AT_ONCE = 200
# What another batch decided since, or another process put there, stays as it is: the row tells once it is held.
_PLACE = text("""
    INSERT INTO desk_case AS desk (
        case_id, submitter, case_ref, batch_id, received_at, decision_id, version_number, as_of, pack_sha256, strategy,
        decided_urgency, certain, engines_agree, deadline, respond_by, due_at, product, days_overdue, overdue_bucket,
        failed_at, danger_kinds, crisis_beside, status, changed, revision
    )
    SELECT v.case_id, c.submitter, c.case_ref, v.batch_id, v.created_at, NULL, v.number, CAST(:as_of AS date), :pack,
        :strategy, :urgency, false, true, NULL, :respond_by, :respond_by, :product, NULL, NULL,
        :now, '{}', false, 'open', false, 1
    FROM case_version v JOIN "case" c ON c.id = v.case_id
    WHERE v.id = :version
    ON CONFLICT (case_id) DO UPDATE SET failed_at = excluded.failed_at,
        version_number = CASE WHEN desk.decision_id IS NULL THEN excluded.version_number ELSE desk.version_number END,
        respond_by = least(desk.respond_by, excluded.respond_by), due_at = least(desk.due_at, excluded.due_at),
        status = CASE desk.status WHEN 'escalated' THEN desk.status ELSE 'open' END, follow_up_at = NULL,
        revision = desk.revision + 1
        WHERE desk.failed_at IS NULL AND (desk.version_number, desk.as_of) < (excluded.version_number, excluded.as_of)
    RETURNING case_id
""")
_HEED = text("""
    UPDATE desk_case SET danger = least(danger, :grade), danger_mac = :mac,
        danger_kinds = ARRAY(SELECT DISTINCT unnest(danger_kinds || CAST(:kinds AS text[])) ORDER BY 1),
        raised_urgency = least(raised_urgency, :urgency), contacted_at = NULL, call_at = NULL,
        respond_by = least(respond_by, :answer_by), due_at = least(due_at, :answer_by),
        status = CASE status WHEN 'escalated' THEN status ELSE 'open' END, revision = revision + 1
    WHERE case_id = :case AND (danger_mac IS NULL OR danger_mac <> ALL(CAST(:met AS bytea[])))
""")
_VERSION = text("SELECT case_id, facts, private FROM case_version WHERE id = :version")
_FAILED = text("""
    SELECT k.batch_id, k.id AS chunk, coalesce(k.error, '') AS error FROM case_version v
    JOIN chunk k ON v.id = ANY(k.case_version_ids) AND k.status = 'failed'
    WHERE v.case_id = :case ORDER BY v.number DESC, k.id DESC LIMIT 1
""")


def put_on_desk(work: Work, active: Callable[[], Pack]) -> list[int]:
    """Put some cases that could not be evaluated on the queue; answers their versions, to be looked through."""
    rows = work.session.connection().execute(_UNKNOWN, {"at_once": _AT_ONCE}).all()
    if not rows:
        return []
    pack = active()
    if publication.keep(work, pack):
        publication.note(work, pack)
    found = not_evaluated(pack)
    values = {
        "pack": pack.sha256,
        "strategy": found.strategy,
        "urgency": pack.manifest.disagreement.urgency,
        "respond_by": working_hours.answers_by(pack, found.urgency, work.now) or work.now,
        "now": work.now,
    }
    placed = {}
    for row in rows:
        product = readable(work.session, row.facts).get("product")
        about = {"version": row.version, "as_of": row.as_of, "product": product}
        case = work.session.connection().execute(_PLACE, {**values, **about}).scalar_one_or_none()
        if case is not None:
            placed[row.version] = case
    work.touch(placed.values())
    for case in placed.values():
        work.note("moved", f"case:{case}", {"why": "failed"})
    siblings.spread(work, placed.values())
    return list(placed)


def heed(work: Work, version: int, active: Callable[[], Pack]) -> None:
    """Raise a case that could not be evaluated where its texts or facts speak of danger."""
    row = work.session.connection().execute(_VERSION, {"version": version}).one()
    pack = active()
    given = readable(work.session, row.facts)
    texts = tuple(written(pack, given, private_of(work.vault, version, row.private)))
    facts = {**given, "note_flags": red_flags.scan_case(pack, given, texts)}
    found = danger_found(pack, facts, danger_of(pack, facts), texts, work.vault)
    if found.grade is None:
        return
    urgency = danger.urgency_of(found.grade, found.kinds)
    values = {
        "case": row.case_id,
        "answer_by": working_hours.by_the_clock(pack, urgency, work.now),
        "grade": found.grade,
        "kinds": list(found.kinds),
        "mac": found.mac,
        "met": list(found.met),
        "urgency": urgency,
    }
    work.session.connection().execute(_HEED, values)
    work.touch([row.case_id])
    work.note("danger", f"case:{row.case_id}", {"grade": found.grade, "kinds": sorted(found.kinds)})
    siblings.spread(work, [row.case_id])


@dataclass(frozen=True)
class FailedEvaluation:
    """Where a case went wrong: the work that failed, and a kind and place of the code, never data."""

    batch_id: UUID
    chunk: int
    error: str


def failed_evaluation(session: Session, case_id: int) -> FailedEvaluation | None:
    """What failed on a case last; None where nothing waits to be tried again."""
    row = session.connection().execute(_FAILED, {"case": case_id}).first()
    return None if row is None else FailedEvaluation(*row)


def plain_facts(session: Session, case_id: int, pack: Pack) -> tuple[tuple[Text, Text], ...]:
    """The newest facts of a case as they are stored, for a person: nothing is made of what may have broken the rest."""
    newest = select(CaseVersion.facts).where(CaseVersion.case_id == case_id).order_by(col(CaseVersion.number).desc())
    known = pack.vocabulary.facts
    facts = readable(session, session.exec(newest.limit(1)).one())
    return tuple((known[name].title, _plain(known[name], value)) for name, value in facts.items() if name in known)


def _plain(fact: Fact, value: object) -> Text:
    """A stored value as it may be read by a person."""
    if isinstance(value, bool):
        return said("value.yes" if value else "value.no")
    if fact.type in ("money", "rate") and isinstance(value, int):
        value = f"{value // 100}.{value % 100:02}"
    each = [fact.values.get(str(one)) for one in value] if isinstance(value, list) else [fact.values.get(str(value))]
    known = [one for one in each if one is not None]
    if known and len(known) == len(each):
        return listed(Text(zh=one.zh, en=one.en) for one in known)
    return Text(zh=str(value), en=str(value))
