"""`make bench-desk`: the desk's pages at the server with a million cases, and what the server does for each.

Exits 1 if the median of a page is over the bound, or if a statement reads a large table from end to end.
"""

import argparse
import datetime as dt
import html
import itertools
import json
import platform
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from fastapi.routing import iter_route_contexts
from sqlalchemy import Engine
from sqlmodel import select

from bench.desk import data as desk_data
from bench.desk import plans
from forbear.accounts import accounts
from forbear.base.settings import Settings
from forbear.base.vault import Vault
from forbear.ops import embedded
from models.account import Account
from models.database import migrate
from models.database.session import session
from rules.loading import loader
from tests.support.desk.serving import serving
from web import auth
from web.app import create_app
from web.deps import now

RESULTS = Path(__file__).parents[1] / "desk.json"
BOUND = 100  # ms, the median of each page
RUNS = 30
NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
BATCH = "00000000-0000-4000-8000-000000000017"
# Addresses of GET pages; one that this version does not have is left out.
COUNSELLOR = {
    "queue, first page": "/",
    "queue, all statuses": "/?status=all",
    "urgency": "/?urgency=U2",
    "strategy, common": "/?strategy=instalment_restructure",
    "strategy, rare": "/?strategy=lump_sum_settlement",
    "status closed": "/?status=closed",
    "product": "/?product=mortgage",
    "product that no case has": "/?product=nothing",
    "bucket": "/?bucket=B7",
    "batch": f"/?batch={BATCH}",
    "mine": "/?assignee=me",
    "nobody's": "/?assignee=nobody",
    "late": "/?due=overdue",
    "due this week, least urgent": "/?due=week&urgency=U5",
    "old": "/?age=30",
    "uncertain": "/?uncertain=1",
    "engines disagree": "/?disagree=1",
    "changed since review": "/?changed=1",
    "several filters": "/?product=mortgage&bucket=B7&uncertain=1&due=overdue",
    "several filters, none fits": "/?product=huabei&strategy=mortgage_relief&bucket=B3",
    "search, one case": "/?ref=0123456",
    "search, a few letters": "/?ref=2026-00012",
    "search, letters that many have": "/?ref=hz-2026",
    "search, letters that all have": "/?ref=2026",
    "search, two letters": "/?ref=77",
    "search, absent": "/?ref=zzzz",
    "search, absent but for its letters": "/?ref=6202-2026",
}
# What is searched for by a form.
SOUGHT = {
    "find a reference": "HZ-2026-000017",
    "find a borrower": "B7",
    "find a phone or ID number": "13800138000",
    "find a name": "欧阳测试",
}
SUPERVISOR = {"overview": "/overview", "batches": "/batches", "ledger": "/ledger", "policy": "/policy"}
SUBMITTER = {
    "a submitter's queue": "/",
    "a submitter's product": "/?product=mortgage&status=all",
    "a submitter's search": "/?ref=other-2026",
    "a submitter's search, somebody else's": "/?ref=hz-2026-00",
}


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds at the server, and large tables it reads whole."""

    name: str
    median: float
    p95: float
    scans: list[str]
    statements: int  # when it was asked for first, in a process that has just started


def main() -> None:
    """Build, measure, print and write bench/desk.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk.pages", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="cases in the database (1000000)")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            vault, started = Vault(bytes(32)), time.perf_counter()
            desk_data.fill(urls.database, vault, loader.load(loader.DEFAULT_PACK), options.cases, NOW)
            print(f"{options.cases} cases made in {time.perf_counter() - started:.0f} s")
            measured = []
            for page in measure(urls.database, urls.redis, vault):
                print(f"  {page.name:36} {page.median:>7.1f} ms, p95 {page.p95:>7.1f} ms")
                measured.append(page)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    results = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cases": options.cases,
        "runs": RUNS,
        "bound_ms": BOUND,
        "pages": {
            each.name: {"median_ms": each.median, "p95_ms": each.p95, "statements": each.statements}
            for each in measured
        },
        "full_scans": [f"{each.name}: {scan}" for each in measured for scan in each.scans],
    }
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    slow = [each.name for each in measured if each.median > BOUND]
    for fault in [*(f"over {BOUND} ms: {name}" for name in slow), *results["full_scans"]]:
        print(fault, file=sys.stderr)
    print(f"written to {RESULTS}")
    sys.exit(1 if slow or results["full_scans"] else 0)


