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
# After which a message is dropped that nobody has taken: by the receiver's clock, of a moment that the sender's tells.
# Were it seconds only, workers a little ahead would drop everything.
EXPIRES_SECONDS = 60


def schedule(sweep_seconds: int, queues: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Celery beat's entries. A message that waited too long is dropped, so that no work is done for what piled up."""
    often = {
        task: {
            "task": task,
            "schedule": seconds,
            "options": {"queue": "upkeep", "expires": max(seconds, EXPIRES_SECONDS)},
        }
        for task, seconds in (("upkeep.sweep", sweep_seconds), ("upkeep.deliver", DELIVER_SECONDS))
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
            "options": {"queue": queue, "expires": EXPIRES_SECONDS},
        }
        for queue in queues
    }
    minutely = {
        task: {"task": task, "schedule": UPKEEP_SECONDS, "options": {"queue": "upkeep", "expires": UPKEEP_SECONDS}}
        for task in (
            *("upkeep.fold", "upkeep.return", "upkeep.tie", "upkeep.tidy"),
            *("upkeep.deal", "upkeep.tell", "upkeep.pack", "upkeep.notice"),
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
    return {"forget": forget, **often, **daily, **heartbeats, **minutely}
