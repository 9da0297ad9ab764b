"""The Celery application: how messages travel, and how a worker process starts."""

import gc
import logging
import sys
from typing import Any

from celery import Celery, signals
from kombu.entity import Queue

from forbear.base import log
from forbear.base.errors import ForbearError
from forbear.base.settings import settings, share_cores
from forbear.base.vault import load_vault
from workers import broker
from workers.schedule import EXPIRES_SECONDS, schedule

QUEUES = ("urgent", "bulk", "upkeep")
TASK_SECONDS = 60  # a chunk takes well under a second; only a hard limit stops a loop inside the engine's C code
# A message not acknowledged for so long goes to another worker: longer than any task may take.
VISIBILITY_SECONDS = 5 * TASK_SECONDS

broker.install()
app = Celery("forbear", broker=settings().redis_url, include=["workers.tasks"], amqp=broker.Messages)
app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call] # kombu has no types
    task_default_queue="upkeep",
    task_create_missing_queues=False,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=TASK_SECONDS,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=500,  # rulesets cannot be freed: a process that met many packs is replaced
    worker_proc_alive_timeout=TASK_SECONDS,  # 4 s by default: where all is slow, one after the other would be killed
    worker_soft_shutdown_timeout=15.0,
    worker_send_task_events=True,  # flower shows them; they carry chunk ids
    task_send_sent_event=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # a worker waits for Redis for as long as it takes
    broker_transport_options={
        "visibility_timeout": VISIBILITY_SECONDS,
        "socket_timeout": 30,
        "socket_connect_timeout": 10,
        "health_check_interval": 10,
    },
    beat_schedule=schedule(settings().sweep_seconds, QUEUES),
    beat_scheduler="workers.scheduler:Scheduler",
)


@signals.import_modules.connect
def _import_tasks(**_: Any) -> None:
    """This comes just before the tasks, and with them Polars, are imported."""
    share_cores()
    # What is imported stays: to look through it for garbage again and again costs a worker an eighth of its start, and
    # a queue may be waiting for it. With the pack it is looked through a little more often (forbear/base/packs.py).
    gc.set_threshold(200_000, 10, 10)


@signals.celeryd_init.connect
def _check(**_: Any) -> None:
    """Refuse to start without what every task needs, in one sentence."""
    try:
        if not settings().redis_url or not settings().database_url:
            raise ForbearError("FORBEAR_DATABASE_URL and FORBEAR_REDIS_URL are not set: use `forbear worker` instead.")
        load_vault(settings())
    except ForbearError as error:
        sys.exit(error.message)


@signals.beat_init.connect
def _beat_at_once(**_: Any) -> None:
    """Ask for heartbeats when the scheduler starts, not only an interval later: somebody waits for readiness."""
    for queue in QUEUES:
        app.send_task("upkeep.heartbeat", (queue,), queue=queue, expires=EXPIRES_SECONDS)


@signals.worker_ready.connect
def _look_around(**_: Any) -> None:
    """A worker that starts wakes whatever is pending, so that nothing waits for a scheduler, and shows it is there."""
    app.send_task("upkeep.sweep", (0,), queue="upkeep", expires=EXPIRES_SECONDS)
    for queue in app.amqp.queues.consume_from:
        app.send_task("upkeep.heartbeat", (queue,), queue=queue, expires=EXPIRES_SECONDS)


@signals.setup_logging.connect
def _configure_logging(loglevel: int | str | None = None, **_: Any) -> None:
    """Log to standard error, Celery's lines and our own."""
    logging.basicConfig(
        level=loglevel or settings().log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    log.configure(settings().log_level)
