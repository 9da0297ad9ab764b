"""Celery beat's scheduler, which begins anew with its broker where a message could not be sent.

Beat keeps one connection for as long as it lives. Where that is beyond use in a way that nobody thought of, every
message after it fails, and what has lost its own message waits for a sweep that never comes.
"""

import contextlib
from typing import Any

import structlog
from celery.beat import PersistentScheduler, ScheduleEntry

_log = structlog.get_logger()


class Scheduler(PersistentScheduler):  # type: ignore[misc] # Celery has no types
    """As `beat_scheduler` of Celery's settings names it."""

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send what is due; the next message comes with the next interval, by another connection if this one failed."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except Exception as error:  # whatever it is: the scheduler goes on
            cause = error.__context__ or error  # beat wraps what it met
            _log.warning("schedule.not_sent", task=entry.task, error=type(cause).__name__)
            self._let_go()

    def _let_go(self) -> None:
        """Forget the connection and what sends by it; Celery makes both when they are asked for."""
        self.__dict__.pop("producer", None)
        if connection := self.__dict__.pop("connection", None):
            with contextlib.suppress(Exception):  # it is of no use any more, and may say so
                connection.release()
