"""Rotation: whatever is sealed or hashed with the key of before is brought to the one that is used.

In small transactions, each of which leaves everything readable: killed at any point, it goes on where it was when it is
run again. What it finds to do is told by the values themselves, so nothing has to be remembered. Nobody waits for it
longer than for one of its blocks, and it waits for nobody: what somebody has locked comes in the next round.
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from psycopg.errors import DeadlockDetected
from sqlalchemy import Engine, Row, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from forbear.base.errors import ForbearError
from forbear.base.vault import MAC_BYTES, Vault
from forbear.ledger import decision_tree, ledger, seals, states
from forbear.ledger.ledger import KEY
from forbear.ledger.unit_of_work import begin
from models.database.session import session

_log = structlog.get_logger()
ROWS: Final = 500
_PAUSE: Final = 0.2  # seconds, until somebody who has a row or a transaction from before is done
Digests = Callable[[Session, Sequence[Row[Any]]], dict[str, bytes]]


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed values: what a row is known by, in SQL, and the columns by what each is sealed for."""

    name: str
    key: tuple[str, ...]
    sealed: Mapping[str, str]
    at: str = "id"
    macs: tuple[str, ...] = ()
    digests: Digests = lambda _, __: {}  # what the ledger has of these rows, by subject
    rows: int = ROWS

    @property
    def old(self) -> str:
        """Whether a row has a value of a key of before, in SQL."""
        values = [f"substr({column}, 1, 5) <> :seals_as" for column in self.sealed]
        return " OR ".join(values + [_old(column) for column in self.macs])

    @property
    def of_key(self) -> str:
        """A row, by its key."""
        return " AND ".join(f"{column} = :{column}" for column in self.key)


def _old(mac: str) -> str:
    return f"(length({mac}) = {MAC_BYTES} OR get_byte({mac}, 0) <> :generation)"


def _versions(session: Session, rows: Sequence[Row[Any]]) -> dict[str, bytes]:
    ids = [row.id for row in rows]
    found = {f"case_version:{each}": digest for each, digest in decision_tree.version_digests(session, ids).items()}
    alone = session.connection().execute(_ALONE, {"versions": ids}).scalars().all()
    return found | _named("decision", ledger.digests(session, "decision", alone))


def _reviews(session: Session, rows: Sequence[Row[Any]]) -> dict[str, bytes]:
    return _named("review", ledger.digests(session, "review", [row.id for row in rows]))


def _rejects(session: Session, rows: Sequence[Row[Any]]) -> dict[str, bytes]:
    batches = {str(row.batch_id) for row in rows}
    return {f"rejects:{each}": bytes.fromhex(ledger.rejects(session, each)) for each in sorted(batches)}


def _states(table: str) -> Digests:
    return lambda session, rows: states.digests(session, [f"{table}:{row.id}" for row in rows])


