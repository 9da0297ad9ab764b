"""Uploads: a file waits, sealed, between its preview and its submission."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlmodel import Session, col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.spool import spool
from forbear.base.vault import Vault
from forbear.batch.submission import danger, mappings
from forbear.batch.submission.submit import Head, Submitted, submit
from forbear.intake import Mapping, Remembered, ending, understand
from models.intake.upload import Upload

KEPT_FOR = dt.timedelta(days=1)
MOST_WAITING = 10  # of one account, so that nobody fills the database with files that they never submit
_MAX_ENDING = 12
_MAX_START = 15  # of its name, where it is cut in the middle
_MAX_NAME = 60  # characters, so that with four bytes each it is a file name anywhere
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class WaitingUpload:
    """An upload that its owner has not submitted yet, without its content."""

    id: UUID
    name: str
    size: int
    created_at: dt.datetime


def tidy(name: str) -> str:
    """A file's own name, without the folders, control characters and length that some programs send."""
    last = _NOT_IN_NAMES.sub("", re.split(r"[/\\]", name)[-1]).strip()
    if last in (".", ".."):
        return ""
    if len(last) <= _MAX_NAME:
        return last
    kept = ending(last)[:_MAX_ENDING]
    name = last.removesuffix(kept)[-(_MAX_NAME - _MAX_START - len(kept) - 1) :]  # where a unit stands, if any does
    return f"{last[:_MAX_START]}…{name}{kept}"


@contextmanager
def on_disk(name: str, content: bytes) -> Iterator[Path]:
    """The file where its readers find it, and nobody else; nothing is left of it when the block or the process ends."""
    with spool(tidy(name)) as path:
        path.write_bytes(content)
        yield path


def keep(work: ViewerWork, name: str, content: bytes, submitter: str, as_of: dt.date) -> UUID:
    """Seal a file until its owner has seen the preview."""
    upload_id = uuid4()
    upload = Upload(
        id=upload_id,
        account_id=work.viewer.account_id,
        name=work.vault.seal(tidy(name), f"upload.name:{upload_id}"),
        content=work.vault.seal_bytes(content, f"upload.content:{upload_id}"),
        size=len(content),
        submitter=submitter,
        as_of=as_of,
        created_at=work.now,
    )
    work.session.add(upload)
    work.session.flush()
    return upload.id


def find(work: ViewerWork, upload_id: UUID, *, lock: bool = False) -> Upload | None:
    """An upload of this account; locked, only one request at a time has it. None if there is none, or not any more."""
    query = select(Upload).where(
        Upload.id == upload_id,
        Upload.account_id == work.viewer.account_id,
        Upload.created_at > work.now - KEPT_FOR,
    )
    return work.session.exec(query.with_for_update() if lock else query).first()


def waiting(work: ViewerWork) -> list[WaitingUpload]:
    """What this account uploaded and did not submit yet, newest first."""
    query = select(Upload.id, Upload.name, Upload.size, Upload.created_at).where(
        Upload.account_id == work.viewer.account_id, Upload.created_at > work.now - KEPT_FOR
    )
    rows = work.session.exec(query.order_by(col(Upload.created_at).desc()).limit(MOST_WAITING))
    return [
        WaitingUpload(upload_id, work.vault.open(name, f"upload.name:{upload_id}"), size, at)
        for upload_id, name, size, at in rows
    ]


def name_of(upload: Upload, vault: Vault) -> str:
    """What the file of an upload is called."""
    return str(vault.open(upload.name, f"upload.name:{upload.id}"))


@contextmanager
def unsealed(upload: Upload, vault: Vault) -> Iterator[Path]:
    """The file of an upload, for as long as the block lasts."""
    content = vault.open_bytes(upload.content, f"upload.content:{upload.id}")
    with on_disk(name_of(upload, vault), content) as path:
        yield path


def chosen(upload: Upload, vault: Vault) -> Mapping | None:
    """How its owner chose an upload to be read; None while they have chosen nothing."""
    return None if upload.mapping is None else Mapping.model_validate(vault.open(upload.mapping, _mapping_at(upload)))


def _mapping_at(upload: Upload) -> str:
    return f"upload.mapping:{upload.id}"


def choose(work: ViewerWork, upload: Upload, mapping: Mapping | None) -> None:
    """Keep how an upload is to be read; None: as it seems, and as was confirmed before."""
    upload.mapping = None if mapping is None else work.vault.seal(mapping.data(), _mapping_at(upload))
    work.session.add(upload)
    work.session.flush()


def remembered(work: ViewerWork, upload: Upload, columns: Iterable[str]) -> Remembered:
    """What the submitter confirmed before. What its owner chose for this one has all of it in it, or leaves it out."""
    past = mappings.recall(work.session, work.vault, upload.submitter, columns)
    return past if upload.mapping is None else replace(past, whole=None)


def hand_in(work: ViewerWork, upload: Upload, chunk_size: int) -> Submitted:
    """Submit a locked upload as a batch of the same id, remember how it was read, and forget the file.

    Raises what reading it raises, and IntakeError while a guess that is not certain is not confirmed.
    """
    given, vocabulary = chosen(upload, work.vault), work.pack.vocabulary
    with unsealed(upload, work.vault) as path:
        source, place = mappings.opened(work.session, work.vault, upload.submitter, path, vocabulary, given)
        past = remembered(work, upload, source.columns)
        file = understand(source, vocabulary, place, past)
        file.guess.check_confirmed()
        done = submit(
            work,
            file.on(upload.as_of),
            head=Head.of(file, path.name),
            notices=lambda: danger.notices_of(file, work.pack),
            pack=work.pack,
            as_of=upload.as_of,
            submitter=upload.submitter,
            chunk_size=chunk_size,
            batch_id=upload.id,
        )
        if given is not None:
            mappings.remember(work, upload.submitter, file)
    work.session.delete(upload)
    return done


def purge(session: Session, now: dt.datetime) -> None:
    """Forget the uploads that nobody submitted within a day."""
    session.exec(delete(Upload).where(col(Upload.created_at) <= now - KEPT_FOR))
