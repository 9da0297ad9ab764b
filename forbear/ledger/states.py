"""Rows that people change, and that others act upon: who may come in, who is told, what somebody agreed to.

What is never changed has one entry with its digest. These have an entry for each change, and every entry about such a
row has its digest as the change leaves it, so that the newest one answers for the row as it is now.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from forbear.ledger.decision_tree import parted


@dataclass(frozen=True)
class State:
    """A table whose rows are answered for as they are, by the columns covered; `untold`: without an entry, a fault.

    `later` covers columns that came when entries had told of rows: where they say nothing, a row is as it was told.
    """

    covers: str
    untold: str = "true"
    later: str = "'[]'"

    @property
    def digest(self) -> str:
        """SHA-256 of what is covered, in SQL."""
        return f"sha256(convert_to((jsonb_build_array({self.covers}) || {self.later})::text, 'UTF8'))"


_PASSKEYS: Final = "FROM passkey WHERE account_id = account.id"
# By table. A case is not spoken of until somebody agrees to something or says how long it is kept.
STATES: Final = {
    "account": State(
        "name, role, submitter, password_hash, created_at AT TIME ZONE 'UTC', disabled_at AT TIME ZONE 'UTC'",
        later="CASE WHEN first_password OR second_factor IS NOT NULL OR recovery <> '{}' THEN jsonb_build_array("
        "first_password, encode(second_factor, 'hex'), recovery) ELSE '[]' END || CASE WHEN passkeys > 0 OR EXISTS ("
        f"SELECT {_PASSKEYS}) THEN jsonb_build_array(passkeys, (SELECT jsonb_agg(jsonb_build_array(id, name, host, "
        "encode(credential_id, 'hex'), encode(public_key, 'hex'), uses, created_at AT TIME ZONE 'UTC', "
        f"used_at AT TIME ZONE 'UTC') ORDER BY id) {_PASSKEYS})) ELSE '[]' END"
        " || CASE WHEN oidc_issuer IS NOT NULL OR oidc_subject IS NOT NULL THEN jsonb_build_array("
        "jsonb_build_object('oidc', jsonb_build_array(oidc_issuer, oidc_subject))) ELSE '[]' END",
    ),
    "token": State(
        "account_id, name, scopes, encode(secret_hash, 'hex'), created_at AT TIME ZONE 'UTC', "
        "expires_at AT TIME ZONE 'UTC', revoked_at AT TIME ZONE 'UTC'"
    ),
    "webhook": State(
        "submitter, account_id, url, events, encode(secret, 'hex'), encode(old_secret, 'hex'), "
        "old_until AT TIME ZONE 'UTC', created_at AT TIME ZONE 'UTC', disabled_at AT TIME ZONE 'UTC'"
    ),
    "person": State("head, apart, head_before, apart_before, change, what, account_id, at AT TIME ZONE 'UTC'"),
    "household_budget": State("lines, account_id, at AT TIME ZONE 'UTC'"),
    "case": State(
        "submitter, case_ref, created_at AT TIME ZONE 'UTC', consent, retain_until",
        "(kept.consent IS NOT NULL OR kept.retain_until IS NOT NULL)",
    ),
    "team": State(
        "name, skills, cities, load_limit, automatic, closed_at AT TIME ZONE 'UTC', ("
        "SELECT jsonb_agg(account_id ORDER BY account_id) FROM team_member WHERE team_id = team.id)"
    ),
    "absence": State("account_id, first, last, cancelled_at AT TIME ZONE 'UTC'"),
    "task": State(
        "case_id, account_id, owner_id, due_on, encode(words, 'hex'), made_at AT TIME ZONE 'UTC', "
        "done_at AT TIME ZONE 'UTC'"
    ),
    "agreement": State(
        "case_id, account_id, made_at AT TIME ZONE 'UTC', agreed_on, in_writing, encode(terms, 'hex'), status, ("
        "SELECT jsonb_agg(jsonb_build_array(number, due_on, last_day, amount, instalment.status, paid_on) "
        "ORDER BY number) FROM instalment WHERE agreement_id = agreement.id)"
    ),
    "attachment": State(
        "case_id, account_id, at AT TIME ZONE 'UTC', encode(name, 'hex'), encode(sha256(content), 'hex'), "
        "content_type, size, fact, evidence"
    ),
}
OF_CASES: Final = ("task", "agreement", "attachment")  # that go with their case
_TOLD = text("""
    SELECT DISTINCT ON (subject) subject, digest FROM ledger
    WHERE subject = ANY(CAST(:subjects AS text[])) AND digest IS NOT NULL ORDER BY subject, seq DESC
