"""`make bench-day`: fifty counsellors at work for ten minutes on 10,000 cases, first at the pace of reading.

A counsellor reads a case for PACE seconds on average, which is what its first reason and what leads to it take to read
in Chinese, measured by this bench. Each further pace is a day of its own, harsher than life.

Each takes the next case, reads for a while, decides it or records a call, and now and then writes a note or searches;
supervisors look at the overview. Some of them are real browsers, worked by keys alone. Exits 1 if an answer was a
failure, if a case was taken twice, or if one page in twenty took longer at the server than its bound. Writes
bench/desk/day.json.
"""

import argparse
import datetime as dt
import html
import json
import os
import platform
import random
import re
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import psycopg

from bench.desk.browsing import Handled, browse
from bench.desk.site import Site, served, stand_back
from forbear.accounts import accounts
from web import auth
from web.middleware import tracing
from web.middleware.limits import SOON

RESULTS: Final = Path(__file__).parent / "day.json"
BOUND: Final = 300  # milliseconds at the server, of 95 pages of a hundred
COUNSELLORS, SUPERVISORS, BROWSERS = 50, 2, 3
PACE: Final = 75  # seconds: 321 characters at READING a minute are 76
READING: Final = 255  # Chinese characters a minute, read aloud: the International Reading Speed Texts' mean
_ANSWERED: Final = re.compile(
    r"event=request\.answered method=(\w+) route=(\S+) status=\D*(\d+)\S* milliseconds=(\d+) waited=(\d+)"
    r"(?:[^\n]*? trace=(\w+))?"
)
_REVISION: Final = re.compile(r'name="revision" value="(\d+)"')
_LIVE: Final = re.compile(r'data-live="([^"]+)"')
_ONCE: Final = re.compile(r'name="once" value="(\w+)"')
_DONE: Final = "SELECT action, count(*) FROM review GROUP BY 1 ORDER BY 1"
# Nobody gives a case back here, so each is taken once at most.
_TWICE: Final = "SELECT case_id FROM review WHERE action = 'assign' GROUP BY 1 HAVING count(*) > 1"


