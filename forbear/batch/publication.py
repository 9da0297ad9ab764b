"""Publication: a pack is kept in the record with the first batch it decides, so that decisions stay readable."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from forbear.base import packs
from forbear.ledger.unit_of_work import Work
from models.pack import StoredPack
from rules.pack.pack import Pack


def keep(work: Work, pack: Pack) -> bool:
    """Store a pack if it is new to the record; answers whether it was, and is to be noted."""
    values = {
        "sha256": pack.sha256,
        "pack_id": pack.manifest.id,
        "version": pack.manifest.version,
        "created_at": work.now,
        "files": {path: body.decode() for path, body in pack.files.items()},
        "dictionary": packs.shipped_dictionary(),
    }
    kept = insert(StoredPack).values(values).on_conflict_do_nothing().returning(col(StoredPack.sha256))
    return work.session.exec(kept).first() is not None


def note(work: Work, pack: Pack) -> None:
    """Have it chained that a pack is used for the first time."""
    work.note("publication", f"pack:{pack.sha256}", {"pack": pack.manifest.version})
