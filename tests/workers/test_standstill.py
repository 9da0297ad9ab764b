"""How long things stood still after a fault, as the chaos run reckons it."""

from bench.chaos.standstill import Finished, percentile, standstills


def chunk(since: float, done: float, queue: str = "bulk") -> Finished:
    return Finished(queue, since, done)


def test_a_pause_is_one_in_which_something_waited_and_counts_for_the_last_fault_before_its_end() -> None:
    work = [chunk(0, 1), chunk(0, 2), chunk(0, 9), chunk(20, 21)]
    assert standstills(work, [3]) == [6], "from the fault on"
    assert standstills(work, [1.5]) == [7], "it began when something had just been done"
    assert standstills(work, [3, 5, 9.5]) == [0, 4, 1], "nothing waited from 9 to 20"
    assert standstills(work, [30]) == [0]
    assert standstills([chunk(5, 8), *work], [4, 7]) == [0, 1], "others had waited for the fault"
    assert standstills([], [1]) == [0]


def test_each_queue_is_looked_at_by_itself() -> None:
    """That files are decided is no comfort to a crisis."""
    bulk = [chunk(0, at) for at in range(1, 10)]
    assert standstills([*bulk, chunk(2, 8, "urgent")], [3]) == [5]


def test_of_a_hundred_the_second_longest_is_what_all_but_one_are_below() -> None:
    assert percentile([*range(100)], 0.99) == 99
    assert percentile([*range(1000)], 0.99) == 990
    assert (percentile([7.0], 0.99), percentile([], 0.99)) == (7.0, 0.0)
