"""Search: cases by exactly this reference, or by keyed hashes of exactly this phone or ID number, or this name.

What was searched for is kept nowhere; the ledger hears that somebody searched, by what, and how many were found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from forbear.accounts.accounts import ViewerWork
from forbear.desk import siblings
from forbear.desk.queue import QueueRow, rows
from rules.facts.notation.letters import one_form

SHOWN: Final = 50
KINDS: Final = ("reference", "borrower", "phone", "id_number", "name")
_SUBMITTERS = text("""
    WITH RECURSIVE named AS (
        (SELECT submitter FROM "case" ORDER BY submitter LIMIT 1)
        UNION ALL
        SELECT (SELECT c.submitter FROM "case" c WHERE c.submitter > named.submitter ORDER BY c.submitter LIMIT 1)
        FROM named WHERE named.submitter IS NOT NULL
    )
    SELECT submitter FROM named WHERE submitter IS NOT NULL
""")
# In the order of ids without their index: walked from its start, that reads every case for one that is late.
_BY_FORM = 'SELECT id FROM "case" WHERE submitter = ANY(:submitters) AND {column} = :form ORDER BY id + 0 LIMIT :most'
_BY_KEY = 'SELECT id FROM "case" WHERE {column} = ANY(:keys) ORDER BY id + 0 LIMIT :most'
_FORMS: Final[Mapping[str, str]] = {"reference": "ref_form", "borrower": "borrower_ref"}
_KEYS: Final[Mapping[str, str]] = {"phone": "phone_key", "id_number": "id_key", "name": "name_key"}


@dataclass(frozen=True)
class Search:
    """What was searched for in which ways, and what each found, in the order they came in."""

    tried: tuple[str, ...]  # of KINDS
    found: Mapping[str, tuple[QueueRow, ...]]
    undecided: int  # cases among them that no decision was made on yet
    more: bool  # there are more than are shown

    @property
    def rows(self) -> tuple[QueueRow, ...]:
        """Every case that was found, once."""
        return tuple({row.case.case_id: row for of in self.found.values() for row in of}.values())


def search(work: ViewerWork, words: str) -> Search:
    """Search for exactly these words in every way that they could be meant; one entry of the ledger tells of it."""
    cases = dict(_cases(work, words.strip()))
    shown = {kind: rows(work.session, ids[:SHOWN]) for kind, ids in cases.items()}
    every = {case for ids in cases.values() for case in ids[:SHOWN]}
    decided = {row.case.case_id for of in shown.values() for row in of}
    told = {kind: len(ids[:SHOWN]) for kind, ids in cases.items() if ids}
    work.note("search", work.actor, {"by": list(cases), "found": told})
    return Search(
        tuple(cases),
        {kind: found for kind, found in shown.items() if found},
        len(every - decided),
        any(len(ids) > SHOWN for ids in cases.values()),
    )


def _cases(work: ViewerWork, words: str) -> "list[tuple[str, Sequence[int]]]":
    connection = work.session.connection()
    own = work.viewer.submitter
    submitters = [own] if own is not None else list(connection.execute(_SUBMITTERS).scalars())
    values = {"submitters": submitters, "form": one_form(words), "most": SHOWN + 1}
    found: list[tuple[str, Sequence[int]]] = []
    for kind, column in _FORMS.items():
        found.append((kind, list(connection.execute(text(_BY_FORM.format(column=column)), values).scalars())))
    for kind, column in _KEYS.items():
        if keys := [key for each in submitters for key in siblings.met(work.vault, each, kind, words)]:
            values = {"keys": keys, "most": SHOWN + 1}
            found.append((kind, list(connection.execute(text(_BY_KEY.format(column=column)), values).scalars())))
    return found
