"""The dashboard and the alert rules ask for what /metrics gives, and the handbook of alarms knows each of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from forbear.base.vault import Vault
from tests.support.desk.desk_clients import served
from tests.support.desk.serving import client_of

ROOT = Path(__file__).parents[2]
_METRIC = re.compile(r"(forbear_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(!?=~?)"([^"]*)"')


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


@pytest.fixture(scope="module")
def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / "deploy/grafana/forbear.json").read_text())["panels"]
    return found


def test_every_metric_that_is_asked_for_is_given_and_every_one_given_is_shown(
    database_url: str, redis_url: str, vault: Vault, alerts: list[dict[str, Any]], panels: list[dict[str, Any]]
) -> None:
    with served(database_url, redis_url, vault) as address, client_of(address) as client:
        client.get("/sign-in")
        client.post("/sign-in")
        text = client.get("/metrics").text
    given: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            given.setdefault(sample.name, []).append(sample.labels)
    shown = [target["expr"] for panel in panels for target in panel["targets"]]
    for asked in (*shown, *(alert["expr"] for alert in alerts)):
        assert _METRIC.search(asked) or "up{" in asked, asked
        for name, matchers in _METRIC.findall(asked):
            assert name in given, f"{asked}: there is no {name}"
            for label, how, value in _MATCHER.findall(matchers or ""):
                values = {labels.get(label) for labels in given[name]}
                assert None not in values, f"{asked}: {name} has no label {label}"
                assert how != "=" or value in values, f"{asked}: {label} is never {value}"
        grouped = {label.strip() for labels in re.findall(r"by \(([^)]*)\)", asked) for label in labels.split(",")}
        labels = {label for name, _ in _METRIC.findall(asked) for each in given.get(name, []) for label in each}
        assert grouped <= labels, asked
    of_histogram = re.compile(r"_(bucket|count|sum)$")
    families = {of_histogram.sub("", name) for name in given}
    assert families == {of_histogram.sub("", name) for asked in shown for name, _ in _METRIC.findall(asked)}


def test_every_alarm_has_a_section_that_says_what_to_do(alerts: list[dict[str, Any]]) -> None:
    page = (ROOT / "docs/operations.md").read_text()
    sections = re.findall(r"^### (Forbear\w+)\n\n(\S.*)", page, re.MULTILINE)
    assert [name for name, _ in sections] == [alert["alert"] for alert in alerts]
    assert all(set(alert) <= {"alert", "expr", "for", "labels", "annotations"} for alert in alerts)
    assert {alert["labels"]["severity"] for alert in alerts} == {"critical", "warning"}


def test_the_dashboard_can_be_read(panels: list[dict[str, Any]]) -> None:
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert all(target["legendFormat"] for target in panel["targets"])
