"""The facts of every case on the desk as they were decided last, for whoever asks what another policy would say."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlmodel import Session

from forbear.batch import decision_body
from rules.decision.comparison import Pair
from rules.facts.case_facts import Facts, read_facts
from rules.pack.pack import Pack

_BLOCK = 2_000
_NEXT = text(f"""
    SELECT w.case_id, w.case_ref, {decision_body.COLUMNS}
    FROM desk_case w JOIN decision d ON d.id = w.decision_id JOIN case_version v ON v.id = d.case_version_id
    WHERE (CAST(:submitter AS text) IS NULL OR w.submitter = :submitter) AND w.case_id > :after
    ORDER BY w.case_id LIMIT :size
""")  # noqa: S608 - text of ours


def pairs(session: Session, one: Pack, other: Pack, submitter: str | None = None) -> Iterator[Pair]:
    """Every case, of a submitter or of all, as each of two policies reads its facts; what was derived is left out."""
    after = 0
    while True:
        terms = {"submitter": submitter, "after": after, "size": _BLOCK}
        block = session.connection().execute(_NEXT, terms).all()
        if not block:
            return
        for row in block:
            facts = decision_body.recorded(session, row, row.submitted).facts
            yield Pair(row.case_ref, _given(one, facts), _given(other, facts))
        after = block[-1].case_id


def _given(pack: Pack, stored: dict[str, object]) -> Facts:
    """What was given and the policy knows; a value that it does not know is as good as missing."""
    facts = read_facts(pack.vocabulary, stored, lenient=True)
    derived = {name for name in pack.formulas if pack.vocabulary.facts[name].derived}
    return {name: value for name, value in facts.items() if name not in derived}
