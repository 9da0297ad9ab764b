"""Attachments: files of a case, sealed; their content tells what they are, and who adds them what they prove."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy.orm import defer
from sqlmodel import col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.settings import settings
from forbear.batch.submission.uploads import tidy
from forbear.case.workflow import RefusedError
from forbear.conversation import saying
from forbear.desk.review import Act, NoCaseError
from forbear.locale import said
from models.account import Account
from models.conversation import Attachment
from models.database.session import next_id
from rules.facts.case_facts import FieldError
from rules.pack.pack import Pack

EVIDENCE: Final = ("hardship_evidence", "income_evidence")  # the facts whose values say how strong a paper is
INLINE: Final = ("image/jpeg", "image/png", "image/webp")  # what browsers show and no script can be in
_MEGABYTE: Final = 1024 * 1024
_OF_CASE: Final = (
    select(Attachment, Account.name)
    .join(Account, col(Account.id) == Attachment.account_id)
    .where(Attachment.case_id == bindparam("case"))
    .order_by(col(Attachment.id).desc())
    .options(defer(Attachment.content))  # type: ignore[arg-type] # a column
)
_HEIC: Final = (b"heic", b"heix", b"hevc", b"mif1", b"msf1")


@dataclass(frozen=True)
class FileKind:
    """A kind of file that is taken: how its first bytes show it, what it is called, and how its names end."""

    media_type: str
    title: str
    endings: tuple[str, ...]  # the usual one first
    shows: Callable[[bytes], bool]


KINDS: Final = (
    FileKind("application/pdf", "PDF", (".pdf",), lambda head: head.startswith(b"%PDF-")),
    FileKind("image/jpeg", "JPEG", (".jpg", ".jpeg", ".jfif"), lambda head: head.startswith(b"\xff\xd8\xff")),
    FileKind("image/png", "PNG", (".png",), lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    FileKind("image/webp", "WebP", (".webp",), lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    FileKind("image/heic", "HEIC", (".heic", ".heif"), lambda head: head[4:8] == b"ftyp" and head[8:12] in _HEIC),
)


@dataclass(frozen=True)
class ListedAttachment:
    """A file without its content; one that was taken away has no name any more."""

    row: Attachment
    name: str | None
    by: str

    @property
    def kind(self) -> FileKind:
        """What it is by its content."""
        return _kind(self.row.content_type)

    @property
    def misnamed(self) -> bool:
        """Whether its name ends as if it were something else."""
        return self.name is not None and saved_as(self.name, self.row.content_type) != self.name


def kind_of(content: bytes) -> str | None:
    """What a file is by its first bytes, whatever it is called; None for what is not taken."""
    return next((kind.media_type for kind in KINDS if kind.shows(content[:16])), None)


def saved_as(name: str, media_type: str) -> str:
    """The name that a file is saved under: it ends as its content has it, so that no computer runs a picture."""
    endings = _kind(media_type).endings
    return name if name.lower().endswith(endings) else f"{name}{endings[0]}"


def _kind(media_type: str) -> FileKind:
    return next(kind for kind in KINDS if kind.media_type == media_type)


def evidence_of(pack: Pack) -> dict[str, tuple[str, str]]:
    """What a file may be evidence of: fact and value, by the code that a form has."""
    facts = ((name, pack.vocabulary.facts.get(name)) for name in EVIDENCE)
    return {
        f"{name}:{value}": (name, value)
        for name, fact in facts
        if fact is not None and fact.values is not None
        for value in fact.values
        if value != "none"
    }


def add(work: ViewerWork, case_id: int, form: str, name: str, content: bytes, evidence: str, words: str) -> None:
    """Seal a file and keep it with the case. Raises RefusedError with a sentence for what is wrong."""
    text, known, chosen = saying.short("words", words), evidence_of(work.pack), settings()
    kind = kind_of(content)
    if not content:
        raise RefusedError(FieldError.of("file", said("attachment.none")))
    if len(content) > chosen.attachment_megabytes * _MEGABYTE:
        raise RefusedError(FieldError.of("file", said("attachment.too_big", megabytes=chosen.attachment_megabytes)))
    if kind is None:
        raise RefusedError(FieldError.of("file", said("attachment.kind")))
    if evidence and evidence not in known:
        raise RefusedError(FieldError.of("evidence", said("attachment.evidence")))
    case = saying.opened(work, case_id, form)
    if case is None:
        return
    there = select(Attachment.id).where(Attachment.case_id == case_id, col(Attachment.content).isnot(None))
    if len(work.session.exec(there).all()) >= chosen.attachments:
        raise RefusedError(FieldError.of("file", said("attachment.too_many", most=chosen.attachments)))
    fact, value = known.get(evidence, (None, None))
    named = tidy(name)
    attachment_id = next_id(work.session, "attachment")
    row = Attachment(
        id=attachment_id,
        case_id=case_id,
        account_id=work.viewer.account_id,
        at=work.now,
        name=work.vault.seal(named, f"attachment.name:{attachment_id}"),
        content=work.vault.seal_bytes(content, f"attachment.content:{attachment_id}"),
        content_type=kind,
        size=len(content),
        fact=fact,
        evidence=value,
    )
    work.session.add(row)
    work.session.flush()
    detail = {"attachment": row.id, "fact": fact, "evidence": value}
    saying.append(
        work, case, Act("attachment", {}, reason="added", detail=detail, words=text or None, said=(named,)), form
    )
    work.note("attachment", f"attachment:{row.id}", {"case": case_id, "what": "added"})


def of_case(work: ViewerWork, case_id: int) -> list[ListedAttachment]:
    """The files of a case, the newest first, without what is in them."""
    return [
        ListedAttachment(row, None if row.name is None else _name(work, row.id, row.name), by)
        for row, by in work.session.exec(_OF_CASE, params={"case": case_id})
    ]


def opened(work: ViewerWork, case_id: int, attachment_id: int) -> tuple[str, str, bytes]:
    """The name to save a file under, kind and content; that it was looked at is told. Raises NoCaseError for none."""
    row = _find(work, case_id, attachment_id)
    if row.content is None or row.name is None:
        raise NoCaseError(f"File {attachment_id} was taken away.")
    work.note("attachment", f"attachment:{row.id}", {"case": case_id, "what": "opened"})
    content = work.vault.open_bytes(row.content, f"attachment.content:{row.id}")
    return saved_as(_name(work, row.id, row.name), row.content_type), row.content_type, content


def _name(work: ViewerWork, attachment_id: int, name: bytes) -> str:
    return str(work.vault.open(name, f"attachment.name:{attachment_id}"))


def take_away(work: ViewerWork, case_id: int, attachment_id: int, form: str, words: str) -> None:
    """Forget what is in a file, and its name; that there was one, and why it is gone, stays."""
    why = saying.worded("words", words, "attachment.why_taken")
    case = saying.opened(work, case_id, form)
    if case is None:
        return
    row = _find(work, case_id, attachment_id)
    if row.content is None:
        return
    row.content = row.name = None
    work.session.add(row)
    detail = {"attachment": row.id}
    saying.append(work, case, Act("attachment", {}, reason="taken_away", detail=detail, words=why), form)
    work.note("attachment", f"attachment:{row.id}", {"case": case_id, "what": "taken_away"})


def _find(work: ViewerWork, case_id: int, attachment_id: int) -> Attachment:
    query = select(Attachment).where(Attachment.id == attachment_id, Attachment.case_id == case_id)
    row = work.session.exec(query).first()
    if row is None:
        raise NoCaseError(f"There is no file {attachment_id} of case {case_id}.")
    return row
