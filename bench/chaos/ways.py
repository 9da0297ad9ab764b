"""Other ways to have work done, to be broken beside ours: plain Celery, acknowledged late, and under Relier.

A task takes a twentieth of a second and writes one row. Nothing of Forbear is needed here, so that each way can have an
interpreter of its own.
"""

import os
import time
from typing import Any

import psycopg
from celery import Celery

WAY = os.environ.get("WAY", "plain")
FOR = 0.05  # seconds of work


def work(number: int) -> None:
    """Work a little, and write down that it is done."""
    time.sleep(FOR)
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO beside (way, number) VALUES (%s, %s)", [WAY, number])


def _celery() -> tuple[Any, Any]:
    app = Celery("ways", broker=os.environ.get("BROKER_URL"))
    app.conf.update(task_ignore_result=True, task_default_queue=WAY, broker_connection_retry_on_startup=True)
    if WAY == "late":
        app.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1)
    task = app.task(name="ways.work")(work)
    return app, task.delay


def _relier() -> tuple[Any, Any]:
    from relier import rl_task  # type: ignore[import-not-found] # in an environment of its own
    from relier.tasks.app import celery_app  # type: ignore[import-not-found] # the same

    return celery_app, rl_task(idempotent=True)(work).push


app, push = _relier() if WAY == "relier" else _celery()