@dataclass
class Seen:
    """What all of them met with."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    handled: list[Handled] = field(default_factory=list)  # in browsers
    took: dict[str, float] = field(default_factory=dict)  # milliseconds from asking to the whole answer, by its trace
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, status: int, head: httpx.Headers, took: float) -> None:
        """One answer. To come again is no failure, nor that somebody else was faster."""
        with self.lock:
            self.statuses[str(status)] += 1
            self.took[head.get(tracing.HEADER, "")] = took
            if status >= 400 and status != 409 and not (status == 503 and head.get("retry-after") == SOON):
                self.faults[f"{what}: {status}"] += 1


class Person:
    """Somebody who is signed in, and never asks for two pages at once."""

    def __init__(self, site: Site, secret: str, seen: Seen) -> None:
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{site.port}", trust_env=False, timeout=120, cookies={auth.COOKIE: secret}
        )
        self.seen, self.csrf = seen, accounts.csrf_token(secret)

    def get(self, path: str) -> str:
        """A page; asked for again as long as the server says so."""
        return self._asked(path.partition("?")[0], partial(self.client.get, path)).text

    def post(self, path: str, **fields: str) -> httpx.Response:
        """What a form is answered."""
        send = partial(self.client.post, path, data={"csrf": self.csrf, **fields})
        return self._asked(path, send)

    def _asked(self, path: str, ask: Callable[[], httpx.Response]) -> httpx.Response:
        what = re.sub(r"\d+", "*", path)
        while True:
            asked = time.perf_counter()
            try:
                answer = ask()
            except httpx.HTTPError as error:
                with self.seen.lock:
                    self.seen.faults[f"{what}: {type(error).__name__}"] += 1
                return httpx.Response(599)
            self.seen.note(what, answer.status_code, answer.headers, 1000 * (time.perf_counter() - asked))
            if answer.status_code != 503:
                return answer
            time.sleep(1)


def counsellor(person: Person, chance: random.Random, pace: float, end: float) -> None:
    """Cases, one after the other, until the day ends."""
    time.sleep(chance.uniform(0, pace))  # they do not all come in through the door together
    while time.monotonic() < end:
        terms = chance.choice(("", "", "", "urgency=U2", "due=today", "product=credit_card"))
        live = _LIVE.search(person.get(f"/?{terms}"))
        at = person.post("/queue/take", terms=terms).headers.get("location", "")
        if not at.startswith("/cases/"):
            time.sleep(pace / 4)
            continue
        page = person.get(at)
        person.post(f"{at}/presence")
        wait(chance.expovariate(1 / pace), end)
        if live:
            person.get(html.unescape(live[1]))
        if chance.random() < 0.2 and (once := _ONCE.search(page)):
            person.post(f"{at}/notes", words="约好下周再谈", once=once[1], back="case", form="note")
            page = person.get(at)
        if chance.random() < 0.1:
            person.post("/search", words=f"138{chance.randrange(10**8):08}")
        decide(person, at, page, chance)


def wait(seconds: float, end: float) -> None:
    """Read for so long, and no longer than the day is."""
    time.sleep(max(0.0, min(seconds, end - time.monotonic())))


def decide(person: Person, at: str, page: str, chance: random.Random) -> None:
    """Do what the page of the case has a form for."""
    revision = _REVISION.search(page)
    if revision is None:
        return
    forms = {name for name in ("contact", "accept", "override", "ask") if f'action="{at}/{name}"' in page}
    send: Callable[..., httpx.Response] = partial(person.post, revision=revision[1])
    if "contact" in forms:
        send(f"{at}/contact", form="contact", result="reached", safety="safe")
    elif "override" in forms and chance.random() < 0.15:
        words = "当事人更愿意先和银行谈分期"
        send(
            f"{at}/override",
            form="override",
            strategy="mediation",
            reason="borrower_wish",
            words=words,
            confirmed="yes",
        )
    elif "accept" in forms:
        send(f"{at}/accept", form="accept", confirmed="yes")
    person.get(at)


def supervisor(person: Person, chance: random.Random, pace: float, end: float) -> None:
    """Looks at how it goes."""
    pages = ("/overview", "/overview?days=90", "/?status=escalated", "/?due=overdue", "/ledger", "/teams", "/my-work")
    while time.monotonic() < end:
        person.get(chance.choice(pages))
        wait(chance.expovariate(2 / pace), end)


def day(site: Site, seconds: int, pace: float, browsers: int) -> dict[str, Any]:
    """Everybody at work until the end; then what it came to."""
    seen = Seen()
    done_before = _done(site)
    before, spent = [len(each) for each in site.told()], site.processor_ms()
    load, started = _load_processor_ms(site), time.monotonic()
    end = time.monotonic() + seconds
    by_http = COUNSELLORS - browsers
    with ThreadPoolExecutor(COUNSELLORS + SUPERVISORS) as crowd:
        work = [
            crowd.submit(counsellor, Person(site, secret, seen), random.Random(number), pace, end)
            for number, secret in enumerate(site.cookies[:by_http])
        ]
        work += [
            crowd.submit(supervisor, Person(site, secret, seen), random.Random(number), pace, end)
            for number, secret in enumerate(site.supervisors[:SUPERVISORS])
        ]
        work += [
            crowd.submit(browse, f"http://127.0.0.1:{site.port}", secret, end, seen.handled, seen.faults)
            for secret in site.cookies[by_http:COUNSELLORS]
        ]
        for each in work:
            each.result()
    done = _done(site) - done_before
    with psycopg.connect(site.database) as connection:
        twice = [row[0] for row in connection.execute(_TWICE)]
    log = "".join(each[start:].decode() for each, start in zip(site.told(), before, strict=True))
    pages = server_times(log)
    answered = pages.get("all pages", {"count": 1})["count"]
    server, load = site.processor_ms() - spent, _load_processor_ms(site) - load
    passed = 1000 * (time.monotonic() - started)
    return {
        "pace_seconds": pace,
        "seconds": seconds,
        "cases_taken": done["assign"],
        "done": dict(sorted(done.items())),
        "cases_taken_twice": twice,
        "answers": dict(sorted(seen.statuses.items())),
        "errors": dict(seen.faults),
        "processor_ms_of_an_answer": round(server / answered, 1),
        "cores_used": {"web": round(server / passed, 2), "load": round(load / passed, 2)},
        "pages_at_the_server_ms": pages,
        **elsewhere(log, seen.took),
        "browsers": told(seen.handled),
    }


def _load_processor_ms(site: Site) -> float:
    """What this bench, its threads and its browsers have used of a processor, those that ended included."""
    web = {each.pid for process in site.processes for each in (process, *process.children(recursive=True))}
    own = psutil.Process()
    times = [each.cpu_times() for each in (own, *own.children(recursive=True)) if each.pid not in web]
    return 1000 * sum(each.user + each.system + each.children_user + each.children_system for each in times)


def elsewhere(log: str, took: dict[str, float]) -> dict[str, Any]:
    """Of that, what pages waited for their turn; and what passed before the server read them or after it had answered.

    The second is what waits in the queue of connections, and the time of whoever asks: by HTTP alone.
    """
    turns, outside = [], []
    for _, route, status, milliseconds, waited, trace in _ANSWERED.findall(log):
        if _is_page(route, status):
            turns.append(int(waited))
            if trace in took:
                outside.append(max(0.0, took[trace] - int(milliseconds)))
    return {
        name: spread(times)
        for name, times in (("of_it_waiting_for_a_turn_ms", turns), ("outside_the_server_ms", outside))
        if times
    }


def _is_page(route: str, status: str) -> bool:
    return int(status) < 400 and not route.startswith(("/static", "/healthz", "/readyz", "/metrics"))


def _done(site: Site) -> Counter[str]:
    with psycopg.connect(site.database) as connection:
        return Counter(dict(connection.execute(_DONE).fetchall()))


def warm(site: Site) -> None:
    """What is made once a process, before anybody waits for it: whichever is free answers, so each is asked often."""
    _until_ready(f"http://127.0.0.1:{site.port}/healthz")
    pages = ("/", f"/cases/{site.cases[0]}", "/overview", "/teams", "/policy") * 4 * len(site.processes)
    with ThreadPoolExecutor(2 * len(site.processes)) as crowd:
        for each in [crowd.submit(Person(site, site.supervisors[-1], Seen()).get, page) for page in pages]:
            each.result()


def _until_ready(address: str) -> None:
    while True:
        try:
            if httpx.get(address, trust_env=False, timeout=120).status_code == 200:
                return
        except httpx.ConnectError:
            pass
        time.sleep(0.1)


def server_times(log: str) -> dict[str, dict[str, float]]:
    """By route, and of all pages together, what the server took, waiting for its turn and for the record included."""
    found: dict[str, list[int]] = {"all pages": []}
    for method, route, status, took, _, _ in _ANSWERED.findall(log):
        if _is_page(route, status):
            found.setdefault(f"{method} {route}", []).append(int(took))
            found["all pages"].append(int(took))
    return {name: {"count": len(times), **spread(times)} for name, times in sorted(found.items()) if times}


def spread(values: Iterable[float]) -> dict[str, float]:
    """Median and the 95th of a hundred."""
    ordered = sorted(values)
    return {"median": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}


def told(handled: list[Handled]) -> dict[str, Any]:
    """What cases took in real browsers: keys, seconds of the machine, and what it takes to read what is decided on."""
    if not handled:
        return {"cases": 0}
    first = [each.leading for each in handled]
    every = [each.leading + each.reasons for each in handled]
    return {
        "cases": len(handled),
        "keys": {
            "median": statistics.median(each.keys for each in handled),
            "most": max(each.keys for each in handled),
        },
        "characters_a_minute": READING,
        "seconds_of_the_machine": spread(each.seconds for each in handled),
        "first_reason_read": {"characters": spread(first), "seconds": spread(60 * each / READING for each in first)},
        "every_reason_read": {"characters": spread(every), "seconds": spread(60 * each / READING for each in every)},
    }


def main() -> None:
    """Measure, print and write bench/desk/day.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.desk.day", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="cases on the desk (10000)")
    parser.add_argument("--seconds", type=int, default=600, help="how long the day is (600)")
    parser.add_argument(
        "--pace",
        type=float,
        nargs="+",
        default=[PACE],
        help=f"seconds that a counsellor reads a case, on average ({PACE}); of several each is a day",
    )
    parser.add_argument("--processes", type=int, default=1, help="web processes beside each other (1)")
    parser.add_argument("--browsers", type=int, default=BROWSERS, help="of the counsellors, in Chromium (3)")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    os.environ["FORBEAR_LOG_LEVEL"] = "INFO"  # the server tells what each answer took
    with served(options.cases, whole=1, processes=options.processes) as site:
        warm(site)
        stand_back()
        days = [day(site, options.seconds, pace, options.browsers) for pace in options.pace]
    results = {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load_average": {"before": round(load, 1), "after": round(os.getloadavg()[0], 1)},
        "nice_of_the_load": os.nice(0),
        "counsellors": COUNSELLORS,
        "supervisors": SUPERVISORS,
        "cases": options.cases,
        "web_processes": options.processes,
        "bound_ms": BOUND,
        "days": days,
    }
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps(results, indent=2, ensure_ascii=False))
    sys.exit(1 if any(map(failed, days)) else 0)


def failed(found: dict[str, Any]) -> bool:
    """Whether a day had an error, a case taken twice, or pages over the bound."""
    late = found["pages_at_the_server_ms"].get("all pages", {"p95": 0})["p95"] > BOUND
    return bool(found["errors"] or found["cases_taken_twice"] or late)


if __name__ == "__main__":
    main()