def _named(table: str, found: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{table}:{each}": digest for each, digest in found.items()}


_ALONE = text("SELECT id FROM decision WHERE body IS NULL AND case_version_id = ANY(CAST(:versions AS bigint[]))")
TABLES: Final = (
    SealedTable("account", ("id",), {"second_factor": "second_factor"}, digests=_states("account")),
    SealedTable("case_version", ("id",), {"private": "private"}, macs=("content_mac",), digests=_versions),
    SealedTable("review", ("id",), {"words": "words"}, digests=_reviews),
    SealedTable("task", ("id",), {"words": "words"}, digests=_states("task")),
    SealedTable("agreement", ("id",), {"terms": "terms"}, digests=_states("agreement")),
    SealedTable("attachment", ("id",), {"name": "name", "content": "content"}, digests=_states("attachment"), rows=5),
    SealedTable("webhook", ("id",), {"secret": "secret", "old_secret": "secret"}, digests=_states("webhook")),
    SealedTable("notification_address", ("id",), {"address": "address"}),
    SealedTable("batch", ("id",), {"source": "source"}),
    SealedTable(
        "rejection", ("batch_id", "row"), {"content": "content"}, "batch_id || ':' || row", digests=_rejects, rows=5000
    ),
    SealedTable("confirmed_mapping", ("id",), {"content": "content"}, macs=("headers_mac",)),
    SealedTable(
        "idempotency_key",
        ("account_id", "key"),
        {"answer": "answer"},
        "account_id || ':' || key",
        macs=("request_mac",),
    ),
    SealedTable("upload", ("id",), {"name": "name", "content": "content", "mapping": "mapping"}, rows=5),
)
PERSON_KEYS: Final = ("phone_key", "id_key", "name_key")  # of a case
_ELDERS = text("""
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND xact_start < :begun
""")
_ALONE_LOCK = text("SELECT pg_try_advisory_lock(hashtext('forbear key rotate'))")


@dataclass
class Rotated:
    """What a rotation did so far: values and rows that were brought to the new key, and those that no key opens."""

    done: int = 0
    broken: set[tuple[str, tuple[Any, ...]]] = field(default_factory=set)


def old_values(session: Session, vault: Vault) -> int:
    """How many rows have a value of a key of before."""
    given = {"seals_as": vault.seals_as, "generation": vault.generation}
    counts = [f'SELECT count(*) AS n FROM "{table.name}" WHERE {table.old}' for table in TABLES]  # noqa: S608
    people = " OR ".join(map(_old, PERSON_KEYS))
    counts.append(f'SELECT count(*) FROM "case" WHERE {people}')  # noqa: S608 - names of ours
    counted = session.connection().execute(text(" UNION ALL ".join(counts)), given)
    return sum(int(each) for each in counted.scalars()) + seals.left(session, vault)


def rotate(engine: Engine, vault: Vault, clock: Callable[[], dt.datetime], seen: Callable[[int], None]) -> Rotated:
    """Use FORBEAR_KEY from now on, and bring everything to it. Raises ForbearError where that is not to be done.

    `seen` is told how many more rows were done.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
        if not alone.execute(_ALONE_LOCK).scalar_one():
            raise ForbearError("The key is being rotated already: wait for it.")
        try:
            with session(engine) as opened:
                vault = ledger.hand_over(opened, vault, clock())
            if vault.rotating:
                return _Rotation(engine, vault, seen).run(clock)
        finally:
            alone.execute(text("SELECT pg_advisory_unlock_all()"))
    if vault.opens_former:
        return Rotated()
    raise ForbearError(
        "This database uses FORBEAR_KEY: set FORBEAR_PREVIOUS_KEYS to that key, FORBEAR_KEY to a new one, and restart "
        "everything first."
    )


class _Rotation:
    def __init__(self, engine: Engine, vault: Vault, seen: Callable[[int], None]) -> None:
        if not vault.opens_former:
            raise ForbearError("What is not sealed anew needs the key before: set FORBEAR_PREVIOUS_KEYS to it.")
        self._engine, self._vault, self._seen = engine, vault, seen
        self._given = {"seals_as": vault.seals_as, "generation": vault.generation}
        self._so_far = Rotated()

    def run(self, clock: Callable[[], dt.datetime]) -> Rotated:
        """Round after round, until nothing is left that transactions from before the new key can have written."""
        with session(self._engine) as opened:
            begun = opened.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
        self._round()
        self._wait(begun)
        while not self._is_done():
            self._round()
            time.sleep(_PAUSE)
        with begin(self._engine, self._vault, clock()) as work:
            connection, done = work.session.connection(), {**self._given, "now": work.now}
            connection.execute(text("DELETE FROM resealed WHERE generation < :generation"), done)
            connection.execute(text("UPDATE vault_key SET done_at = :now WHERE id = :generation"), done)
            told = {"what": "finished", "left": len(self._so_far.broken)}
            work.note(KEY, f"key:{self._vault.generation}", told)
        return self._so_far

    def _round(self) -> None:
        for column in PERSON_KEYS:  # first, and fast: who is one person is told by equal hashes
            self._steps(self._people, column)
        for table in TABLES:
            self._steps(self._rows, table)
        self._steps(self._desk, None)

    def _is_done(self) -> bool:
        with session(self._engine) as opened:
            return old_values(opened, self._vault) <= len(self._so_far.broken)

    def _wait(self, begun: dt.datetime) -> None:
        """Until every transaction is over that began before the new key did, and may write with the one before."""
        told = False
        while True:
            with session(self._engine) as opened:
                elders = opened.connection().execute(_ELDERS, {"begun": begun}).scalar_one()
            if not elders:
                return
            if not told:
                _log.warning("key.waits", transactions=elders)
            told = True
            time.sleep(_PAUSE)

    def _steps(self, step: Callable[[Session, Any, Any], tuple[Any, int]], of: Any) -> None:
        """Step by step, each a transaction, from where the one before ended."""
        after: Any = None
        while True:
            try:
                with session(self._engine) as opened:
                    after, done = step(opened, of, after)
            except OperationalError as error:
                if not isinstance(error.orig, DeadlockDetected):
                    raise
                continue  # the other one goes on, and then we do
            self._so_far.done += done
            self._seen(done)
            if after is None:
                return

    def _people(self, session: Session, column: str, _: Any) -> tuple[Any, int]:
        """All cases that have one of these hashes at once: they are one person's before and after."""
        connection = session.connection()
        few = f'SELECT {column} FROM "case" WHERE {column} IS NOT NULL AND {_old(column)} LIMIT {ROWS}'  # noqa: S608
        old = sorted({bytes(each) for each in connection.execute(text(few), self._given).scalars()})
        given = {"old": old, "new": [self._vault.lifted(each) for each in old]}
        locked = f"""
            SELECT id FROM "case" WHERE {column} = ANY(CAST(:old AS bytea[])) ORDER BY case_ref COLLATE "C"
            FOR NO KEY UPDATE
        """  # noqa: S608 - in the order that submissions have
        connection.execute(text(locked), given)
        lift = f"""
            UPDATE "case" kept SET {column} = lifted.new
            FROM unnest(CAST(:old AS bytea[]), CAST(:new AS bytea[])) AS lifted (old, new)
            WHERE kept.{column} = lifted.old
        """  # noqa: S608 - names of ours
        done = connection.execute(text(lift), given).rowcount
        return (old or None), done

    def _desk(self, session: Session, _: None, after: int | None) -> tuple[Any, int]:
        return seals.renew(session, self._vault, after or 0, ROWS)

    def _rows(self, session: Session, table: SealedTable, after: Any) -> tuple[Any, int]:
        """Seal the values of some rows anew, and keep with them what the ledger told of these."""
        keys, connection = ", ".join(table.key), session.connection()
        behind = "" if after is None else f"AND ({keys}) > ({', '.join(f':after_{each}' for each in table.key)})"
        query = text(f"""
            SELECT {", ".join((keys, f"CAST({table.at} AS text) AS place", *table.sealed, *table.macs))}
            FROM "{table.name}" WHERE ({table.old}) {behind}
            ORDER BY {keys} LIMIT {table.rows} FOR NO KEY UPDATE SKIP LOCKED
        """)  # noqa: S608 - names of ours
        given = {} if after is None else {f"after_{name}": getattr(after, name) for name in table.key}
        rows = connection.execute(query, {**self._given, **given}).all()
        anew = [(row, values) for row in rows if (values := self._anew(table, row))]
        if anew:
            about = [row for row, _ in anew]
            told = table.digests(session, about)
            columns = (*table.sealed, *table.macs)
            write = f"""
                UPDATE "{table.name}" SET {", ".join(f"{each} = :{each}" for each in columns)} WHERE {table.of_key}
            """  # noqa: S608 - names of ours
            connection.execute(text(write), [values for _, values in anew])
            seals.reseal(session, self._vault, told, table.digests(session, about))
        return (rows[-1] if rows else None), len(anew)

    def _anew(self, table: SealedTable, row: Row[Any]) -> dict[str, Any]:
        """The row's key and its values under the new key; nothing where no key opens one of them."""
        made: dict[str, Any] = {name: getattr(row, name) for name in table.key}
        try:
            for column, name in table.sealed.items():
                at, value = f"{table.name}.{name}:{row.place}", getattr(row, column)
                made[column] = None if value is None else self._sealed(bytes(value), at)
        except ForbearError:
            self._so_far.broken.add((table.name, tuple(made[name] for name in table.key)))
            return {}
        for column in table.macs:
            value = getattr(row, column)
            made[column] = None if value is None else self._vault.lifted(bytes(value))
        return made

    def _sealed(self, value: bytes, at: str) -> bytes:
        if value.startswith(self._vault.seals_as):
            return value
        return self._vault.seal_bytes(self._vault.open_bytes(value, at), at)
