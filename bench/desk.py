"""`make bench-desk`: the desk's pages at the server with a million cases, and what the server does for each.

Exits 1 if the median of a page is over the bound, or if a statement reads a large table from end to end.
"""

import argparse
import datetime as dt
import json
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlmodel import select

from bench import desk_data, plans
from forbear import accounts, embedded
from forbear.privacy import Vault
from forbear.settings import Settings
from models import migrate
from models.account import Account
from models.session import session
from rules import loader
from web import auth
from web.app import create_app
from web.deps import now

RESULTS = Path(__file__).parent / "desk.json"
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


def main() -> None:
    """Build, measure, print and write bench/desk.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="cases in the database (1000000)")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="forbear-bench-"))
    try:
        with embedded.servers(Settings(home=home, database_url=None, redis_url=None)) as urls:
            migrate.upgrade(urls.database)
            vault, started = Vault(bytes(32)), time.perf_counter()
            desk_data.fill(urls.database, vault, loader.load(loader.DEFAULT_PACK), options.cases, NOW)
            print(f"{options.cases} cases made in {time.perf_counter() - started:.0f} s")
            measured = list(measure(urls, vault))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    results = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cases": options.cases,
        "runs": RUNS,
        "bound_ms": BOUND,
        "pages": {each.name: {"median_ms": each.median, "p95_ms": each.p95} for each in measured},
        "full_scans": [f"{each.name}: {scan}" for each in measured for scan in each.scans],
    }
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    slow = [each.name for each in measured if each.median > BOUND]
    for fault in [*(f"over {BOUND} ms: {name}" for name in slow), *results["full_scans"]]:
        print(fault, file=sys.stderr)
    print(f"written to {RESULTS}")
    sys.exit(1 if slow or results["full_scans"] else 0)


def measure(urls: embedded.Urls, vault: Vault) -> Iterator[Measured]:
    """Every page, as each role sees it."""
    app = create_app(urls.database, urls.redis, vault)
    app.dependency_overrides[now] = lambda: NOW
    known = {route.path for route in iter_route_contexts(app.routes)}

    def pages(client: TestClient, addresses: dict[str, str]) -> Iterator[Measured]:
        for name, address in addresses.items():
            if address.partition("?")[0] in known:
                yield _measured(app, name, lambda address=address: client.get(address))  # type: ignore[misc]

    with _signed_in(app, "person-5") as client:
        yield from pages(client, COUNSELLOR)
        deep = _deep(client)
        yield _measured(app, "queue, a thousandth page", lambda: client.get(deep))
        ids = iter(_whole_cases(app) * 2)
        yield _measured(app, "case", lambda: client.get(f"/cases/{next(ids)}"))
        token = accounts.csrf_token(client.cookies[auth.COOKIE])
        for name, terms in {"take next": "", "take next of a filter": "product=mortgage&bucket=B7"}.items():
            form = {"csrf": token, "terms": terms}
            yield _measured(app, name, lambda form=form: client.post("/queue/take", data=form))  # type: ignore[misc]
    with _signed_in(app, "person-1") as client:
        yield from pages(client, SUPERVISOR)
    with _signed_in(app, "bank") as client:
        yield from pages(client, SUBMITTER)
    app.state.engine.dispose()


def _measured(app: Any, name: str, ask: Callable[[], Any]) -> Measured:
    with plans.recorded(app.state.engine) as sent:
        status = ask().status_code
    if status not in (200, 303):
        raise RuntimeError(f"{name} answered {status}")
    scans = plans.full_scans(app.state.engine, sent)
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    found = Measured(name, round(statistics.median(times), 1), round(times[int(RUNS * 0.95)], 1), sorted(set(scans)))
    print(f"  {found.name:36} {found.median:>7.1f} ms, p95 {found.p95:>7.1f} ms{'  FULL SCAN' if scans else ''}")
    return found


@contextmanager
def _signed_in(app: Any, name: str) -> Iterator[TestClient]:
    with session(app.state.engine) as opened:
        account = opened.exec(select(Account).where(Account.name == name)).one()
        secret = accounts.start(opened, account, NOW)
    client = TestClient(app, base_url="http://localhost", follow_redirects=False, cookies={auth.COOKIE: secret})
    yield client
    client.close()


def _deep(client: TestClient) -> str:
    """The address of a page far down: a place made up from a case there."""
    address = "/"
    for _ in range(3):
        address = client.get(address, headers={"Accept": "application/json"}).json()["next"]
    return address.replace("U0_", "U3_")


def _whole_cases(app: Any) -> list[int]:
    """Cases with facts and an outcome."""
    with session(app.state.engine) as opened:
        rows = opened.connection().exec_driver_sql(
            "SELECT v.case_id FROM decision d JOIN case_version v ON v.id = d.case_version_id "
            "WHERE d.outcome <> '{}' ORDER BY v.case_id DESC LIMIT 40"
        )
        return list(rows.scalars())


if __name__ == "__main__":
    main()
