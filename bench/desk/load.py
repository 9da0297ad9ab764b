"""`make bench-load`: 200 clients at once on one web process, 16 of them reading nothing; then its memory.

Exits 1 if an answer is a failure other than 503 with Retry-After, if the queue's p95 is over its bound, or if the
process is not at full service two seconds after the clients left.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import os
import random
import socket
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.desk.pulse import Pulse, pulse
from bench.desk.site import Site, served, stand_back

RESULTS = Path(__file__).parent / "load.json"
CLIENTS = 200
HEALTH = 100  # milliseconds
STALLED = 16
QUEUE_P95 = 2.0  # seconds
RECOVERY = 2.0
_HOSTILE = (
    b"PK\x03\x04" + bytes(200_000),  # a workbook that is none
    b"case_ref,product,days_overdue,hardship\n" + b'"' + b"x" * 400_000,  # a quotation mark that never closes
    b"\xff\xfe" + os.urandom(300_000),
    b"[" * 100_000,
    b"case_ref," + b",".join(b"c%d" % number for number in range(20_000)) + b"\n" + b"," * 20_000,
)


@dataclass
class Seen:
    """What clients got: seconds by page, and answers by status."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def p95(self, page: str) -> float:
        """The seconds within which 95 of 100 good answers came."""
        times = sorted(self.seconds.get(page, [0.0]))
        return round(times[int(len(times) * 0.95)], 3)


