"""The mutants of bench/mutants: each has one fault, and every reason given for one is still about one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bench.mutants.__main__ import ENOUGH, kept
from bench.mutants.modules import MODULES
from bench.mutants.mutant import digest, mutants
from bench.mutants.runner import ROOT
from bench.mutants.score import equivalent, stale

REASONS = equivalent()
SOURCE = '''
"""What it is for."""
def least(values: list[int], most: int = 3) -> int | None:
    """The least of what is not above."""
    found = [value for value in values if value <= most and value > 0]
    if not found:
        return None
    return min(found)
'''


def changes(source: str) -> list[str]:
    return [mutant.change for mutant in mutants(source)]


@pytest.mark.parametrize(
    "change",
    [
        "value <= most -> value < most",
        "value <= most -> value > most",
        "value > 0 -> value >= 0",
        "value <= most and value > 0 -> value <= most or value > 0",
        "value <= most and value > 0 -> value > 0",
        "for value in values if value <= most and value > 0 -> for value in values",
        "0 -> 1",
        "3 -> 4",
        "not found -> found",
        "if not found: return None -> if True: return None",
        "return min(found) -> return None",
        "min(found) -> max(found)",
    ],
)
def test_a_fault_of_each_kind_is_made(change: str) -> None:
    assert change in changes(SOURCE)


def test_words_types_and_what_gives_nothing_are_left_alone() -> None:
    assert not any("What it is for" in change or "list[int]" in change for change in changes(SOURCE))
    assert "return None -> return None" not in changes(SOURCE)


def test_a_statement_a_filter_of_a_query_and_an_order_are_dropped() -> None:
    found = changes("def f(q):\n    q.note(1)\n    q.n = 2\n    return sorted(q.where(a == 1, b == 2).order_by(c))")
    assert "q.note(1) -> pass" in found
    assert "q.n = 2 -> pass" in found
    assert "q.where(a == 1, b == 2) -> q.where(b == 2)" in found
    assert "q.where(a == 1, b == 2).order_by(c) -> q.where(a == 1, b == 2)" in found
    assert any(change.startswith("sorted(") and "-> list(" in change for change in found)


def test_every_mutant_differs_from_the_code_and_has_a_name_of_its_own() -> None:
    source = SOURCE + SOURCE.replace("least", "other") + "\n\nn = 1 + 1\n"
    found = mutants(source)
    assert len({(mutant.where, mutant.change) for mutant in found}) == len(found)
    trees = {ast.unparse(mutant.tree(source)) for mutant in found}
    assert len(trees) == len(found)
    assert ast.unparse(ast.parse(source)) not in trees


RUN = """
import ast, sys
from pathlib import Path
from bench.mutants.runner import ROOT, run
check, log = Path(sys.argv[1]), Path(sys.argv[2])
source = (ROOT / "rules/finance/money.py").read_text()
broken = ast.parse(source.replace("return ", "return 1 + "))
print([run(Path("rules/finance/money.py"), tree, [str(check)], log, 60) for tree in (None, broken, None)])
assert (ROOT / "rules/finance/money.py").read_text() == source
"""


def test_a_mutant_is_run_without_a_change_to_the_tree(tmp_path: Path) -> None:
    """A test that passes with the code and fails with the fault; what it is run on is imported, not written."""
    check = tmp_path / "test_half.py"
    check.write_text("from rules.finance.money import half_up\ndef test_half(): assert half_up(5, 2) == 3\n")
    command = [sys.executable, "-c", RUN, str(check), str(tmp_path / "log")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200)
    assert done.stdout == "[0, 1, 0]\n", done.stderr + (tmp_path / "log").read_text()


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_the_table_is_there_with_its_tests_and_its_reasons_are_about_it(name: str) -> None:
    file, tests, _ = MODULES[name]
    assert [test for test in tests if not (ROOT / f"tests/{test}.py").exists()] == []
    if reasons := REASONS.get(name):
        made = {f"{mutant.where}: {mutant.change}" for mutant in mutants((ROOT / file).read_text())}
        assert [fault for fault in reasons if fault not in made] == []


def test_a_reason_is_about_a_module_of_the_table() -> None:
    assert REASONS.keys() <= MODULES.keys()


@pytest.mark.parametrize("room", ["rules/decision", "rules/facts", "rules/formulas", "forbear/ledger"])
def test_every_module_of_a_room_that_decides_is_in_the_table(room: str) -> None:
    modules = {path for path in (ROOT / room).rglob("*.py") if path.name != "__init__.py"}
    assert modules - {ROOT / file for file, _, _ in MODULES.values()} == set()


def test_scores_are_of_modules_of_the_table_and_high_enough() -> None:
    """They may be of the code as it was: the script says which, and `--stale` tries these."""
    assert kept().keys() <= MODULES.keys()
    assert {name: score["percent"] for name, score in kept().items() if score["percent"] < ENOUGH} == {}


def test_a_score_is_stale_once_the_code_is_another_and_not_where_it_lies_elsewhere() -> None:
    same = SOURCE.replace('"""The least of what is not above."""', '"""Said otherwise."""') + "# a comment\n"
    assert digest("from rules.old import least\n" + SOURCE) == digest(f"import rules.moved as old\n{same}")
    assert digest(SOURCE) != digest(SOURCE.replace("value > 0", "value >= 0"))
    scores = {name: {"code": digest((ROOT / file).read_text())} for name, (file, _, _) in MODULES.items()}
    first, second, *_ = MODULES
    assert stale(scores) == []
    assert stale({**scores, first: {"code": "another"}, second: {}}) == [first, second]
