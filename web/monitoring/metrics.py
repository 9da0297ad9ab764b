"""/metrics for Prometheus: figures of the record, and how the web processes answer. No personal data: no sign-in."""

import math
from collections.abc import Iterable

from fastapi import APIRouter, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from forbear.base.settings import settings
from forbear.desk.queue import URGENCIES
from forbear.ops.metrics import Metrics, measure
from web.deps import NowDep, SessionDep
from workers.app import QUEUES

router = APIRouter()
disable_created_metrics()  # type: ignore[no-untyped-call] # is not annotated
_WORKING = tuple(queue for queue in QUEUES if queue != "upkeep")  # the queues that chunks are in
ANSWERED = Histogram(
    "forbear_http_request_seconds",
    "How long the web processes took to answer",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=CollectorRegistry(),
)


@router.get("/metrics")
def metrics(session: SessionDep, now: NowDep) -> Response:
    """Every figure, in Prometheus's text."""
    registry = CollectorRegistry()
    registry.register(_MetricsCollector(measure(session, now)))
    if (counts := settings().counts) is not None:  # the answers of all web processes beside each other
        MultiProcessCollector(registry, str(counts))  # type: ignore[no-untyped-call] # is not annotated
    else:
        registry.register(ANSWERED)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _MetricsCollector(Collector):
    """The figures as Prometheus names them; a label without cases is told as zero."""

    def __init__(self, found: Metrics) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """Every family."""
        found = self._found
        yield _family("cases_decided", "Decisions made, ever", "urgency", found.decided, URGENCIES)
        yield _family("cases_open", "Cases that wait for a person", "urgency", found.open, URGENCIES)
        yield _family("cases_overdue", "Of these, past their due time", "urgency", found.overdue, URGENCIES)
        yield _family("chunks_pending", "Chunks to be evaluated", "queue", found.pending_chunks, _WORKING)
        yield _family("chunks_failed", "Chunks that wait for a person", "queue", found.failed_chunks, _WORKING)
        yield _family(
            "oldest_pending_seconds",
            "Age of the oldest batch with pending chunks",
            "queue",
            found.oldest_seconds,
            _WORKING,
        )
        yield _family(
            "oldest_claim_seconds",
            "Since when the chunk that is at work longest is claimed",
            "queue",
            found.claimed_seconds,
            _WORKING,
        )
        yield _family(
            "stalled_seconds",
            "For how long something has waited without anything being finished",
            "queue",
            found.stalled_seconds,
            _WORKING,
        )
        yield _family(
            "heartbeat_seconds",
            "When a worker consumed a message last; infinity: never",
            "queue",
            dict.fromkeys(QUEUES, math.inf) | found.heartbeat_seconds,
            QUEUES,
        )
        yield _family("deliveries", "Webhook deliveries", "status", found.deliveries, ("pending", "failed"))
        yield _family(
            "asked_once_stopped",
            "Answers looked up that were not what durable-rules says in full, in seven days",
            "queue",
            found.asked_once_stopped,
            ("bulk",),
        )


def _family(
    name: str, help_text: str, label: str, values: "dict[str, int] | dict[str, float]", labels: Iterable[str]
) -> Metric:
    family = GaugeMetricFamily(f"forbear_{name}", help_text, labels=[label])
    for each in labels:
        family.add_metric([each], values.get(each, 0))
    return family
