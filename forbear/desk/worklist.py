"""The worklist: each decided case's item, kept in step with its decisions, and counts of what was decided."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json
from sqlalchemy import text
from sqlmodel import Session

from forbear.base import working_hours
from forbear.base.settings import settings
from forbear.desk import siblings
from forbear.ledger.unit_of_work import Work
from forbear.webhooks import notifications
from models.database.copy import copy_into
from rules.decision.evaluate import Evaluation
from rules.pack.files.red_flags import Grade
from rules.pack.pack import Pack

_FAR = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
# The row of a newer decision replaces the older one's. A case that a person dealt with comes back to the queue only if
# it is recommended something else now, and one that is with a supervisor stays there; the time to answer runs anew only
# if the urgency is another. Danger that was found in the same words as before is as settled as it was; found in others
# it is there anew, and the case comes back; found no more, it stays until a person settles it, but for danger that was
# only possible and that an answer denies. Its decision is asked for case by case: who has not counted them yet would
# read all that the pack decided that day.
_TERMS = {
    "same": "((desk.strategy, desk.decided_urgency) = (excluded.strategy, excluded.decided_urgency))",
    "same_urgency": "(desk.decided_urgency = excluded.decided_urgency)",
    "danger_anew": """(
        excluded.danger IS NOT NULL AND desk.danger_mac IS DISTINCT FROM excluded.danger_mac AND NOT coalesce(
            CAST(:formers AS jsonb) ->> encode(excluded.danger_mac, 'hex') = encode(desk.danger_mac, 'hex'), false
        )
    )""",
    "denied": """(
        desk.danger = 'possible' AND desk.raised_urgency IS NULL AND excluded.danger IS NULL
        AND desk.danger_kinds <@ ARRAY(
            SELECT jsonb_array_elements_text(CAST(:denied AS jsonb) -> CAST(excluded.case_id AS text))
        )
    )""",
}
_PLACE = text(
    """
    INSERT INTO desk_case AS desk (
        case_id, submitter, case_ref, batch_id, received_at, decision_id, version_number, as_of, pack_sha256, strategy,
        decided_urgency, certain, engines_agree, deadline, valid_until, respond_by, due_at, product, days_overdue,
        overdue_bucket, city, danger, danger_kinds, danger_mac, crisis_beside, status, changed, revision
    )
    SELECT decided.case_id, submitter, case_ref, batch_id, received_at, decision_id, number, as_of, pack_sha256,
        strategy, urgency, certain, engines_agree, deadline, valid_until, answer.respond_by,
        least(answer.respond_by, CAST(deadline AS timestamp) AT TIME ZONE :zone), product, days_overdue, overdue_bucket,
        city, found.grade, coalesce(found.kinds, '{{}}'), decode(found.mac, 'hex'), false, 'open', false, 1
    FROM (
        SELECT v.case_id, c.submitter, c.case_ref, v.batch_id, v.created_at AS received_at, d.id AS decision_id,
            v.number, d.as_of, d.pack_sha256, d.strategy, d.urgency, d.certain, d.engines_agree,
            shown.deadline, d.valid_until,
            coalesce(d.created_at + CAST(CAST(:hours AS jsonb) ->> d.urgency AS integer) * interval '1 hour', :far)
                AS respond_by,
            shown.product, shown.days_overdue, shown.overdue_bucket, shown.city
        FROM jsonb_to_recordset(CAST(:shown AS jsonb)) AS shown
            (version bigint, deadline date, product text, days_overdue integer, overdue_bucket text, city text)
        CROSS JOIN LATERAL (
            SELECT * FROM decision
            WHERE case_version_id = shown.version AND pack_sha256 = :pack AND as_of = :as_of LIMIT 1
        ) d
        JOIN case_version v ON v.id = d.case_version_id
        JOIN "case" c ON c.id = v.case_id
    ) decided
    LEFT JOIN jsonb_to_recordset(CAST(:dangers AS jsonb)) AS found (case_id bigint, grade text, kinds text[], mac text)
        ON found.case_id = decided.case_id
    CROSS JOIN LATERAL (SELECT CASE WHEN found.grade IS NOT NULL THEN decided.respond_by
        ELSE coalesce(CAST(CAST(:worked AS jsonb) ->> urgency AS timestamptz), decided.respond_by) END AS respond_by
    ) answer
    ORDER BY decided.case_id
    ON CONFLICT (case_id) DO UPDATE SET
        batch_id = excluded.batch_id, received_at = excluded.received_at, decision_id = excluded.decision_id,
        version_number = excluded.version_number, as_of = excluded.as_of, pack_sha256 = excluded.pack_sha256,
        strategy = excluded.strategy, decided_urgency = excluded.decided_urgency, certain = excluded.certain,
        engines_agree = excluded.engines_agree, deadline = excluded.deadline, valid_until = excluded.valid_until,
        product = excluded.product,
        days_overdue = excluded.days_overdue, overdue_bucket = excluded.overdue_bucket, city = excluded.city,
        respond_by = CASE WHEN {same_urgency} AND NOT {danger_anew} THEN desk.respond_by
            ELSE excluded.respond_by END,
        due_at = least(
            CASE WHEN {same_urgency} AND NOT {danger_anew} THEN desk.respond_by ELSE excluded.respond_by END,
            CAST(excluded.deadline AS timestamp) AT TIME ZONE :zone
        ),
        status = CASE WHEN {same} AND NOT {danger_anew} OR desk.status = 'escalated' THEN desk.status ELSE 'open' END,
        follow_up_at = CASE WHEN {same} AND NOT {danger_anew} THEN desk.follow_up_at END,
        changed = desk.changed OR (desk.status <> 'open' AND NOT {same}),
        danger = CASE WHEN {danger_anew} THEN least(desk.danger, excluded.danger)
            WHEN {denied} THEN NULL ELSE desk.danger END,
        danger_kinds = CASE
            WHEN {danger_anew} THEN ARRAY(SELECT DISTINCT unnest(desk.danger_kinds || excluded.danger_kinds) ORDER BY 1)
            WHEN {denied} THEN '{{}}' ELSE desk.danger_kinds END,
        danger_mac = excluded.danger_mac,
        contacted_at = CASE WHEN {danger_anew} THEN NULL ELSE desk.contacted_at END,
        call_at = CASE WHEN {danger_anew} THEN NULL ELSE desk.call_at END,
        failed_at = CASE WHEN excluded.version_number < (
            SELECT max(number) FROM case_version WHERE case_id = excluded.case_id
        ) THEN desk.failed_at END,
        revision = desk.revision + 1
    WHERE desk.decision_id IS NULL AND excluded.version_number >= desk.version_number
        OR (excluded.version_number, excluded.as_of, excluded.decision_id)
            > (desk.version_number, desk.as_of, desk.decision_id)
    RETURNING WITH (OLD AS before, NEW AS after) after.case_id, after.case_ref, after.submitter, after.decision_id,
        before.decision_id AS old_decision_id, before.strategy AS old_strategy, after.strategy,
        before.decided_urgency AS old_urgency, after.decided_urgency AS urgency, after.assignee_id,
        before.status = 'waiting' AND before.version_number < after.version_number AS answered,
        before.version_number = after.version_number AS by_time
