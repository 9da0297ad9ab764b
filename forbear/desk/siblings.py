"""Siblings: the cases of one person, by the submitter's reference, by keyed hashes of phone and ID number, or by word.

A crisis in one of them stands over the others. Which do is kept on their rows of the queue, because the queue's order
needs it; what a page says is looked up afresh.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import text

from forbear.base.vault import Vault
from forbear.ledger.unit_of_work import Work

_ONE_PERSON: Final = 50  # cases with one number: what more have in common is a switchboard, not a person
# Of a case `c`, every case of the same person, itself among them where anything is known of the person at all.
TIED: Final = f"""
    CROSS JOIN LATERAL (
        SELECT id FROM "case" WHERE submitter = c.submitter AND borrower_ref = c.borrower_ref
        UNION
        SELECT same.id FROM person own JOIN person same ON same.head = own.head WHERE own.id = c.id
        UNION
        SELECT id FROM "case" WHERE phone_key = c.phone_key
            AND (SELECT count(*) FROM (SELECT FROM "case" WHERE phone_key = c.phone_key LIMIT {_ONE_PERSON + 1}) shared)
                <= {_ONE_PERSON}
        UNION
        SELECT id FROM "case" WHERE id_key = c.id_key
            AND (SELECT count(*) FROM (SELECT FROM "case" WHERE id_key = c.id_key LIMIT {_ONE_PERSON + 1}) shared)
                <= {_ONE_PERSON}
    ) tied
"""  # noqa: S608 - text of ours
_LEAST_DIGITS: Final = 7  # of a phone number; what has fewer, or one digit all along, is a blank filled in
_LEAST_LETTERS: Final = 2  # of a name
_ID = re.compile(r"[1-9]\d{16}[\dX]|[1-9]\d{14}")
# Whether a case `same` of the same person is a crisis, or has one beside it: looked up by its number and no other way.
_GRAVE: Final = "(SELECT k.danger = 'explicit' OR k.crisis_beside FROM desk_case k WHERE k.case_id = same.id)"
# Whom a crisis can concern: most cases have none beside them, and nothing else is looked up for these. It asks as TIED
# does, but by one key after the other and how many share a number last, since that hardly ever has to be known; each as
# a value, because the planner answers an EXISTS by looking at every case there is.
_BY_NUMBER: Final = """
    (SELECT (SELECT count(*) FROM (SELECT FROM "case" WHERE {key} = found.{key} LIMIT {more}) shared) < {more}
    FROM (SELECT same.{key} FROM "case" same WHERE same.{key} = c.{key} AND {grave} LIMIT 1) found)
"""
_NEAR = text(f"""
    SELECT c.id FROM "case" c WHERE c.id = ANY(:cases) AND (
        coalesce((SELECT true FROM "case" same WHERE same.submitter = c.submitter
            AND same.borrower_ref = c.borrower_ref AND {_GRAVE} LIMIT 1), false)
        OR coalesce((SELECT true FROM person own JOIN person same ON same.head = own.head
            WHERE own.id = c.id AND {_GRAVE} LIMIT 1), false)
        OR coalesce({_BY_NUMBER.format(key="phone_key", grave=_GRAVE, more=_ONE_PERSON + 1)}, false)
        OR coalesce({_BY_NUMBER.format(key="id_key", grave=_GRAVE, more=_ONE_PERSON + 1)}, false)
    )
    UNION
    SELECT case_id FROM desk_case WHERE case_id = ANY(:cases) AND crisis_beside
""")  # noqa: S608 - text of ours
# Rows that somebody else holds are left for the next time: waiting for them and holding others could be a deadlock.
# A join for each, because the planner answers an EXISTS by looking at every case there is.
_SPREAD = text(f"""
    WITH touched AS (
        SELECT unnest(CAST(:cases AS bigint[])) AS id
        UNION
        SELECT tied.id FROM "case" c {TIED} WHERE c.id = ANY(:cases)
    ), found AS (
        SELECT touched.id, crisis.beside IS NOT NULL AS beside
        FROM touched LEFT JOIN LATERAL (
            SELECT true AS beside FROM "case" c {TIED} JOIN desk_case k ON k.case_id = tied.id
            WHERE c.id = touched.id AND tied.id <> c.id AND k.danger = 'explicit' LIMIT 1
        ) crisis ON true
    ), changed AS (
        SELECT d.case_id, found.beside FROM desk_case d JOIN found ON found.id = d.case_id
        WHERE d.crisis_beside <> found.beside ORDER BY d.case_id FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE desk_case d SET crisis_beside = changed.beside, revision = d.revision + 1
    FROM changed WHERE d.case_id = changed.case_id RETURNING d.case_id
""")  # noqa: S608 - text of ours
_CONCERNED = text("SELECT case_id FROM desk_case WHERE danger = 'explicit' OR crisis_beside ORDER BY case_id")


class PersonKeys(NamedTuple):
    """Keyed hashes of what a person is known by; None of what is not known, or is a blank filled in."""

    phone: bytes | None
    id_number: bytes | None
    name: bytes | None


def keys(vault: Vault, submitter: str, private: Mapping[str, str]) -> PersonKeys:
    """Keyed hashes of phone, ID number and name: the same in one submitter's cases, and useless otherwise.

    Phone and ID number tell that cases are one person's; a name is many people's, and only searched by.
    """
    return PersonKeys(*(next(iter(met(vault, submitter, name, private.get(name, ""))), None) for name in _FORMS))


def met(vault: Vault, submitter: str, name: str, words: str) -> tuple[bytes, ...]:
    """The keyed hash of words as one of PersonKeys, and what it may be in the record besides; none of what is none."""
    plain = _FORMS[name](words) if words else ""
    return vault.macs(f"person\n{submitter}\n{name}\n{plain}".encode()) if plain else ()


def _phone(text: str) -> str:
    """A phone number as every way to write it comes to; empty for what is none."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text)).removeprefix("00")
    if len(digits) == len("8613800000000"):
        digits = digits.removeprefix("86")
    return digits if len(digits) >= _LEAST_DIGITS and len(set(digits)) > 1 else ""


def _id_number(text: str) -> str:
    """An ID number without its check digit; one of fifteen digits as of eighteen; empty for what is none."""
    letters = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).upper()
    if not _ID.fullmatch(letters) or len(set(letters)) == 1:
        return ""
    return letters[:17] if len(letters) == 18 else f"{letters[:6]}19{letters[6:]}"


def _name(text: str) -> str:
    """A name without blanks, dots and the width of its letters; empty for what has no letter."""
    letters = re.sub(r"[\W\d_]", "", unicodedata.normalize("NFKC", text)).casefold()
    return letters if len(letters) >= _LEAST_LETTERS else ""


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {"phone": _phone, "id_number": _id_number, "name": _name}


def spread(work: Work, cases: Iterable[int]) -> int:
    """Bring these cases and their siblings up to what is a crisis among them; answers how many rows changed."""
    work.session.flush()
    connection = work.session.connection()
    near = connection.execute(_NEAR, {"cases": list(set(cases))}).scalars().all()
    moved = connection.execute(_SPREAD, {"cases": [*near]}).scalars().all() if near else []
    work.touch(moved)
    for case in sorted(moved):
        work.note("moved", f"case:{case}", {"why": "crisis_beside"})
    return len(moved)


def reconcile(work: Work) -> int:
    """The same for every case that is or was concerned: what two transactions could not see of each other."""
    return spread(work, work.session.connection().execute(_CONCERNED).scalars())