""")

_SET = text(f'SELECT id FROM "case" kept WHERE id = ANY(:cases) AND {STATES["case"].untold}')  # noqa: S608
_DIGITS: Final = 18  # of an id that PostgreSQL has room for


def table_of(subject: str) -> str | None:
    """The table of these that a subject names a row of."""
    table, _, row_id = subject.partition(":")
    return table if table in STATES and row_id.isdecimal() and len(row_id) <= _DIGITS else None


def digests(session: Session, subjects: Collection[str]) -> dict[str, bytes]:
    """SHA-256 of those of these rows that exist, as they are now, by subject."""
    found: dict[str, bytes] = {}
    by_table: dict[str, list[int]] = defaultdict(list)
    for each in subjects:
        if (table := table_of(each)) is not None:
            by_table[table].append(int(each.partition(":")[2]))
    for table, ids in by_table.items():
        query = text(f"""
            SELECT id, {STATES[table].digest} FROM "{table}" WHERE id = ANY(CAST(:ids AS bigint[]))
        """)  # noqa: S608 - names of ours
        rows = session.connection().execute(query, {"ids": ids})
        found |= {f"{table}:{row_id}": bytes(digest) for row_id, digest in rows}
    return found


def untold(session: Session) -> Iterator[str]:
    """Rows that an entry should be about and none with a digest is, as subjects."""
    for table, state in STATES.items():
        query = text(f"""
            SELECT kept.id FROM "{table}" kept WHERE {state.untold} AND NOT EXISTS (
                SELECT FROM ledger WHERE subject = :table || ':' || kept.id AND digest IS NOT NULL
            ) ORDER BY kept.id
        """)  # noqa: S608 - names of ours
        for (row_id,) in session.connection().execute(query, {"table": table}):
            yield f"{table}:{row_id}"


def otherwise(session: Session, told: Mapping[str, bytes]) -> Iterator[tuple[str, bool]]:
    """Of rows, each with the digest told last, those that are not so, and whether they are there at all."""
    now = digests(session, told)
    others = ((each, digest, now.get(each)) for each, digest in told.items() if now.get(each) != digest)
    return ((each, has is not None) for each, digest, has in others if not had(session, each, has, digest))


def had(session: Session, subject: str, now: bytes | None, digest: bytes | None) -> bool:
    """Whether a row that has the digest `now` had this one before it was sealed with another key."""
    return now is not None and digest in formers(session, subject, now)


def formers(session: Session, subject: str, now: bytes) -> list[bytes]:
    """The digests that a row had before it was sealed with other keys, the oldest first."""
    query = text("SELECT told FROM resealed WHERE subject = :subject AND now = :now")
    told = session.connection().execute(query, {"subject": subject, "now": now}).scalar() or b""
    return parted(bytes(told))


def cases_as_told(session: Session, cases: Sequence[int]) -> list[int]:
    """Those of these cases whose consent and retention are as the ledger has them, or were never set by anybody."""
    subjects = {f"case:{case}": case for case in cases}
    rows = session.connection().execute(_TOLD, {"subjects": list(subjects)})
    told = {row.subject: bytes(row.digest) for row in rows}
    wrong = {subjects[each] for each, _ in otherwise(session, told)}
    silent = [case for subject, case in subjects.items() if subject not in told]
    wrong |= {*session.connection().execute(_SET, {"cases": silent}).scalars()}
    return [case for case in cases if case not in wrong]
