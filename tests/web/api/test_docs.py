"""The commands that docs/api.md shows work as they stand."""

import json
import re
import subprocess
from pathlib import Path

from forbear.base.settings import child_environment
from forbear.base.vault import Vault
from tests.support.desk.api import token
from tests.support.desk.desk_clients import account, served
from tests.web.api.test_cases import worker

ROOT = Path(__file__).parents[3]
COMMANDS = re.findall(r"```sh\n(.*?)```", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.DOTALL)


def test_every_command_of_the_page_works(database_url: str, redis_url: str, vault: Vault) -> None:
    assert len(COMMANDS) == 19
    secret = token(database_url, account(database_url, "docs", "supervisor", "local"))
    said = []
    with served(database_url, redis_url, vault) as address, worker(database_url, vault):
        environment = child_environment(FORBEAR=f"{address}/api/v1", TOKEN=secret, NO_PROXY="127.0.0.1")
        for command in COMMANDS:
            done = subprocess.run(
                ["bash", "-euc", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
            )
            assert done.returncode == 0, done.stderr
            said.append(done.stdout)
    (
        policy,
        case,
        again,
        tried,
        batch,
        listed,
        mapped,
        files,
        review,
        acts,
        printed,
        withdrawn,
        moved,
        events,
        problem,
        hook,
        changed,
        rotated,
        pinged,
    ) = said
    assert json.loads(case)["strategy"] == json.loads(again)["strategy"]
    assert json.loads(tried)["trials"][0]["decision"]["strategy"]
    assert json.loads(batch)["rows_read"] > 20
    assert json.loads(listed)["accepted"] == 1
    assert json.loads(mapped)["mapping"]["columns"]["欠款"] == {"fact": "balance", "unit": "万元"}
    assert '"rows_read"' in files
    assert "row,field,error" in files
    assert json.loads(policy)["strategies"]
    assert json.loads(review)["status"] == "reviewed"
    assert [each["action"] for each in json.loads(acts)["reviews"]] == ["accept"]
    assert {error["field"] for error in json.loads(problem)["errors"]} == {"product", "days_overdue", "hardship"}
    assert '"plan_for_client"' in printed and '"letters"' in printed
    assert json.loads(withdrawn)["status"] == "closed"
    assert json.loads(moved)["cases"] and json.loads(events)["last"]
    assert json.loads(hook)["secret"].startswith("whsec_") and len(json.loads(changed)["events"]) == 3
    assert json.loads(rotated)["old_until"] and json.loads(pinged)["event"] == "ping"
