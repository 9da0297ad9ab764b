"""Drawing: Vega's engine, in a process of its own beside the web process.

It holds Python for as long as it draws, half a second the first time: the web process would answer nobody meanwhile.
"""

import atexit
import contextlib
import json
import subprocess
import sys
import threading
from typing import Any, Final

_LONGEST: Final = 30.0  # seconds that a drawing may take


class Drawer:
    """The process that draws, started when it is first needed and again where it is gone; one drawing at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def svg(self, spec: dict[str, Any]) -> str:
        """The SVG text of a Vega specification. Raises ValueError where there is none."""
        asked = json.dumps(spec).encode() + b"\n"
        with self._turn:
            told = self._ask(asked) or self._ask(asked)  # a process that was killed is there again
        if not (drawn := str(json.loads(told or '""'))):
            raise ValueError("nothing was drawn")
        return drawn

    def end(self) -> None:
        """End the process; the next drawing starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, asked: bytes) -> bytes:
        """A line of its answer; empty where it ended."""
        if self._process is None:
            # It ends when there is nobody to read from any more, however we went.
            command = [sys.executable, "-m", __name__]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process, told = self._process, b""
        late = threading.Timer(_LONGEST, process.kill)
        late.start()
        with contextlib.suppress(OSError):  # of a pipe that nobody is at the other end of
            if process.stdin and process.stdout:
                process.stdin.write(asked)
                process.stdin.flush()
                told = process.stdout.readline()
        late.cancel()
        if not told:
            self.end()
        return told


drawer: Final = Drawer()
atexit.register(drawer.end)


def main() -> None:
    """Draw what is asked for, a line each, until nobody can ask any more; what cannot be drawn is an empty text."""
    import vl_convert  # only here: it is the engine

    for line in sys.stdin.buffer:
        try:
            drawn = vl_convert.vega_to_svg(json.loads(line), allowed_base_urls=[])
        except ValueError:
            drawn = ""
        sys.stdout.buffer.write(json.dumps(drawn).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