""".format(**_TERMS)  # noqa: S608 - text of ours
)


@dataclass(frozen=True)
class DecisionChanged:
    """A case whose current decision is a new one. What was recommended before is None for a case new to the desk."""

    case_id: int
    case_ref: str
    submitter: str
    decision_id: int
    old_decision_id: int | None
    old_strategy: str | None
    strategy: str
    old_urgency: str | None
    urgency: str
    assignee_id: int | None = None
    answered: bool | None = None  # newer facts of a case that waited for them
    by_time: bool | None = None  # the same facts on a later day, or by another pack

    @property
    def changed(self) -> bool:
        """Whether something else is recommended than before."""
        return self.old_strategy is not None and (self.old_strategy, self.old_urgency) != (self.strategy, self.urgency)

    @property
    def reference(self) -> dict[str, Any]:
        """What names this decision to others, and says nothing about the case."""
        return {"submitter": self.submitter, "case_ref": self.case_ref, "decision_id": self.decision_id}


@dataclass(frozen=True)
class DangerFound:
    """What a decision found of danger in a case that nobody has answered; None where there is none."""

    grade: Grade | None
    kinds: tuple[str, ...]
    denied: tuple[str, ...]  # kinds that the facts deny
    met: tuple[bytes, ...] = (b"",)  # keyed hash of what it was found in, and what it may be in the record besides

    @property
    def mac(self) -> bytes:
        """The keyed hash of what it was found in."""
        return self.met[0]


@dataclass(frozen=True)
class QueueFields:
    """What the queue shows and filters by of a decision, beside the decision's own columns."""

    deadline: dt.date | None
    product: str | None
    days_overdue: int | None
    overdue_bucket: str | None
    city: str | None = None

    @classmethod
    def of(cls, pack: Pack, evaluation: Evaluation) -> "QueueFields":
        """Of a case that was evaluated. A day by which the lender answers is no deadline of the borrower's."""
        facts = evaluation.facts
        ours = (each.date for each in evaluation.outcome.deadlines if pack.deadlines[each.id].whose == "borrower")
        names = ("product", "days_overdue", "overdue_bucket", "city")
        product, days, bucket, city = (facts.get(name) for name in names)
        return cls(
            min(ours, default=None),
            product if isinstance(product, str) else None,
            days if isinstance(days, int) else None,
            bucket if isinstance(bucket, str) else None,
            city if isinstance(city, str) else None,
        )


