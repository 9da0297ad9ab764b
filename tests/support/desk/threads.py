"""Things done at once, in threads of their own."""

import threading
from collections.abc import Callable

import psycopg


def at_once(works: list[Callable[[], object]]) -> None:
    """Do them all, and fail if one of them did."""
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def wait_for_lock(url: str) -> None:
    """Return once some connection waits for another one's transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(6000):
            if connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                return
            connection.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waited")
