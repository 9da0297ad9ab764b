"""KEDA is told by deploy/keda.yaml how many workers what waits in the record wants."""

import json
from math import ceil
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from forbear.base.vault import Vault
from forbear.ops.embedded import redis_client
from tests.support.desk.cases import accepted, decided, many, submitted

FILE = Path(__file__).parents[2] / "deploy" / "keda.yaml"


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(FILE.read_text()))


@pytest.fixture(scope="module")
def scaled(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The spec of each ScaledObject, by the queue that its workers consume."""
    found = {}
    deployments = {each["metadata"]["name"]: each for each in documents if each["kind"] == "Deployment"}
    for each in documents:
        if each["kind"] == "ScaledObject":
            deployment = deployments[each["spec"]["scaleTargetRef"]["name"]]
            (container,) = deployment["spec"]["template"]["spec"]["containers"]
            assert container["command"][:3] == ["forbear", "worker", "--queues"]
            found[container["command"][3]] = each["spec"]
    return found


def wanted(connection: psycopg.Connection[Any], spec: dict[str, Any]) -> int:
    """What KEDA and Kubernetes make of the query: none unless it is above activation, else a worker for each target."""
    (trigger,) = spec["triggers"]
    assert (trigger["type"], trigger["metricType"]) == ("postgresql", "AverageValue")
    metadata = trigger["metadata"]
    row = connection.execute(metadata["query"]).fetchone()
    assert row is not None
    waiting = int(row[0])
    if waiting <= float(metadata["activationTargetQueryValue"]):
        return int(spec["minReplicaCount"])
    return min(int(spec["maxReplicaCount"]), ceil(waiting / float(metadata["targetQueryValue"])))


def test_workers_are_wanted_for_what_waits_whatever_redis_knows(
    database_url: str, redis_url: str, vault: Vault, scaled: dict[str, dict[str, Any]]
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        # As the role that the file tells of: it can count, and read nothing else.
        connection.execute("GRANT SELECT (queue, status, lane, turn, id) ON chunk TO pg_monitor")
        connection.execute("SET ROLE pg_monitor")
        assert {queue: wanted(connection, spec) for queue, spec in scaled.items()} == {"bulk": 0, "urgent": 0}
        decided(database_url, many(3, "D"), vault)
        assert wanted(connection, scaled["bulk"]) == 0
        submitted(database_url, many(21, "P"), vault, chunk_size=1)
        submitted(database_url, [accepted(n, f"alarm {n}", violence=True) for n in range(1, 7)], vault, chunk_size=1)
        with redis_client(redis_url) as client:
            client.flushall()
        assert (wanted(connection, scaled["bulk"]), wanted(connection, scaled["urgent"])) == (2, 1)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT case_version_ids FROM chunk")


@pytest.mark.parametrize("queue", ["bulk", "urgent"])
def test_the_number_is_found_by_an_index_and_ends_where_no_more_workers_would_come(
    shared_database_url: str, vault: Vault, scaled: dict[str, dict[str, Any]], queue: str
) -> None:
    spec = scaled[queue]
    query = spec["triggers"][0]["metadata"]["query"]
    submitted(shared_database_url, many(2, queue) if queue == "bulk" else [accepted(1, queue)], vault)
    with psycopg.connect(shared_database_url) as connection:
        connection.execute(
            "INSERT INTO chunk (batch_id, submitter, queue, lane, turn, case_version_ids, status, tries, woken_at) "
            "SELECT batch_id, submitter, queue, lane, n, case_version_ids, each.status, 0, woken_at FROM chunk, "
            "generate_series(1, 3000) n, unnest(ARRAY['pending', 'done']) AS each(status) WHERE queue = %s",
            [queue],
        )
        connection.execute("ANALYZE chunk")
        (plan,) = connection.execute("EXPLAIN (FORMAT JSON) " + query).fetchone() or ()
        assert "Seq Scan" not in json.dumps(plan)
        assert "ix_chunk_queue_lane_turn_id" in json.dumps(plan)
        assert wanted(connection, spec) == spec["maxReplicaCount"]
        connection.rollback()


def test_what_the_workers_need_is_there(documents: list[dict[str, Any]], scaled: dict[str, dict[str, Any]]) -> None:
    (trust,) = [each for each in documents if each["kind"] == "TriggerAuthentication"]
    assert [ref["parameter"] for ref in trust["spec"]["secretTargetRef"]] == ["connection"]
    for spec in scaled.values():
        (trigger,) = spec["triggers"]
        assert trigger["authenticationRef"]["name"] == trust["metadata"]["name"]
