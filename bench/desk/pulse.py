"""How long /healthz takes, seen by a process of its own: `python -m bench.desk.pulse PORT`.

It asks twenty times a second, each time on a new connection as an orchestrator does, and tells of what it saw since it
was asked last whenever a line comes.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_PAUSE = 0.05  # seconds between two questions
_LONGEST = 30.0


class Pulse:
    """A process that watches a port."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def since(self) -> dict[str, Any]:
        """What was seen since this was called last: how many answers, their milliseconds, and how many never came."""
        if not (self._process.stdin and self._process.stdout):
            raise RuntimeError("it was started without pipes")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def pulse(port: int) -> Iterator[Pulse]:
    """Watch a port as long as the block lasts."""
    command = [sys.executable, "-m", "bench.desk.pulse", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Pulse(process)
        finally:
            process.terminate()


def main() -> None:
    """Ask until nobody reads any more."""
    port, seen, lost = int(sys.argv[1]), list[float](), 0
    while True:
        began = time.perf_counter()
        try:
            _ask(port)
            seen.append(1000 * (time.perf_counter() - began))
        except OSError:
            lost += 1
        if select.select([sys.stdin], [], [], _PAUSE)[0]:
            if not sys.stdin.readline():
                return
            seen.sort()
            at = {name: round(seen[int(len(seen) * part)], 1) if seen else None for name, part in _PARTS.items()}
            print(json.dumps({"answers": len(seen), "none": lost, **at, "max": round(seen[-1], 1) if seen else None}))
            sys.stdout.flush()
            seen, lost = [], 0


_PARTS = {"median": 0.5, "p99": 0.99}


def _ask(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), _LONGEST) as asking:
        asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        if not asking.recv(4096).startswith(b"HTTP/1.1 200"):
            raise OSError("not alive")


if __name__ == "__main__":
    main()
