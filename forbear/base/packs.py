"""The packs that decided, as the record keeps them; one of an older Forbear may be of a form not read any more."""

import gc
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Final

from sqlmodel import Session, col, select

from forbear.base.errors import ForbearError
from models.pack import StoredPack
from rules.loading.loader import DEFAULT_PACK, load, load_files
from rules.pack.files.schema import Text
from rules.pack.pack import Pack, PackError
from rules.pack.past.upcasting import FORM, form_of
from rules.pack.strict_yaml import YamlError, read


class UnreadablePackError(ForbearError):
    """A stored pack that this version of Forbear cannot load."""


def stored_pack(session: Session, sha256: str) -> Pack:
    """A pack as the record keeps it. Raises UnreadablePackError."""
    pack = _loaded(session, sha256)
    if pack is None:
        stored = session.get_one(StoredPack, sha256)
        raise UnreadablePackError(
            f"The policy {stored.pack_id} {stored.version} that this decision was made by cannot be read any more: "
            "triage the case again."
        )
    return pack


def deciding_pack(session: Session, sha256: str, active: Callable[[], Pack]) -> Pack:
    """The pack that decides what waits for a stored one: itself or, where it is retired, the active one.

    Retired is a pack of a form of the past, and one that cannot be read. Raises UnreadablePackError for one of a newer
    Forbear: another worker can read that.
    """
    pack = _loaded(session, sha256)
    if pack is not None and pack.form == FORM:
        return pack
    stored = session.get_one(StoredPack, sha256)
    if pack is None and _is_newer(stored):
        raise UnreadablePackError(
            f"The policy {stored.pack_id} {stored.version} is of a newer Forbear: update this worker, then try again."
        )
    return active()


def pack_to_name_by(session: Session, sha256: str) -> Pack:
    """The pack that decided, or, where it cannot be read any more, the one that ships: good for names only."""
    return _loaded(session, sha256) or shipped()


def title_of(session: Session, sha256: str, strategy: str) -> Text:
    """What the pack that decided calls a strategy; its id where no pack that can be read knows it."""
    found = pack_to_name_by(session, sha256).strategies.get(strategy)
    return Text(zh=strategy, en=strategy) if found is None else found.title


def edition_of(session: Session, sha256: str) -> str:
    """The version of a pack, whether it can be read or not."""
    if sha256 not in _editions:
        kept = select(StoredPack.version).where(StoredPack.sha256 == sha256)
        _editions[sha256] = session.exec(kept).one()
    return _editions[sha256]


def name_of(session: Session, pack: Pack, strategy: str) -> Text:
    """What this pack calls a strategy, else the newest stored one that knows it; its id where none does."""
    if strategy in pack.strategies:
        return pack.strategies[strategy].title
    newest = select(StoredPack.sha256).order_by(col(StoredPack.created_at).desc())
    known = (
        found for sha256 in session.exec(newest) if (found := _loaded(session, sha256)) and strategy in found.strategies
    )
    found = next(known, None)
    return Text(zh=strategy, en=strategy) if found is None else found.strategies[strategy].title


def configured(folder: Path | None) -> Pack:
    """The pack of this folder, else the one that ships. Raises ForbearError with every fault of the folder's."""
    try:
        pack = shipped() if folder is None else load(folder)
    except PackError as error:
        raise ForbearError("\n".join(error.errors)) from None
    _packs.setdefault(pack.sha256, pack)  # the record's copy is the same: read once
    return pack


def _loaded(session: Session, sha256: str) -> Pack | None:
    """None where this version cannot read it. Tried once a process: the rulesets of a pack cannot be freed anyway."""
    if sha256 not in _packs:
        stored = session.get_one(StoredPack, sha256)
        try:
            files = {path: body.encode() for path, body in stored.files.items()}
            _packs[sha256] = _for_good(partial(load_files, files, stored.pack_id, stored=True))
        except PackError:
            _packs[sha256] = None
    return _packs[sha256]


def _is_newer(stored: StoredPack) -> bool:
    try:
        return form_of({"pack.yaml": read(stored.files.get("pack.yaml", "").encode())}) > FORM
    except YamlError:
        return False


_packs: dict[str, Pack | None] = {}
_editions: dict[str, str] = {}


@cache
def shipped_dictionary() -> bytes:
    """The dictionary that a pack is kept with from now on, by which the bodies of its decisions are compressed."""
    return (Path(__file__).parent / "compressed" / "decisions.zdict").read_bytes()


def dictionary_of(session: Session, sha256: str) -> bytes | None:
    """The dictionary a pack is kept with, read once a process: it never changes. Packs of before have none."""
    if sha256 not in _dictionaries:
        kept = select(StoredPack.dictionary).where(StoredPack.sha256 == sha256)
        _dictionaries[sha256] = session.exec(kept).one()
    return _dictionaries[sha256]


_dictionaries: dict[str, bytes | None] = {}
_AT_FIRST: Final = gc.get_threshold()
_LOOKED_THROUGH: Final = (50_000, 10, 10)  # after so many new objects, and so many times the younger ones


@cache
def shipped() -> Pack:
    """The pack that comes with Forbear."""
    return _for_good(partial(load, DEFAULT_PACK))


def _for_good(read: Callable[[], Pack]) -> Pack:
    """A pack that stays as long as the process: looking through it for garbage takes a tenth of a worker's time.

    While it is read, again and again through all that was read of it, it takes a third of that time.
    What is made by it is looked through more rarely: a block of rows or a chunk is hundreds of thousands of objects
    that are all in use until it is done, and hardly a ring of garbage. How rarely, a process may choose for itself.
    """
    gc.disable()
    try:
        pack = read()
        gc.freeze()
    finally:
        gc.enable()
    if gc.get_threshold() == _AT_FIRST:
        gc.set_threshold(*_LOOKED_THROUGH)
    return pack
