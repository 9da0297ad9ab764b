"""Notes: what anybody who works on cases writes on one, at any time, and whom it is to reach. They stay inside."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import update
from sqlmodel import Session, col, select

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.case.workflow import RefusedError
from forbear.conversation import saying
from forbear.desk.review import Act
from forbear.locale import said
from forbear.webhooks import notifications
from models.account import Account
from models.conversation import Mention
from rules.facts.case_facts import FieldError

# Not within an address: something@example.org names nobody.
_MENTION = re.compile(r"(?<![0-9A-Za-z._-])@([\w.@-]{1,64})")
_COLLEAGUES: Final = (
    select(Account.name, Account.id)
    .where(Account.role != "submitter", col(Account.disabled_at).is_(None))
    .order_by(Account.name)
)
_GOES_ON = re.compile(r"[0-9A-Za-z_]")  # a name written in these letters is not at its end before another of them


@dataclass(frozen=True)
class NamedPeople:
    """Whom a text names, as ids, and what in it should be a name and is nobody's."""

    accounts: tuple[int, ...]
    unknown: tuple[str, ...]


def colleagues(session: Session) -> dict[str, int]:
    """Everybody who works on cases, by name."""
    return dict(session.exec(_COLLEAGUES).all())


def named(text: str, names: Mapping[str, int]) -> NamedPeople:
    """Whom a text mentions. A name may be followed by Chinese without a blank: the longest that is there counts."""
    accounts: dict[int, None] = {}
    unknown: dict[str, None] = {}
    for match in _MENTION.finditer(unicodedata.normalize("NFKC", text)):
        written = match[1].lower()
        found = next((written[:end] for end in range(len(written), 0, -1) if _is_name(written, end, names)), None)
        if found is None:
            unknown[match[1]] = None
        else:
            accounts[names[found]] = None
    return NamedPeople(tuple(accounts), tuple(unknown))


def add(work: ViewerWork, case_id: int, form: str, words: str) -> None:
    """Write a note; whoever it mentions is told. Raises RefusedError where it is empty or names nobody there is."""
    text = saying.worded("words", words, "note.empty")
    mentioned = named(text, colleagues(work.session))
    if mentioned.unknown:
        raise RefusedError(FieldError.of("words", said("note.nobody", names=", ".join(mentioned.unknown))))
    case = saying.opened(work, case_id, form)
    if case is None:
        return
    told = [each for each in mentioned.accounts if each != work.viewer.account_id]
    note = saying.append(work, case, Act("note", {}, detail={"mentions": told} if told else {}, words=text), form)
    notifications.tell(work, "mentioned", case_id, told, f"review:{note.id}")
    work.session.add_all(Mention(review_id=note.id, account_id=each, case_id=case_id) for each in told)


def see(work: ViewerWork, review_id: int | None = None) -> None:
    """Mark a mention of the viewer as seen, or all of them."""
    unseen = update(Mention).where(col(Mention.account_id) == work.viewer.account_id, col(Mention.seen_at).is_(None))
    if review_id is not None:
        unseen = unseen.where(col(Mention.review_id) == review_id)
    work.session.exec(unseen.values(seen_at=work.now))


def unseen(session: Session, viewer: Viewer) -> list[int]:
    """The reviews that mention the viewer and that they have not seen, as ids."""
    query = select(Mention.review_id).where(Mention.account_id == viewer.account_id, col(Mention.seen_at).is_(None))
    return list(session.exec(query.order_by(col(Mention.review_id).desc())))


def _is_name(written: str, end: int, names: Mapping[str, int]) -> bool:
    whole = end == len(written) or not _GOES_ON.match(written[end]) or not _GOES_ON.match(written[end - 1])
    return whole and written[:end] in names