def main() -> None:
    """Measure, print and write bench/desk/load.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk.load", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="cases on the desk (10000)")
    parser.add_argument("--seconds", type=int, default=30, help="how long the clients stay (30)")
    parser.add_argument(
        "--requests", type=int, default=10_000, help="mixed requests that memory is followed over (10000)"
    )
    parser.add_argument("--processes", type=int, default=1, help="web processes beside each other (1)")
    options = parser.parse_args()
    with served(options.cases, processes=options.processes) as site:
        found = asyncio.run(_measure(site, options.seconds, options.requests))
    found = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "cases": options.cases,
        "web_processes": options.processes,
        "clients": CLIENTS,
        "nice_of_the_clients": os.nice(0),
        "reading_nothing": STALLED,
        **found,
    }
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    sys.exit(1 if found["faults"] else 0)


async def _measure(site: Site, seconds: int, requests: int) -> dict[str, Any]:
    with pulse(site.port) as watching:
        stand_back()  # the pulse does not: it is to see what the server does
        return await _watched(site, seconds, requests, watching)


async def _watched(site: Site, seconds: int, requests: int, watching: Pulse) -> dict[str, Any]:
    await _until_ready(site)
    watching.since()
    idle = [await _timed(lambda: site.ask("/", site.cookies[0])) for _ in range(10)]
    started = site.megabytes()
    alive = {"idle": watching.since()}
    seen = Seen()
    stalled = [_stalled(site) for _ in range(STALLED)]
    end = time.monotonic() + seconds
    busy = CLIENTS - STALLED
    await asyncio.gather(*(_client(site, seen, end, number, signed_in=number < busy // 2) for number in range(busy)))
    alive["200 clients"] = watching.since()
    print(alive, seen.statuses, flush=True)
    for each in stalled:
        each.close()
    left = time.perf_counter()
    while await _timed(lambda: site.ask("/", site.cookies[0])) > 2 * max(idle):
        if time.perf_counter() - left > 30:
            seen.faults.append("no full service 30 s after the clients left")
            break
    recovery = round(time.perf_counter() - left, 2)
    after_load = site.megabytes()
    memory = [after_load]
    for _ in range(4):
        await _mixed(site, seen, requests // 4)
        memory.append(site.megabytes())
    alive["mixed requests"] = watching.since()
    for number in range(50):
        await _hostile(site, seen, _HOSTILE[number % len(_HOSTILE)])
    memory.append(site.megabytes())
    alive["hostile uploads"] = watching.since()
    for what, ask in _dear(site, seen).items():
        with contextlib.suppress(OSError):  # who is refused before everything was sent
            await ask()
        alive[what] = watching.since()
        print(what, alive[what], flush=True)
    if late := [what for what, each in alive.items() if each["none"] or each["max"] > HEALTH]:
        seen.faults.append(f"/healthz took more than {HEALTH} ms: {', '.join(late)}")
    if (slow := seen.p95("queue")) > QUEUE_P95:
        seen.faults.append(f"the queue's p95 is {slow} s")
    if recovery > RECOVERY:
        seen.faults.append(f"full service only after {recovery} s")
    return {
        "queue_idle_median_seconds": round(statistics.median(idle), 3),
        "p95_seconds": {page: seen.p95(page) for page in seen.seconds},
        "healthz_milliseconds": alive,
        "answers": dict(sorted(seen.statuses.items())),
        "full_service_after_seconds": recovery,
        "megabytes": {"started": started, "after_load": after_load, "each_quarter_of_requests": memory[1:5]},
        "megabytes_after_50_hostile_uploads": memory[5],
        "faults": sorted(set(seen.faults)),
    }


async def _until_ready(site: Site) -> None:
    while True:
        try:
            if (await site.ask("/healthz"))[0] == 200:
                return
        except OSError:
            await asyncio.sleep(0.1)


async def _timed(ask: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await ask()
    return time.perf_counter() - started


async def _client(site: Site, seen: Seen, end: float, number: int, *, signed_in: bool) -> None:
    """Asks for one page after the other, as fast as they come."""
    chance = random.Random(number)
    cookie = site.cookies[number % len(site.cookies)] if signed_in else None
    while time.monotonic() < end:
        if cookie is None:
            page, path = "anonymous", chance.choice(("/", "/login", "/queue", "/cases/1", "/static/forbear.css"))
        elif chance.random() < 0.5:
            page, path = "queue", "/"
        else:
            page, path = "case", f"/cases/{chance.choice(site.cases)}"
        await _noted(site, seen, page, path, cookie)


async def _noted(site: Site, seen: Seen, page: str, path: str, cookie: str | None) -> None:
    started = time.perf_counter()
    try:
        status, head = await site.ask(path, cookie)
    except (OSError, IndexError) as error:
        seen.statuses["no answer"] += 1
        seen.faults.append(f"{page}: no answer ({type(error).__name__})")
        return
    seen.statuses[str(status)] += 1
    if status < 400:
        seen.seconds.setdefault(page, []).append(time.perf_counter() - started)
    elif status == 503 and "retry-after" in head.lower():
        seen.seconds.setdefault("503", []).append(time.perf_counter() - started)
        await asyncio.sleep(1)
    elif status >= 500:
        seen.faults.append(f"{page}: {status}")


def _dear(site: Site, seen: Seen) -> dict[str, Callable[[], Awaitable[object]]]:
    """What costs a web process most, each asked for by itself."""
    form = (b"&".join([b"a=" + b"%E5%AD%97" * 100] * 2000), "application/x-www-form-urlencoded")
    rows = "".join(f"large-{number},credit_card,{number % 400},unemployment,分期还款\n" for number in range(350_000))
    large = ("case_ref,product,days_overdue,hardship,notes\n" + rows).encode()
    return {
        "a first chart": lambda: site.ask(f"/cases/{site.cases[0]}/plans.svg", site.cookies[0]),
        "what if": lambda: site.ask("/what-if?parameter=multi_creditors&value=3", site.supervisors[0]),
        "overview": lambda: site.ask("/overview", site.supervisors[0]),
        "a form of 1.8 MB": lambda: site.ask("/cases/new", site.cookies[0], form),
        f"a file of {len(large) // 1_000_000} MB": lambda: _hostile(site, seen, large),
    }


def _stalled(site: Site) -> socket.socket:
    """A client that asks for a page and reads nothing."""
    stalled = socket.socket()
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
    stalled.connect(("127.0.0.1", site.port))
    stalled.sendall(site.request("/", site.cookies[-1]))
    return stalled


async def _mixed(site: Site, seen: Seen, count: int) -> None:
    """So many requests, eight at a time."""
    chance = random.Random(count)
    paths = ["/", "/?status=all", "/?urgency=U2", "/login", "/policy", "/batches", "/healthz", "/static/forbear.css"]
    left = iter(range(count))

    async def some() -> None:
        for _ in left:
            path = chance.choice([*paths, f"/cases/{chance.choice(site.cases)}", f"/cases/{chance.randrange(10**9)}"])
            await _noted(site, seen, "mixed", path, chance.choice(site.cookies))

    await asyncio.gather(*(some() for _ in range(8)))


async def _hostile(site: Site, seen: Seen, content: bytes) -> None:
    """A file that is none, handed in for a preview."""
    number = random.randrange(len(site.cookies))
    fields = {"csrf": site.csrf[number], "as_of": dt.datetime.now(dt.UTC).date().isoformat(), "submitter": "bench"}
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    name = random.choice(("a.csv", "a.xlsx", "a.json", "a.ods", "a.parquet"))
    parts.append(f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + content)
    form = b"".join(parts) + b"\r\n--b--\r\n"
    status, head = await site.ask("/uploads", site.cookies[number], (form, "multipart/form-data; boundary=b"))
    seen.statuses[f"upload {status}"] += 1
    if status >= 500 and not (status == 503 and "retry-after" in head.lower()):
        seen.faults.append(f"an upload was answered {status}")


if __name__ == "__main__":
    main()
