"""`python -m bench.simulation`: so many steps of the protocol under faults, and whether anything ever went wrong."""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count

from bench.simulation.invariants import ViolationError
from bench.simulation.world import BUGS, World

LONG = 1000  # steps under faults in one run


def simulate(
    first: int, steps: int, bug: str | None = None, stride: int = 1, seconds: float | None = None
) -> tuple[int, int, list[str]]:
    """Runs with seeds from `first` on until there were so many steps, or the time is over; with a bug, until found."""
    done, runs, violations = 0, 0, []
    end = None if seconds is None else time.monotonic() + seconds
    for seed in count(first, stride):
        if done >= steps or (end is not None and time.monotonic() > end):
            break
        world = World(seed, bug)
        try:
            world.run(LONG)
        except ViolationError as violation:
            violations.append(f"seed {seed}: {violation}")
        done += world.steps
        runs += 1
        if (violations and bug) or len(violations) >= 10:
            break
    return done, runs, violations


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulation", description=__doc__)
    parser.add_argument("--steps", type=float, default=3e6, help="of the protocol as it is")
    parser.add_argument("--seconds", type=float, help="after which no run begins, whatever steps there were")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--bugs", action="store_true", help="plant each fault and see how soon it is found")
    chosen = parser.parse_args()
    if chosen.bugs:
        for bug in BUGS:
            began = time.perf_counter()
            steps, runs, found = simulate(chosen.seed, int(chosen.steps), bug)
            print(
                f"{bug}: {found[0] if found else 'NOT FOUND'} ({runs} runs, {steps:,} steps, "
                f"{time.perf_counter() - began:.1f} s)",
                flush=True,
            )
        return
    began, each = time.perf_counter(), int(chosen.steps / chosen.processes)
    with ProcessPoolExecutor(chosen.processes) as pool:
        started = [
            pool.submit(simulate, chosen.seed + at, each, None, chosen.processes, chosen.seconds)
            for at in range(chosen.processes)
        ]
        done = [future.result() for future in started]
    took, steps = time.perf_counter() - began, sum(steps for steps, _, _ in done)
    violations = [violation for _, _, found in done for violation in found]
    print(
        f"{steps:,} steps in {sum(runs for _, runs, _ in done):,} runs, {steps / took:,.0f} steps/s, "
        f"{len(violations)} violations"
    )
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
