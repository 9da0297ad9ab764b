"""Publication: a pack is kept in the record with the first batch it decides, so that decisions stay readable."""

import datetime as dt

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from forbear.ledger import ledger
from models.pack import StoredPack
from rules.pack.pack import Pack


def keep(session: Session, pack: Pack, now: dt.datetime) -> list[ledger.LedgerEntry]:
    """Store a pack if it is new to the record; answers what is to be chained then."""
    values = {
        "sha256": pack.sha256,
        "pack_id": pack.manifest.id,
        "version": pack.manifest.version,
        "created_at": now,
        "files": {path: body.decode() for path, body in pack.files.items()},
    }
    kept = insert(StoredPack).values(values).on_conflict_do_nothing().returning(col(StoredPack.sha256))
    if session.exec(kept).first() is None:
        return []
    return ledger.of_rows(session, "publication", [pack.sha256], {"pack": pack.manifest.version})