def measure(database_url: str, redis_url: str, vault: Vault, runs: int = RUNS) -> Iterator[Measured]:
    """Every page, as each role sees it, over HTTP. Without runs: only what the server does for it."""
    app = create_app(database_url, redis_url, vault)
    app.dependency_overrides[now] = lambda: NOW
    known = {route.path for route in iter_route_contexts(app.routes)}
    engine: Engine = app.state.engine
    with serving(app) as address:

        def measured(name: str, ask: Callable[[], httpx.Response]) -> Measured:
            return _measured(engine, name, ask, runs)

        def pages(client: httpx.Client, addresses: dict[str, str]) -> Iterator[Measured]:
            for name, path in addresses.items():
                if path.partition("?")[0] in known:
                    yield measured(name, partial(client.get, path))

        with _signed_in(engine, address, "person-5") as client:
            yield from pages(client, COUNSELLOR)
            yield measured("queue, far down", partial(client.get, _deep(client)))
            ids = itertools.cycle(_whole_cases(engine))
            yield measured("case", lambda: client.get(f"/cases/{next(ids)}"))
            yield measured("person", lambda: client.get(f"/people/{next(ids)}"))
            token = accounts.csrf_token(client.cookies[auth.COOKIE])
            for name, words in SOUGHT.items():
                yield measured(name, partial(client.post, "/search", data={"csrf": token, "words": words}))
            for name, terms in {"take next": "", "take next of a filter": "product=mortgage&bucket=B7"}.items():
                form = {"csrf": token, "terms": terms}
                yield measured(name, partial(client.post, "/queue/take", data=form))
        with _signed_in(engine, address, "person-1") as client:
            yield from pages(client, SUPERVISOR)
        with _signed_in(engine, address, "bank") as client:
            yield from pages(client, SUBMITTER)


def _measured(engine: Engine, name: str, ask: Callable[[], httpx.Response], runs: int) -> Measured:
    with plans.recorded(engine) as sent:
        status = ask().status_code
    if status not in (200, 303):
        raise RuntimeError(f"{name} answered {status}")
    scans = sorted(set(plans.full_scans(engine, sent)))
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    median, p95 = (round(statistics.median(times), 1), round(times[int(runs * 0.95)], 1)) if times else (0.0, 0.0)
    return Measured(name, median, p95, scans, len(sent))


@contextmanager
def _signed_in(engine: Engine, address: str, name: str) -> Iterator[httpx.Client]:
    with session(engine) as opened:
        account = opened.exec(select(Account).where(Account.name == name)).one()
        secret = accounts.start(opened, account, NOW)
    with httpx.Client(base_url=address, trust_env=False, timeout=60, cookies={auth.COOKIE: secret}) as client:
        yield client


def _deep(client: httpx.Client) -> str:
    """The address of a page far down: a place made up from a case there."""
    address = "/"
    for _ in range(3):
        (address,) = re.findall(r'rel="next" href="([^"]+)"', client.get(address).text)
        address = html.unescape(address)
    return address.replace("U0_", "U3_")


def _whole_cases(engine: Engine) -> list[int]:
    """Cases with facts and an outcome."""
    with session(engine) as opened:
        rows = opened.connection().exec_driver_sql(
            "SELECT v.case_id FROM decision d JOIN case_version v ON v.id = d.case_version_id "
            "WHERE v.facts <> '{}' ORDER BY v.case_id DESC LIMIT 40"
        )
        return list(rows.scalars())


if __name__ == "__main__":
    main()
