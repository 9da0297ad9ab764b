"""What-if: what another policy would recommend for the cases on the desk. Nothing is written, whatever is asked.

So that it never stops the desk: one question at a time in a process, a bounded number of cases, read and judged in
slices. What the policy in force says is kept for some minutes, so that the next question is answered at once.
"""

import datetime as dt
import threading
from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session, col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.errors import ForbearError
from forbear.base.packs import stored_pack
from forbear.base.settings import settings
from forbear.ops import portfolio
from models.pack import StoredPack
from rules.decision.whatif.comparison import Comparison, Wanted, compared
from rules.decision.whatif.lens import Lens
from rules.decision.whatif.moved import Movable, moved
from rules.pack.pack import Pack

KEPT_FOR = dt.timedelta(minutes=5)
_AT_ONCE = 2**15  # cases judged at once: a slice holds Python for some hundredths of a second
_PATIENCE = 0.5  # seconds that a question waits for the one before it: whoever waits longer holds up others


class BusyError(ForbearError):
    """Another question is being answered."""


@dataclass(frozen=True)
class WhatIf:
    """What came of a question: over how many cases of how many, read when; flips are named by the case's id."""

    other: Pack
    found: Comparison
    cases: int
    all_cases: int
    read_at: dt.datetime


@dataclass(frozen=True)
class _Kept:
    record: str  # the address of the database
    lens: Lens
    all_cases: int
    read_at: dt.datetime


_turn = threading.Lock()
_kept: list[_Kept] = []  # one at most


def policies(session: Session, pack: Pack) -> list[StoredPack]:
    """The other policies that the record has, the newest first."""
    query = select(StoredPack).where(col(StoredPack.sha256) != pack.sha256).order_by(col(StoredPack.created_at).desc())
    return list(session.exec(query))


def with_policy(work: ViewerWork, day: dt.date, sha256: str, wanted: Wanted) -> WhatIf:
    """What another policy of the record says. Raises UnreadablePackError, and BusyError."""
    other = stored_pack(work.session, sha256)
    with _Turn():
        kept = _lens(work, day)
        return _answer(kept, other, compared(work.pack, other, kept.lens.beside(other), wanted))


def with_parameter(work: ViewerWork, day: dt.date, moving: Movable, value: Decimal, wanted: Wanted) -> WhatIf:
    """What the policy in force says with a figure moved. Raises ValueError for no value of it, and BusyError."""
    other = moved(work.pack, moving, value)
    with _Turn():
        kept = _lens(work, day)
        return _answer(kept, other, compared(work.pack, other, kept.lens.moved(other, moving), wanted))


class _Turn:
    def __enter__(self) -> None:
        if not _turn.acquire(timeout=_PATIENCE):
            raise BusyError("Somebody else is asking what-if: try again in a moment.")

    def __exit__(self, *_: object) -> None:
        _turn.release()


def _lens(work: ViewerWork, day: dt.date) -> _Kept:
    """The policy in force over the cases that were decided last, read now or some minutes ago."""
    for kept in _kept:
        fresh = dt.timedelta() <= work.now - kept.read_at < KEPT_FOR
        if fresh and (kept.lens.pack, kept.lens.as_of) == (work.pack, day) and kept.record == _record(work.session):
            return kept
    _kept.clear()  # before another takes its room
    lens = Lens(work.pack, day, lambda cases: [str(case) for case in cases])
    for given in portfolio.read(work.session, _AT_ONCE, settings().what_if_cases):
        lens.add(given)
    _kept.append(_Kept(_record(work.session), lens, portfolio.count(work.session), work.now))
    return _kept[0]


def _record(session: Session) -> str:
    return str(session.get_bind().engine.url)


def _answer(kept: _Kept, other: Pack, found: Comparison) -> WhatIf:
    return WhatIf(other, found, kept.lens.cases, kept.all_cases, kept.read_at)
