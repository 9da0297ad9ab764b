"""The engines of others that an interpreter has, each asked in a process of its own."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
ENGINES: Final = {
    "zen-engine": "with_zen",
    "rule-engine": "with_rule_engine",
    "business-rules": "with_business_rules",
    "openfisca-core": "with_openfisca",
    "drools_jpy": "with_drools",
}


def versions(python: str) -> dict[str, str]:
    """Of those that are installed, by name."""
    ask = (
        "import json, sys; from importlib.metadata import distribution as one, packages_distributions as all_; "
        "there = {each.lower() for names in all_().values() for each in names}; "
        "print(json.dumps({name: one(name).version for name in sys.argv[1:] if name in there}))"
    )
    done = subprocess.run([python, "-c", ask, *ENGINES], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def left_out(found: dict[str, str]) -> dict[str, str]:
    """Why those are not measured that are not."""
    why = {name: "is not installed" for name in ENGINES if name not in found}
    if "drools_jpy" in found and shutil.which("java") is None:
        why["drools_jpy"] = "needs Java, which is not there"
    return why


def ask(python: str, name: str, asked: dict[str, Any]) -> Any:
    """What an engine takes and finds: `ways` and `hits`, both by the way it was asked."""
    command = [python, "-m", f"bench.engines.beside.{ENGINES[name]}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if java := shutil.which("java"):
        environment.setdefault("JAVA_HOME", str(Path(java).resolve().parents[1]))
    done = subprocess.run(
        command, input=json.dumps(asked), env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])
