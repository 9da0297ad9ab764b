"""A crowd at the door of a real server: whoever waits for the record keeps nobody else from being answered."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from forbear.base.settings import Settings
from forbear.base.vault import Vault
from tests.support.desk.desk_clients import account, cookie_of, served
from tests.support.desk.processes import blocked, until
from tests.support.desk.serving import client_of
from web import auth
from web.middleware.limits import SOON

CROWD = 80  # twice as many as the server has threads
TURNS = Settings().web_turns
STRANGER = {"Cookie": f"{auth.COOKIE}=nobody"}


def test_a_crowd_that_waits_for_the_record_stops_nobody_and_is_answered(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    """The record is held up until the whole crowd is there; meanwhile the process answers, and then everybody is."""
    member = {"Cookie": f"{auth.COOKIE}={cookie_of(database_url, account(database_url))}"}
    with (
        served(database_url, redis_url, vault) as address,
        ThreadPoolExecutor(CROWD) as crowd,  # left last: it goes home only once the record is free again
        psycopg.connect(database_url) as holding,
        psycopg.connect(database_url, autocommit=True) as looking,
        client_of(address) as client,
    ):
        holding.execute("LOCK TABLE sign_in, token")
        sent = threading.Barrier(CROWD + 1)

        def ask(number: int) -> httpx.Response:
            asks: list[Callable[[httpx.Client], httpx.Response]] = [
                lambda mine: mine.get("/sign-in"),
                lambda mine: mine.get("/", headers=STRANGER),
                lambda mine: mine.get("/api/v1/cases", headers={"Authorization": "Bearer fb_nobody"}),
                lambda mine: mine.get("/", headers=member),
            ]
            with client_of(address) as mine:
                return asks[number % len(asks)](mine)

        def come(number: int) -> tuple[int, int]:
            """What one of the crowd is answered, and what in the end: who is told to come again does, at once."""
            sent.wait()
            first = answer = ask(number)
            while answer.status_code == 503:
                assert answer.headers["Retry-After"] == SOON
                answer = ask(number)
            return first.status_code, answer.status_code

        answers = [crowd.submit(come, number) for number in range(CROWD)]
        sent.wait()
        until(lambda: blocked(looking) >= TURNS, "whoever has a turn waits for the record")
        assert client.get("/healthz").json() == {"status": "alive"}
        assert client.get("/static/forbear.css").status_code == 200
        holding.rollback()
        found = [answer.result() for answer in answers]
        due = [200, 303, 401, 200] * (CROWD // 4)
        assert [last for _, last in found] == due
        assert all(first in (own, 503) for (first, _), own in zip(found, due, strict=True))
