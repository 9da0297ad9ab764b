"""The schedule: what the scheduler sends, and how often."""

from collections.abc import Sequence
from typing import Any

from celery.schedules import crontab

PURGE_SECONDS = 12 * 3600  # a purge that could not begin by then waits for the next night
DELIVER_SECONDS = 5  # between looks into the outbox
FORGET_SECONDS = 3600
AGE_SECONDS = 3600
HEARTBEAT_SECONDS = 20  # three a minute: one may be late before a queue counts as dead
UPKEEP_SECONDS = 60


def schedule(sweep_seconds: int, queues: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Celery beat's entries. A message not consumed before the next one is due is dropped, so none pile up."""
    sweep = {
        "task": "upkeep.sweep",
        "schedule": sweep_seconds,
        "options": {"queue": "upkeep", "expires": sweep_seconds},
    }
    deliver = {
        "task": "upkeep.deliver",
        "schedule": DELIVER_SECONDS,
        "options": {"queue": "upkeep", "expires": DELIVER_SECONDS},
    }
    forget = {
        "task": "upkeep.forget",
        "schedule": FORGET_SECONDS,
        "options": {"queue": "upkeep", "expires": FORGET_SECONDS},
    }
    heartbeats = {
        f"heartbeat of {queue}": {
            "task": "upkeep.heartbeat",
            "schedule": HEARTBEAT_SECONDS,
            "args": (queue,),
            "options": {"queue": queue, "expires": HEARTBEAT_SECONDS},
        }
        for queue in queues
    }
    minutely = {
        task: {"task": task, "schedule": UPKEEP_SECONDS, "options": {"queue": "upkeep", "expires": UPKEEP_SECONDS}}
        for task in (
            *("upkeep.fold", "upkeep.return", "upkeep.tie", "upkeep.tidy"),
            *("upkeep.deal", "upkeep.tell", "upkeep.pack"),
        )
    }
    # Decisions and instalments have something to do once a day, soon after the day begins in China (16:00 UTC). It is
    # looked for every hour, which costs nothing: a night on which nothing ran is made up for within the hour.
    ages = {
        "task": "upkeep.age",
        "schedule": crontab(minute=10),
        "options": {"queue": "upkeep", "expires": AGE_SECONDS},
    }
    follow = {
        "task": "upkeep.follow",
        "schedule": crontab(minute=20),
        "options": {"queue": "upkeep", "expires": AGE_SECONDS},
    }
    purge = {
        "task": "upkeep.purge",
        "schedule": crontab(hour=19, minute=30),  # UTC: the small hours in China
        "options": {"queue": "upkeep", "expires": PURGE_SECONDS},
    }
    daily = {"age": ages, "follow": follow, "purge": purge}
    return {"sweep": sweep, "deliver": deliver, "forget": forget, **daily, **heartbeats, **minutely}
