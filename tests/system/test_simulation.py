"""The simulation mirrors the code, finds every fault that is planted in it, and none in the protocol as it is."""

import inspect
import re
from pathlib import Path

import pytest

from bench.simulation import outbox, protocol, transactions, worklist, world
from bench.simulation.__main__ import simulate
from forbear.base.settings import Settings
from forbear.batch import chunks
from workers import schedule, tasks
from workers.app import TASK_SECONDS

ROOT = Path(__file__).parents[2]
SOURCE = "".join(inspect.getsource(each) for each in (outbox, protocol, transactions, world, worklist))
_NAMED = re.compile(r"((?:forbear|workers|models)/[\w/]+\.py):(\w+)")


@pytest.mark.parametrize("bug", world.BUGS)
def test_a_planted_fault_is_found(bug: str) -> None:
    _, _, found = simulate(1, 3_000_000, bug)
    assert found


def test_the_protocol_as_it_is_loses_doubles_splits_and_stalls_nothing() -> None:
    steps, runs, violations = simulate(1, 60_000)
    assert violations == []
    assert (steps, runs) == simulate(1, 60_000)[:2], "a seed is a schedule"


def test_a_schedule_that_told_of_a_failure_in_vain_does_so_no_more() -> None:
    """Found once in a hundred million steps: what had failed in one batch was decided by another meanwhile."""
    assert simulate(5_018_248, 1)[1:] == (1, [])


def test_every_fault_is_one_that_a_mirrored_function_has() -> None:
    named = re.findall(r'bug [!=]= "([^"]+)"', SOURCE)
    assert set(named) == set(world.BUGS)


def test_what_is_mirrored_is_there() -> None:
    found = _NAMED.findall(SOURCE)
    assert len(found) > 30
    for file, name in found:
        assert re.search(rf"^(def |class |async def )?{name}\b", (ROOT / file).read_text(), re.MULTILINE), (
            f"{file}:{name}"
        )


def test_every_limit_is_that_of_the_code() -> None:
    assert protocol.AT_ONCE == chunks._AT_ONCE
    assert chunks._ABOUT_TO.total_seconds() == protocol.ABOUT_TO
    assert chunks._TRY.total_seconds() == protocol.TRY == TASK_SECONDS
    assert transactions.RETRIES == tasks._PAUSES
    assert tasks._STEADY_FOR == transactions.STEADY_FOR
    assert schedule.DELIVER_SECONDS == protocol.DELIVER_SECONDS
    assert schedule.UPKEEP_SECONDS == protocol.NOTICE_SECONDS
    fields = Settings.model_fields
    assert fields["lock_seconds"].default == transactions.LOCK_SECONDS
    assert fields["sweep_seconds"].default == protocol.SWEEP_SECONDS
    assert fields["idle_seconds"].default == world.IDLE_SECONDS
