"""Cases that use up their tries without being evaluated, and what a worker then does with them."""

import datetime as dt
from typing import Any

from forbear.base.vault import Vault
from forbear.batch import chunks, unevaluated
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.pack import Pack
from tests.support.desk.cases import NOW, submitted, working


def active() -> Pack:
    """The pack that ships."""
    return load(DEFAULT_PACK)


def fails(url: str, vault: Vault, *rows: Any, now: dt.datetime = NOW) -> list[int]:
    """Hand in each row as a batch of its own that uses up its tries; answers the chunks."""
    ids = []
    for row in rows:
        done = submitted(url, [row], vault, by=active(), now=now)
        for wake in done.wakes:
            ids.append(wake.chunk_id)
            for tries in range(chunks.MAX_TRIES + 1):
                at = now if tries == chunks.MAX_TRIES else now - dt.timedelta(minutes=2)
                with working(url, vault, at) as work:
                    chunks.claim(work.session, wake.chunk_id, at)
    return ids


def put(url: str, vault: Vault, now: dt.datetime = NOW) -> list[int]:
    """Put them on the queue; answers their versions."""
    with working(url, vault, now) as work:
        versions = unevaluated.put_on_desk(work, active)
    for version in versions:
        with working(url, vault, now) as work:
            unevaluated.heed(work, version, active)
    return versions
