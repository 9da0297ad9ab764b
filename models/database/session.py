"""The session: one transaction a request or task, committed here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlmodel import Session

# A killed worker's transaction is rolled back within seconds, even one that waits for a lock. Statements are many and
# short: each is planned for its own values (a rare urgency is not a common one) and for a record in memory or on a disk
# without a moving arm, none is compiled or given a second core.
_OPTIONS = (
    "-c timezone=UTC -c client_connection_check_interval=1s -c plan_cache_mode=force_custom_plan "
    "-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"
)

# A peer that is gone without a word, a machine that lost its power, is noticed within half a minute: by us and by them.
_ALIVE = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000}

_BEYOND = 5.0  # seconds after which a server has not ended a statement that it was to end
CONNECTIONS = 15  # of one engine at most; who needs another waits until one is given back


@dataclass(frozen=True)
class Waits:
    """How many seconds anything may wait in the database; 0 is without end.

    `lock`: for a row that another transaction has. `idle`: a transaction in which nothing goes on, because its process
    was stopped or its machine is gone: the server ends it, and nobody waits for what it held any longer. `statement`:
    one statement. `turn`: for a connection.
    """

    lock: int = 0
    idle: int = 120
    statement: int = 0
    turn: float = 30.0

    @property
    def options(self) -> str:
        """What the server is told of them."""
        limits = {
            "lock_timeout": self.lock,
            "idle_in_transaction_session_timeout": self.idle,
            "statement_timeout": self.statement,
        }
        return " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())


class _Connection(psycopg.Connection[Any]):
    """A connection that is given up when its server says nothing at all: stopped, it ends no statement by itself."""

    patience: float | None = None  # seconds

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """What a statement came to. Raises OperationalError where that did not come in time."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:
            if timeout is None:
                self.pgconn.finish()
                raise psycopg.OperationalError("the server does not answer any more") from None
            raise


def make_engine(url: str, name: str = "forbear", waits: Waits | None = None) -> Engine:
    """An engine for a PostgreSQL URL; `name` is what the server's list of connections shows."""
    waits = waits or Waits()
    made = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS // 3,
        max_overflow=CONNECTIONS - CONNECTIONS // 3,
        pool_pre_ping=True,  # a server that restarted is met with a new connection, not an error
        hide_parameters=True,  # errors would carry facts into logs
        pool_timeout=waits.turn,
        connect_args={
            "application_name": name,
            "options": f"{_OPTIONS} {_ALIVE} {waits.options}",
            "connect_timeout": 10,
            **_KEEPALIVE,
        },
    )

    @event.listens_for(made, "do_connect")
    def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> _Connection:
        opened = _Connection.connect(*arguments, **named)
        opened.patience = waits.statement + _BEYOND if waits.statement else None
        return opened

    return made


@contextmanager
def session(engine: Engine) -> Iterator[Session]:
    """A session that is committed when the block ends well and rolled back when it does not."""
    with Session(engine) as opened:
        yield opened
        opened.commit()


def next_id(session: Session, table: str) -> int:
    """An id for a row that is to be made, drawn before it is there: what is sealed in it is sealed for it."""
    drawn: int = session.connection().execute(text("SELECT nextval(:ids)"), {"ids": f"{table}_id_seq"}).scalar_one()
    return drawn


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session that reads the record as it is now, whatever is written meanwhile, and cannot write."""
    with Session(engine) as opened:
        opened.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        yield opened
