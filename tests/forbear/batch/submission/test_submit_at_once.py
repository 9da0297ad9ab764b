"""Submissions that meet: both end well, whoever comes first."""

import threading
from collections.abc import Iterator

import psycopg

from forbear.base.vault import Vault
from forbear.intake import Accepted
from tests.support.desk.cases import accepted, many, submitted
from tests.support.desk.threads import at_once


def test_two_submissions_of_the_same_cases_at_once_both_end_well(database_url: str, vault: Vault) -> None:
    """In opposite orders: rows locked as they come would deadlock."""
    submitted(database_url, many(1, "first"), vault)  # or they would wait for each other at the pack already
    cases, both, results = 20_000, threading.Barrier(2), []

    def work(days: int, order: int) -> None:
        references = [f"C{number}" for number in range(cases)][::order]
        rows = [accepted(row, reference, days_overdue=days) for row, reference in enumerate(references, 1)]

        def together() -> Iterator[Accepted]:
            yield from rows
            both.wait(60)

        results.append(submitted(database_url, together(), vault))

    at_once([lambda: work(10, 1), lambda: work(20, -1)])
    assert [done.accepted for done in results] == [cases, cases]
    with psycopg.connect(database_url) as connection:
        versions = connection.execute("SELECT number, count(*) FROM case_version GROUP BY number").fetchall()
    assert sorted(versions) == [(1, cases + 1), (2, cases)]


def test_the_same_cases_submitted_twice_at_once_are_accepted_once(database_url: str, vault: Vault) -> None:
    both, results = threading.Barrier(2), []

    def work() -> None:
        def together() -> Iterator[Accepted]:
            yield from many(500)
            both.wait(60)

        results.append(submitted(database_url, together(), vault))

    at_once([work, work])
    assert sorted((done.accepted, done.unchanged) for done in results) == [(0, 500), (500, 0)]
