"""The session: one transaction a request or task, committed here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlmodel import Session

# A killed worker's transaction is rolled back within seconds, even one that waits for a lock. Statements are many and
# short: each is planned for its own values (a rare urgency is not a common one) and for a record in memory or on a disk
# without a moving arm, none is compiled or given a second core.
_OPTIONS = (
    "-c timezone=UTC -c client_connection_check_interval=1s -c plan_cache_mode=force_custom_plan "
    "-c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"
)

CONNECTIONS = 15  # of one engine at most; who needs another waits until one is given back


def make_engine(url: str, name: str = "forbear") -> Engine:
    """An engine for a PostgreSQL URL; `name` is what the server's list of connections shows."""
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS // 3,
        max_overflow=CONNECTIONS - CONNECTIONS // 3,
        pool_pre_ping=True,  # a server that restarted is met with a new connection, not an error
        hide_parameters=True,  # errors would carry facts into logs
        connect_args={"application_name": name, "options": _OPTIONS, "connect_timeout": 10},
    )


@contextmanager
def session(engine: Engine) -> Iterator[Session]:
    """A session that is committed when the block ends well and rolled back when it does not."""
    with Session(engine) as opened:
        yield opened
        opened.commit()


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session that reads the record as it is now, whatever is written meanwhile, and cannot write."""
    with Session(engine) as opened:
        opened.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
        yield opened
