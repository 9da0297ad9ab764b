"""Who notices a fault of the pack, the cheapest first, in a process of its own: the tree is not touched."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

import rules.lint.check as linter
import rules.loading.consistency as consistency
import rules.loading.loader as loader
from rules.loading.loader import DEFAULT_PACK
from rules.pack.files.schema import RuleTest
from rules.pack.pack import Pack, PackError
from rules.pack.strict_yaml import read
from tests.policy.matrix.matrix_cases import core, sample
from tests.policy.reviewed import table

ROOT: Final = Path(__file__).parents[2]
MOST: Final = 600  # seconds of one mutant
CASES: Final = 2_000  # of the matrix and of the laws each, of the hundreds of thousands that the tests look at
# Beside what is asked directly. Left out: what takes minutes and is asked above in small, or sums without the pack.
TESTS: Final = (
    *(f"tests/policy/test_{name}.py" for name in ("default_pack", "content", "product_names", "every_rule")),
    *(f"tests/policy/cases/test_{name}.py" for name in ("samples", "corpus", "golden", "advice_cases")),
)
_PATTERNS: Final = frozenset({"red_flags.yaml", "phrases.yaml"})
ASKED: Final = ("test_every_rule_has_a_hit_a_miss_and_a_pair_for_each_number", "test_the_pack_is_fit_to_publish")


class Judge:
    """Knows the pack without a fault, and which tests pass on it."""

    def __init__(self) -> None:
        _put(loader, read=cache(read))  # every file but the one with the fault is read once
        _put(linter, mismatch=lambda pack, path: None)  # it would notice everything
        self.pack = loader.load(DEFAULT_PACK)
        self.data: Mapping[str, Any] = {path: read(content) for path, content in self.pack.files.items()}
        self._reviewed = table(self.pack)
        # In a child, as all that computes: a process that has used Polars must not fork.
        self._anyway = _in_child(lambda: _findings(self.pack))
        self._failing: frozenset[str] | None = None
        gc.freeze()  # children share what is there

    def notice(self, changed: Mapping[str, bytes]) -> str | None:
        """Who notices that files of the pack are changed; None where nobody does."""
        found = _in_child(lambda: self._first(changed))
        if not found:
            if self._failing is None:
                self._failing = frozenset(_in_child(lambda: "\n".join(_failing())).splitlines())
            found = _in_child(lambda: self._last(changed))
        return found or None

    def _first(self, changed: Mapping[str, bytes]) -> str:
        """Whoever can tell in a few seconds."""
        try:
            pack = self._with(changed)
        except PackError:
            return "loading"
        if table(pack) != self._reviewed:
            return "reviewed table"
        if _own_tests(pack, changed) or linter.run_formula_tests(pack) or linter.run_tests(pack):
            return "tests of rules and formulas"
        return "linter" if _findings(pack) != self._anyway else ""

    def _last(self, changed: Mapping[str, bytes]) -> str:
        """Whoever needs a minute."""
        _serve(self._with(changed))
        if _disagreement():
            return "matrix and laws"
        return "policy tests" if _failing(self._failing or frozenset()) else ""

    def _with(self, changed: Mapping[str, bytes]) -> Pack:
        if _PATTERNS.isdisjoint(changed):  # they are right, and take a third of the time to read
            _put(consistency, check_phrases=lambda pack: ())
        return loader.load_files({**self.pack.files, **changed}, "mutant")


def _put(module: ModuleType, **values: Any) -> None:
    """Let a module do otherwise in this process."""
    vars(module).update(values)


def _own_tests(pack: Pack, changed: Collection[str]) -> bool:
    """Whether a test of a changed rule hits or misses otherwise: all the tests take a hundred times as long."""
    bare = [
        replace(each, rule=each.rule.model_copy(update={"tests": tuple(_bare(test) for test in each.rule.tests)}))
        for each in pack.rules
        if each.path in changed
    ]
    return bool(bare) and bool(linter.run_tests(replace(pack, rules=tuple(bare))))


def _bare(test: RuleTest) -> RuleTest:
    """A test without what hangs on other rules."""
    return test.model_copy(update={"given": (), "not_given": ()})


def _findings(pack: Pack) -> str:
    return "\n".join(f"{each.where}: {each.message}" for each in linter.findings_of(pack, pack.manifest.reviewed_on))


def _serve(pack: Pack) -> None:
    """Give the mutant to whoever asks for the pack that ships."""
    load = loader.load

    def served(folder: Path) -> Pack:
        return pack if folder == DEFAULT_PACK else load(folder)

    _put(loader, load=served)
    _put(linter, load=served)


def _disagreement() -> bool:
    """Whether the matrix says otherwise, or a law is broken, on some of the cases that their tests look at."""
    from tests.policy.law import test_laws
    from tests.policy.matrix import test_matrix  # they ask for the pack

    _put(test_matrix, core=lambda: islice(core(), 0, None, 40), sample=lambda size: sample(CASES))
    for case in test_matrix.cases():
        wanted = case.wanted
        found = (case.found.strategy, case.found.urgency, case.found.secondary, frozenset(case.found.blocked))
        if found != (wanted.strategy, wanted.urgency, wanted.secondary, wanted.blocked):
            return True
    laws = test_laws.LAWS.values()
    swept = test_laws.sweep(test_laws.SEEDS[0], CASES)
    return any(about(case.facts) and broken(case) for case in swept for about, broken in laws)


class _Outcomes:
    """Collects the tests that fail; leaves out those that fail anyway, and those that are asked above."""

    def __init__(self, anyway: frozenset[str]) -> None:
        self._anyway = anyway
        self.failed: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [
            each for each in items if each.nodeid not in self._anyway and each.name.partition("[")[0] not in ASKED
        ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def _failing(anyway: frozenset[str] | None = None) -> list[str]:
    """The policy tests that fail: all of them, or the first that does not fail `anyway`."""
    outcomes = _Outcomes(anyway or frozenset())
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    first = [] if anyway is None else ["-x"]
    code = pytest.main(
        [*first, "-q", "--no-header", "-p", "no:cacheprovider", "-p", "pytest_timeout", *TESTS], [outcomes]
    )
    return outcomes.failed or ([] if code in (0, 5) or anyway is None else [f"pytest: {code}"])


def _in_child(asked: Callable[[], str]) -> str:
    """The answer to a question asked in a process of its own; what breaks it or takes too long is noticed, too."""
    sys.stdout.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(reading)
        with Path(os.devnull).open("w") as nowhere, contextlib.suppress(BaseException):
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            try:
                answer = asked()
            except BaseException:
                answer = f"broken: {traceback.format_exc().splitlines()[-1]}"
            os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
    signal.alarm(MOST)
    began = time.monotonic()
    answer = b"".join(_chunks(reading)).decode()
    signal.alarm(0)
    os.close(reading)
    os.waitpid(child, 0)
    return answer if time.monotonic() - began < MOST else "took too long"


def _chunks(reading: int) -> Iterator[bytes]:
    while chunk := os.read(reading, 65_536):
        yield chunk
