"""Confirmed mappings: how a submitter's files are read, remembered by the set of their headers, shown, undone."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from forbear.base.vault import Vault
from forbear.intake import Intake, IntakeError, Mapping, Remembered, SeveralTablesError, SourceFile, open_source
from forbear.intake.columns import added_by_rejects, as_submitted
from forbear.intake.formats.table import COMMENTS
from forbear.intake.guessing.remembered import Confirmed
from forbear.intake.guessing.sizes import is_other
from forbear.intake.headers import folded
from forbear.intake.layouts.tied import proposed
from forbear.intake.source import distinct
from forbear.ledger.unit_of_work import Work
from models.database.session import next_id
from models.intake.mapping import ConfirmedMapping
from rules.pack.files.schema import Vocabulary

_LEARNED_FROM = 50  # mappings of a submitter, the newest, that other files are guessed by
_LISTED = 200  # newest, that are shown; older ones still show on the preview of a file like theirs
_REREAD = frozenset(("sheet", "header_row", "persons"))  # its headers were found there already

_NEWEST = (col(ConfirmedMapping.confirmed_at).desc(), col(ConfirmedMapping.id).desc())


@dataclass(frozen=True)
class KeptMapping:
    """A mapping that was confirmed for a submitter's files with certain columns."""

    id: int
    submitter: str
    file: str  # the name of the file that it was confirmed for
    columns: tuple[str, ...]
    mapping: Mapping
    confirmed_at: dt.datetime


def remember(work: Work, submitter: str, file: Intake) -> int:
    """Keep how a file was read, for others with the same headers; answers its id. The ledger is told what is new."""
    macs = _macs(work.vault, submitter, file.columns)
    confirmed = {
        each.header: each.use.model_copy(update={"unit": None}) if each.unit_shown else each.use
        for each in file.guess.columns
        if each.sure == "certain"
    }
    content = {
        "file": file.path.name,
        "columns": file.columns,
        "mapping": file.mapping.model_copy(update={"columns": confirmed}).data(),
        "shapes": {each.header: each.shape for each in file.guess.columns},
        "sizes": {each.header: each.size for each in file.guess.columns if each.size is not None},
    }
    query = select(ConfirmedMapping).where(
        ConfirmedMapping.submitter == submitter, col(ConfirmedMapping.headers_mac).in_(macs)
    )
    known = work.session.exec(query.with_for_update()).first()
    if known is not None and _is_as_before(_content(work.vault, known), content):
        return known.id
    # The id with the content, which is sealed for it; two that confirm at once have one row, with either's.
    mapping_id = next_id(work.session, "confirmed_mapping") if known is None else known.id
    values = {
        "id": mapping_id,
        "content": work.vault.seal(content, _content_at(mapping_id)),
        "confirmed_at": work.now,
    }
    mac = macs[0] if known is None else known.headers_mac
    kept = work.session.exec(
        insert(ConfirmedMapping)
        .values(submitter=submitter, headers_mac=mac, **values)
        .on_conflict_do_update(index_elements=["submitter", "headers_mac"], set_=values)
        .returning(col(ConfirmedMapping.id))
    ).scalar_one()
    detail = {"submitter": submitter, "columns": len(file.columns)}
    work.note("mapping_confirmed", f"mapping:{kept}", detail)
    return int(kept)


def _is_as_before(kept: dict[str, Any], content: dict[str, Any]) -> bool:
    """Whether nothing new was confirmed: neither what the columns hold nor numbers of another size."""
    before = kept.get("sizes", {})
    sizes = content["sizes"].items()
    return kept["mapping"] == content["mapping"] and not any(
        is_other(before.get(name), size) or name not in before for name, size in sizes
    )


def recall(session: Session, vault: Vault, submitter: str, columns: Iterable[str]) -> Remembered:
    """What a submitter confirmed before, for a file with these columns."""
    names = list(columns)
    query = select(ConfirmedMapping).where(ConfirmedMapping.submitter == submitter).order_by(*_NEWEST)
    whole: Mapping | None = None
    learned: dict[str, Confirmed | None] = {}
    same = _same(session, vault, submitter, names)
    sizes: dict[str, float] = {}
    if same is not None:
        before = _content(vault, same)
        whole = Mapping.model_validate(before["mapping"])
        sizes = {folded(name): size for name, size in before.get("sizes", {}).items()}
        whole = Mapping.model_validate({k: v for k, v in whole.data().items() if k not in _REREAD})
    for kept in session.exec(query.limit(_LEARNED_FROM)):
        opened = _content(vault, kept)
        for name, use in Mapping.model_validate(opened["mapping"]).columns.items():
            if use.fact is None or use.debt is not None:
                continue
            found = Confirmed(use, opened["shapes"].get(name), opened.get("sizes", {}).get(name))
            known = learned.setdefault(folded(name), found)
            if known is not None and known.use != use:
                learned[folded(name)] = None  # it was the one thing in one file and another in the next
    return Remembered(whole, sizes, {name: known for name, known in learned.items() if known is not None})


