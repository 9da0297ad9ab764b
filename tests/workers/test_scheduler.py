"""The scheduler goes on with whatever Redis there is."""

from pathlib import Path
from typing import Any

import pytest

from forbear.ops import embedded
from tests.support.desk.processes import kill_group, start_redis
from workers.app import app
from workers.scheduler import Scheduler


def test_a_connection_that_is_of_no_use_any_more_is_left_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is the matter with it. Beat itself would go on trying by it for as long as it lives."""
    socket = embedded.runtime_folder(tmp_path) / "own.sock"
    server = start_redis(url := f"redis+socket://{socket}")
    monkeypatch.setattr(app, "connection_for_write", lambda *_, **__: app.connection_for_read(url=url))
    try:
        scheduler: Any = Scheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
        sweep = next(each for each in scheduler.schedule.values() if each.task == "upkeep.sweep")
        with embedded.redis_client(url) as redis:
            scheduler.apply_entry(sweep, producer=scheduler.producer)
            assert redis.llen("upkeep") == 1
            monkeypatch.setattr(scheduler.producer, "publish", lambda *_, **__: 1 / 0)
            scheduler.apply_entry(sweep, producer=scheduler.producer)
            assert redis.llen("upkeep") == 1, "not sent, and no error"
            scheduler.apply_entry(sweep, producer=scheduler.producer)
            assert redis.llen("upkeep") == 2
        scheduler.close()
    finally:
        kill_group(server)
        socket.unlink(missing_ok=True)
