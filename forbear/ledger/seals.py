"""The worklist's rows as Forbear left them: a keyed hash of each, which nobody can make who only has the database.

What a row of the worklist says comes from decisions and reviews, but in ways that are the work of years: it is brought
up to them in place. So whoever changes a row has it sealed anew, last in the transaction, together with the number of
the case's newest review: an older row that is put back with its seal is behind its reviews or its decision.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Row, text
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
    SELECT d.case_id, {_DIGEST} AS digest, s.mac, d.danger_mac FROM desk_case d LEFT JOIN desk_seal s USING (case_id)
    WHERE d.case_id > :after ORDER BY d.case_id LIMIT :size
""")  # noqa: S608 - text of ours
_TO_RENEW = text(f"{_ALL.text.rstrip()} FOR NO KEY UPDATE OF d SKIP LOCKED")
_LIFT = text("UPDATE desk_case SET danger_mac = :mac WHERE case_id = :case")
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
_KNOWN = text("SELECT subject, told, now, generation FROM resealed WHERE subject = ANY(CAST(:subjects AS text[]))")
_KEEP = text("""
    INSERT INTO resealed (subject, told, now, generation, mac)
    SELECT * FROM unnest(
        CAST(:subject AS text[]), CAST(:told AS bytea[]), CAST(:now AS bytea[]), CAST(:generation AS smallint[]),
        CAST(:mac AS bytea[])
    )
    ON CONFLICT (subject) DO UPDATE SET
        told = excluded.told, now = excluded.now, generation = excluded.generation, mac = excluded.mac
""")
_KEPT = text("SELECT subject, told, now, mac FROM resealed WHERE subject > :after ORDER BY subject LIMIT :size")
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
            elif bytes(row.mac) not in vault.chains(_sealed(row.case_id, row.digest)):
                yield row.case_id, "not as Forbear left it"
        after = block[-1].case_id
    for case in session.connection().execute(_GONE).scalars():
        yield case, "missing, though the case is decided and not purged"
    for case in session.connection().execute(_BEHIND).scalars():
        yield case, "of an earlier decision than the newest"


def reseal(session: Session, vault: Vault, told: Mapping[str, bytes], anew: Mapping[str, bytes]) -> None:
    """Keep of rows that were sealed with another key which digest each had before, and has now.

    One that was changed otherwise in between is no more what it was: nothing of before is kept then.
    """
    known = session.connection().execute(_KNOWN, {"subjects": list(told)})
    before = {row.subject: row for row in known if bytes(row.now) == told[row.subject]}
    rows = []
    for subject, digest in told.items():
        was, has = before.get(subject), anew[subject]
        # What it was in the middle of being sealed anew, nobody was told.
        digests = digest if was is None else bytes(was.told) + (b"" if was.generation == vault.generation else digest)
        rows.append((subject, digests, has, vault.generation, vault.chain(_resealed(subject, digests, has))))
    columns = ("subject", "told", "now", "generation", "mac")
    given = {name: list(values) for name, values in zip(columns, zip(*rows, strict=True), strict=True)} if rows else {}
    if given:
        session.connection().execute(_KEEP, given)


def renew(session: Session, vault: Vault, after: int, size: int) -> tuple[int | None, int]:
    """Seal the rows of some cases behind this one that the key before has sealed with the one that is used.

    One that is not as Forbear left it stays so, and one that somebody works on is left for another time. Answers the
    last case that was looked at, None where there is none left, and how many were sealed.
    """
    block = session.connection().execute(_TO_RENEW, {"after": after, "size": size}).all()
    sound = [row for row in block if row.mac and bytes(row.mac) in vault.chains(_sealed(row.case_id, row.digest))]
    old = [row for row in sound if bytes(row.mac) != _mac(vault, row.case_id, row.digest) or _is_old(vault, row)]
    lifted = [{"case": row.case_id, "mac": vault.lifted(bytes(row.danger_mac))} for row in old if _is_old(vault, row)]
    if lifted:
        session.connection().execute(_LIFT, lifted)
    seal(session, vault, [row.case_id for row in old])
    return (block[-1].case_id if block else None), len(old)


def left(session: Session, vault: Vault) -> int:
    """How many rows are sealed by the key before, or have a keyed hash of it."""
    after, count = 0, 0
    while block := session.connection().execute(_ALL, {"after": after, "size": _BLOCK}).all():
        for row in block:
            current, *former = vault.chains(_sealed(row.case_id, row.digest))
            kept = bytes(row.mac or b"")
            count += kept in former or (kept == current and _is_old(vault, row))
        after = block[-1].case_id
    return count


def _is_old(vault: Vault, row: Row[Any]) -> bool:
    return row.danger_mac is not None and vault.lifted(bytes(row.danger_mac)) != bytes(row.danger_mac)


def resealed_faults(session: Session, vault: Vault) -> Iterator[str]:
    """The rows that are said to be sealed anew by whoever did not have the key."""
    after = ""
    while block := session.connection().execute(_KEPT, {"after": after, "size": _BLOCK}).all():
        for row in block:
            told = _resealed(row.subject, bytes(row.told), bytes(row.now))
            if bytes(row.mac) not in vault.chains(told):
                yield row.subject
        after = block[-1].subject


def _resealed(subject: str, told: bytes, now: bytes) -> bytes:
    return json.dumps(["resealed", subject, told.hex(), now.hex()]).encode()


def _mac(vault: Vault, case: int, digest: str) -> bytes:
    return vault.chain(_sealed(case, digest))


def _sealed(case: int, digest: str) -> bytes:
    return json.dumps(["desk", case, digest]).encode()
