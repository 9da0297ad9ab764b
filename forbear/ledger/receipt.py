"""A receipt: proof that one decision is in the ledger, for somebody who has neither our database nor our key.

It says what was decided by which pack on which day, without a word of the case; how that comes to the root of its
chunk's tree; how that chunk's entry comes to the root of the ledger; and the checkpoint that signs this. It stays true
when the case is purged. `tools/verify_receipt.py` checks it.
"""

import base64
import json
import zlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from forbear.base.errors import ForbearError
from forbear.base.vault import Vault
from forbear.ledger import checkpoint, decision_tree, ledger_tree, merkle
from forbear.ledger.checkpoint import Checkpoint
from forbear.ledger.ledger import DECISIONS
from models.desk import WorklistItem

_ENTRY = text("""
    SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"') AS at, actor, kind, subject, detail
    FROM ledger WHERE kind = :kind AND subject = :subject ORDER BY seq LIMIT 1
""")


def receipt(session: Session, vault: Vault, decision_id: int) -> str:
    """The receipt of a decision: JSON on one line. Raises ForbearError for one of before there were receipts."""
    found = decision_tree.proof(session, decision_id)
    if found is None:
        raise ForbearError(
            f"Decision {decision_id} was made before there were receipts: triage the case again, for one of today."
        )
    subject = f"{decision_tree.TABLE}:{found.chunk_id}"
    entry = session.connection().execute(_ENTRY, {"kind": DECISIONS, "subject": subject}).one()
    node, size = ledger_tree.nodes(session), ledger_tree.size(session)
    told = {
        "receipt": 1,
        "decision": decision_id,
        "row": found.row,
        "chunk": {"at": found.at, "size": found.size, "path": _joined(found.path)},
        "entry": list(entry),
        "log": {"size": size, "path": _joined(merkle.inclusion(node, entry.seq - 1, size))},
        "signed": _signed(checkpoint.signed(vault, size, merkle.root(node, size))),
    }
    return written(told)


def of_case(session: Session, vault: Vault, case_id: int) -> str | None:
    """The receipt of the decision that a case's row of the worklist has; None where there is none.

    Raises ForbearError as `receipt` does.
    """
    decision = session.exec(select(WorklistItem.decision_id).where(WorklistItem.case_id == case_id)).first()
    return None if decision is None else receipt(session, vault, decision)


def known(session: Session, vault: Vault, case_id: int) -> str | None:
    """As `of_case`; None also for a decision of before there were receipts."""
    try:
        return of_case(session, vault, case_id)
    except ForbearError:
        return None


def written(told: dict[str, Any]) -> str:
    """A receipt as it is given out; another writing of the same is refused by who checks it."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def digits(told: str) -> str:
    """A receipt for a QR code: compressed, and written as a number, which takes the least room there."""
    return str(int.from_bytes(zlib.compress(told.encode(), 9), "big"))


def _signed(of: Checkpoint) -> list[str]:
    """Who signed which bytes: its size stands in the receipt, and its root follows from it."""
    ((name, signature),) = of.signatures
    return [name, base64.b64encode(signature).decode()]


def _joined(path: Iterable[bytes]) -> str:
    return base64.b64encode(b"".join(path)).decode()
