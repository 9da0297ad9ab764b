"""The worklist's rows as Forbear left them: a keyed hash of each, which nobody can make who only has the database.

What a row of the worklist says comes from decisions and reviews, but in ways that are the work of years: it is brought
up to them in place. So whoever changes a row has it sealed anew, last in the transaction, together with the number of
the case's newest review: an older row that is put back with its seal is behind its reviews or its decision.
"""

import json
from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from forbear.base.vault import Vault

# By name; what the database computes is left out. A column added later is covered where it has a value: rows from
# before it have none, and their seals hold.
_COVERS: Final = """
    d.case_id, d.submitter, d.case_ref, d.batch_id, d.received_at AT TIME ZONE 'UTC', d.decision_id, d.version_number,
    d.as_of, d.pack_sha256, d.strategy, d.decided_urgency, d.certain, d.engines_agree, d.deadline, d.valid_until,
    d.respond_by AT TIME ZONE 'UTC', d.due_at AT TIME ZONE 'UTC', d.product, d.days_overdue, d.overdue_bucket,
    d.failed_at AT TIME ZONE 'UTC', d.danger, d.danger_kinds, encode(d.danger_mac, 'hex'), d.raised_urgency,
    d.crisis_beside, d.contacted_at AT TIME ZONE 'UTC', d.call_at AT TIME ZONE 'UTC', d.status, d.changed, d.aged,
    d.chosen_strategy, d.assignee_id, d.follow_up_at AT TIME ZONE 'UTC', d.revision,
    (SELECT max(r.id) FROM review r WHERE r.case_id = d.case_id)
"""
_LATER: Final = "CASE WHEN d.city IS NULL THEN '[]' ELSE jsonb_build_array('city', d.city) END"
_DIGEST: Final = f"encode(sha256(convert_to((jsonb_build_array({_COVERS}) || {_LATER})::text, 'UTF8')), 'hex')"
_OF_CASES = text(f"""
    SELECT d.case_id, {_DIGEST} AS digest FROM desk_case d WHERE d.case_id = ANY(CAST(:cases AS bigint[]))
""")  # noqa: S608 - text of ours
_SEAL = text("""
    INSERT INTO desk_seal (case_id, mac)
    SELECT case_id, decode(mac, 'hex')
    FROM unnest(CAST(string_to_array(:cases, ',') AS bigint[]), string_to_array(:macs, ',')) AS sealed (case_id, mac)
    ON CONFLICT (case_id) DO UPDATE SET mac = excluded.mac
""")
_ALL = text(f"""
    SELECT d.case_id, {_DIGEST} AS digest, s.mac FROM desk_case d LEFT JOIN desk_seal s USING (case_id)
    WHERE d.case_id > :after ORDER BY d.case_id LIMIT :size
""")  # noqa: S608 - text of ours
_UNSEALED = text("""
    SELECT d.case_id FROM desk_case d LEFT JOIN desk_seal s USING (case_id)
    WHERE s.case_id IS NULL AND d.case_id > :after ORDER BY d.case_id LIMIT :size
""")
_GONE = text("""
    SELECT case_id FROM desk_seal s WHERE NOT EXISTS (SELECT FROM desk_case d WHERE d.case_id = s.case_id)
    UNION
    SELECT v.case_id FROM decision d JOIN case_version v ON v.id = d.case_version_id
    WHERE NOT EXISTS (SELECT FROM desk_case k WHERE k.case_id = v.case_id)
    ORDER BY case_id
""")
_BEHIND = text("""
    SELECT DISTINCT k.case_id FROM desk_case k
    JOIN case_version v ON v.case_id = k.case_id AND v.number >= k.version_number
    JOIN decision d ON d.case_version_id = v.id
    WHERE k.decision_id IS NULL OR (v.number, d.as_of, d.id) > (k.version_number, k.as_of, k.decision_id)
    ORDER BY k.case_id
""")
_BLOCK: Final = 5_000


def seal(session: Session, vault: Vault, cases: Collection[int]) -> None:
    """Seal the rows of these cases as they are now; one that is not there, or no more, has none."""
    if not cases:
        return
    found = session.connection().execute(_OF_CASES, {"cases": list(cases)}).all()
    # As two texts: psycopg takes as long to write a list of bytes as the rest does.
    sealed, macs = ",".join(str(row.case_id) for row in found), ",".join(_mac(vault, *row).hex() for row in found)
    session.connection().execute(_SEAL, {"cases": sealed, "macs": macs})


def adopt(session: Session, vault: Vault) -> int:
    """Seal every row of a record from before there were seals; answers how many."""
    after, adopted = 0, 0
    while cases := session.connection().execute(_UNSEALED, {"after": after, "size": _BLOCK}).scalars().all():
        seal(session, vault, cases)
        after, adopted = cases[-1], adopted + len(cases)
    return adopted


def faults(session: Session, vault: Vault) -> Iterator[tuple[int, str]]:
    """The cases whose row is not as Forbear left it, and what is wrong with each."""
    after = 0
    while block := session.connection().execute(_ALL, {"after": after, "size": _BLOCK}).all():
        for row in block:
            if row.mac is None:
                yield row.case_id, "there, though Forbear did not put it there"
            elif bytes(row.mac) != _mac(vault, row.case_id, row.digest):
                yield row.case_id, "not as Forbear left it"
        after = block[-1].case_id
    for case in session.connection().execute(_GONE).scalars():
        yield case, "missing, though the case is decided and not purged"
    for case in session.connection().execute(_BEHIND).scalars():
        yield case, "of an earlier decision than the newest"


def _mac(vault: Vault, case: int, digest: str) -> bytes:
    return vault.chain(json.dumps(["desk", case, digest]).encode())
