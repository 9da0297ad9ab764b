"""What ships beside the code is true: compose file, lock files, settings page, make targets."""

import importlib.resources
import json
import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from forbear.base.settings import Settings
from tools import sbom

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_compose_yaml_obeys_the_compose_specification(compose: dict[str, Any]) -> None:
    schema = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose, json.loads(schema.read_text()))


def test_compose_runs_every_part_and_each_says_whether_it_is_healthy(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {
        *("postgres", "redis", "migrate", "web", "worker", "urgent-worker", "scheduler", "flower"),
    }
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["migrate"]


def test_every_queue_is_consumed_by_a_compose_worker(compose: dict[str, Any]) -> None:
    from workers.app import QUEUES

    commands = [service.get("command", []) for service in compose["services"].values()]
    consumed = {
        queue
        for command in commands
        if "--queues" in command
        for queue in command[command.index("--queues") + 1].split(",")
    }
    assert consumed == set(QUEUES)


LOCKS = ("requirements.lock", "requirements-dev.lock", "deploy/locks/worker.lock", "deploy/locks/web.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_pin_with_hashes_and_name_no_host(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert pinned
    assert all("==" in line for line in pinned)
    assert all(line.endswith("\\") for line in pinned), "every pin is followed by its hashes"
    assert not [line for line in lines if re.search(r"https?://|--(extra-)?index-url|--find-links", line)]


@pytest.fixture(scope="module")
def inventory() -> dict[str, Any]:
    made = json.loads(sbom.written())
    assert isinstance(made, dict)
    return made


def test_the_inventory_obeys_cyclonedx(inventory: dict[str, Any]) -> None:
    folder = importlib.resources.files("cyclonedx") / "schema" / "_res"
    names = [f"{name}.SNAPSHOT.schema.json" for name in ("bom-1.6", "spdx", "jsf-0.82")]
    read = [json.loads((folder / name).read_text()) for name in names]
    known = [
        (f"http://cyclonedx.org/schema/{name}", Resource.from_contents(each))
        for name, each in zip(names, read, strict=True)
    ]
    jsonschema.Draft7Validator(read[0], registry=Registry().with_resources(known)).validate(inventory)


def test_the_inventory_names_every_locked_package_with_its_version_and_its_files(inventory: dict[str, Any]) -> None:
    components = {each["purl"]: each for each in inventory["components"]}
    seen = set()
    for part, path in sbom.LOCKS.items():
        for block in re.split(r"\n(?=\w)", (ROOT / path).read_text()):
            ((name, version),) = re.findall(r"^([\w.-]+)(?:\[.*\])?==([^ ;]+)", block)
            component = components[f"pkg:pypi/{name}@{version}"]
            assert (component["name"], component["version"]) == (name, version)
            assert {each["content"] for each in component["hashes"]} == set(re.findall(r"sha256:(\w+)", block))
            assert part in component["properties"][0]["value"].split(", ")
            seen.add(component["purl"])
    assert seen == components.keys()
    ours = {each["name"] for each in components.values() if each["scope"] == "required"}
    assert "fastapi" in ours and "ruff" not in ours
    needs = {each["ref"]: each.get("dependsOn", []) for each in inventory["dependencies"]}
    assert {"fastapi", "ruff"} <= {purl.split("/")[1].split("@")[0] for purl in needs["forbear"]}
    (fastapi,) = (purl for purl in needs if purl.startswith("pkg:pypi/fastapi@"))
    assert any(purl.startswith("pkg:pypi/starlette@") for purl in needs[fastapi])


def test_a_line_that_is_none_of_a_lock_file_is_not_overlooked(tmp_path: Path) -> None:
    path = tmp_path / "other.lock"
    path.write_text("alembic==1.20.1 \\\n    --hash=md5:00\n")
    with pytest.raises(ValueError, match="run make lock"):
        list(sbom.locked(str(path)))


def test_every_dependency_is_in_the_lock_file_and_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    specs = [*project["project"]["dependencies"], *chain(*project["project"]["optional-dependencies"].values())]
    names = [name for spec in specs if (name := re.split(r"[\[<>=~! ]", spec)[0]) != project["project"]["name"]]
    locked = (ROOT / "requirements.lock").read_text()
    why = (ROOT / "docs/decisions/0008-dependencies.md").read_text()
    for name in names:
        assert re.search(rf"^{re.escape(name)}(\[.*\])?==", locked, re.MULTILINE), name
        assert name in why, name
    for spec in project["dependency-groups"]["dev"]:
        assert re.split(r"[\[<>=~! ]", spec)[0] in why, spec


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    missing = [name for name in Settings.model_fields if f"`FORBEAR_{name.upper()}`" not in page]
    assert missing == []


def test_ci_runs_the_commands_of_the_readme() -> None:
    steps = (ROOT / ".ci/run").read_text()
    readme = (ROOT / "README.md").read_text()
    for command in ("make check", "make test", "make test-browser"):
        assert re.search(rf"^{command}$", steps, re.MULTILINE)
        assert command in readme