def opened(
    session: Session, vault: Vault, submitter: str, path: Path, vocabulary: Vocabulary, given: Mapping | None
) -> tuple[SourceFile, Mapping | None]:
    """A file of cases and where in it they are; of several tables the one that was confirmed before.

    Raises IntakeError, and SeveralTablesError where none was.
    """
    try:
        return open_source(path, vocabulary, given), given
    except SeveralTablesError as error:
        place = place_of(session, vault, submitter, path, vocabulary, given, error)
        return open_source(path, vocabulary, place), place


def place_of(
    session: Session,
    vault: Vault,
    submitter: str,
    path: Path,
    vocabulary: Vocabulary,
    given: Mapping | None,
    error: SeveralTablesError,
) -> Mapping:
    """Of several tables the one that was confirmed before, by its sheet's name and its headers, or raises the error."""
    query = select(ConfirmedMapping).where(ConfirmedMapping.submitter == submitter).order_by(*_NEWEST)
    for kept in session.exec(query.limit(_LEARNED_FROM)):
        before = Mapping.model_validate(_content(vault, kept)["mapping"])
        if before.sheet in error.sheets:
            place = (given or Mapping()).model_copy(update={"sheet": before.sheet, "persons": before.persons})
            with suppress(IntakeError):
                columns = open_source(path, vocabulary, place).columns
                if bytes(kept.headers_mac) in _macs(vault, submitter, columns):
                    return place
    raise error


def tie_of(path: Path, vocabulary: Vocabulary, error: SeveralTablesError) -> Mapping | None:
    """Two tables as persons and their debts, where that shows; proposed, and taken only when somebody says so."""
    if len(error.sheets) != 2:
        return None
    one, other = (open_source(path, vocabulary, Mapping(sheet=name)) for name in error.sheets)
    return proposed(one, other)


def listed(session: Session, vault: Vault, submitter: str | None) -> list[KeptMapping]:
    """The mappings of a submitter, or of all, the newest first."""
    query = select(ConfirmedMapping).order_by(*_NEWEST).limit(_LISTED)
    if submitter is not None:
        query = query.where(ConfirmedMapping.submitter == submitter)
    return [_opened(vault, kept) for kept in session.exec(query)]


def kept_for(session: Session, vault: Vault, submitter: str, columns: Iterable[str]) -> KeptMapping | None:
    """The mapping that is remembered for files with these columns."""
    found = _same(session, vault, submitter, list(columns))
    return None if found is None else _opened(vault, found)


def _same(session: Session, vault: Vault, submitter: str, columns: Sequence[str]) -> ConfirmedMapping | None:
    """What was confirmed for files with these columns; for a rejects file also that of the file that it is from."""
    for names in (columns, as_submitted(columns)):
        macs = _macs(vault, submitter, names)
        query = select(ConfirmedMapping).where(
            ConfirmedMapping.submitter == submitter, col(ConfirmedMapping.headers_mac).in_(macs)
        )
        if (found := session.exec(query).first()) is not None:
            return found
    return None


def forget(work: Work, submitter: str | None, mapping_id: int) -> bool:
    """Undo what was remembered: one of a submitter's own, or anybody's; says whether it was there."""
    query = delete(ConfirmedMapping).where(col(ConfirmedMapping.id) == mapping_id)
    if submitter is not None:
        query = query.where(col(ConfirmedMapping.submitter) == submitter)
    gone = work.session.exec(query.returning(col(ConfirmedMapping.submitter))).scalar_one_or_none()
    if gone is None:
        return False
    work.note("mapping_forgotten", f"mapping:{mapping_id}", {"submitter": gone})
    return True


def _macs(vault: Vault, submitter: str, columns: Iterable[str]) -> tuple[bytes, ...]:
    """Headers in whatever order, without what a rejects file or comments on cells add to them."""
    names = [name for name in columns if name.strip()]
    own = zip(names, distinct(names), strict=True)
    added = added_by_rejects(distinct(names))
    headers = sorted({folded(name) for name, known in own if known not in added and name != COMMENTS})
    return vault.macs(json.dumps(["mapping", submitter, headers], ensure_ascii=False).encode())


def _content(vault: Vault, kept: ConfirmedMapping) -> dict[str, Any]:
    opened: dict[str, Any] = vault.open(kept.content, _content_at(kept.id))
    return opened


def _content_at(mapping_id: int) -> str:
    return f"confirmed_mapping.content:{mapping_id}"


def _opened(vault: Vault, kept: ConfirmedMapping) -> KeptMapping:
    opened = _content(vault, kept)
    mapping = Mapping.model_validate(opened["mapping"])
    return KeptMapping(kept.id, kept.submitter, opened["file"], tuple(opened["columns"]), mapping, kept.confirmed_at)