def place(
    work: Work, pack: Pack, shown: Mapping[int, QueueFields], as_of: dt.date, dangers: Mapping[int, DangerFound]
) -> list[DecisionChanged]:
    """Bring the desk up to the decisions just written on case versions; answers the cases it changed.

    What is `shown` is by version, `dangers` are by case.
    """
    found = [
        {"case_id": case, "grade": each.grade, "kinds": each.kinds, "mac": each.mac.hex()}
        for case, each in dangers.items()
        if each.grade is not None
    ]
    values = {
        "shown": to_json([{"version": version, **vars(each)} for version, each in shown.items()]).decode(),
        "pack": pack.sha256,
        "as_of": as_of,
        "zone": pack.manifest.timezone,
        "far": _FAR,
        "hours": json.dumps(pack.manifest.response_hours),
        "worked": json.dumps(_worked(pack, work.now)),
        "dangers": json.dumps(found),
        "formers": json.dumps({each.mac.hex(): each.met[1].hex() for each in dangers.values() if each.met[1:]}),
        "denied": json.dumps({case: each.denied for case, each in dangers.items() if each.denied}),
    }
    placed = [DecisionChanged(*row) for row in work.session.connection().execute(_PLACE, values).all()]
    work.touch(each.case_id for each in placed)
    for each in placed:
        if each.assignee_id is not None and (each.answered or (each.by_time and each.changed)):
            kind = "answered" if each.answered else "aged"
            notifications.tell(work, kind, each.case_id, [each.assignee_id], f"decision:{each.decision_id}")
    siblings.spread(work, (each.case_id for each in placed))
    return placed


def _worked(pack: Pack, now: dt.datetime) -> dict[str, str]:
    """By when decisions of this moment are answered, by urgency; nothing where time runs day and night."""
    if working_hours.working_day(settings().working_hours, pack.manifest.timezone) is None:
        return {}
    by = {urgency: working_hours.answers_by(pack, urgency, now) for urgency in pack.manifest.response_hours}
    return {urgency: at.isoformat() for urgency, at in by.items() if at is not None}


def count(work: Work, pack: Pack, submitter: str, evaluations: Iterable[Evaluation]) -> None:
    """Add decisions to the day's tallies: by strategy and urgency, by rule that fired, and disagreements."""
    tally: Counter[tuple[str, str, str]] = Counter()
    for evaluation in evaluations:
        outcome = evaluation.outcome
        tally["decided", outcome.strategy, outcome.urgency] += 1
        tally.update(("fired", rule, "") for rule in outcome.rules_fired)
        if not outcome.engines_agree:
            tally["disagreed", outcome.strategy, ""] += 1
    note(work.session, submitter, tally, work.now.astimezone(ZoneInfo(pack.manifest.timezone)).date())


def note(session: Session, submitter: str, tally: Mapping[tuple[str, str, str], int], day: dt.date) -> None:
    """Append counts of (measure, subject, detail) to a day's tallies."""
    rows = [(day, submitter, measure, subject, detail, n) for (measure, subject, detail), n in tally.items()]
    copy_into(session, "daily_tally", ("day", "submitter", "measure", "subject", "detail", "count"), rows)
