"""Mutants: small faults put into the code one at a time, and whether the tests that concern it notice.

`make mutants` samples every module of the table, `make mutants M=hit_policy N=200` one. The tree is not touched: a
child process imports the one module with the fault in it and runs its tests. What no test notices is a survivor: write
the test, or put the mutant into bench/equivalent_mutants.yaml with the reason why nobody can tell it from the code.
The score is kept in bench/mutants.json.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import islice
from pathlib import Path
from types import CodeType
from typing import Any, Final

import hypothesis
import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
HERE: Final = Path(__file__).parent
SEED: Final = 9
ENOUGH: Final = 95  # percent of what can be noticed
URLS: Final = "FORBEAR_TEST_SERVERS"  # tests/conftest.py takes these servers instead of starting its own

# Of the repository; imported once, before the children are made, with all that they import themselves.
PACKAGES: Final = ("rules", "models", "forbear", "web", "workers")
PLUGINS: Final = ("pytest_timeout",)  # all that the tests of the table need; the others take a second each time
# What is mutated, and the tests that should notice. `True`: they need PostgreSQL.
MODULES: Final[dict[str, tuple[str, tuple[str, ...], bool]]] = {
    "hit_policy": (
        "rules/decision/hit_policy.py",
        ("rules/decision/test_hit_policy", "rules/decision/test_outcome", "rules/decision/test_certain"),
        False,
    ),
    "outcome": (
        "rules/decision/outcome.py",
        ("rules/decision/test_deadlines", "rules/decision/test_outcome", "rules/decision/test_stale_parameters"),
        False,
    ),
    "evaluate": (
        "rules/decision/evaluate.py",
        ("rules/decision/test_outcome", "rules/decision/test_counterfactuals", "rules/decision/test_certain"),
        False,
    ),
    "stale_parameters": ("rules/decision/stale_parameters.py", ("rules/decision/test_stale_parameters",), False),
    "counterfactuals": ("rules/decision/counterfactuals.py", ("rules/decision/test_counterfactuals",), False),
    "near_misses": ("rules/decision/near_misses.py", ("rules/text/test_decision_view",), False),
    "reasons": (
        "rules/decision/reasons.py",
        ("rules/decision/test_outcome", "rules/text/test_decision_view"),
        False,
    ),
    "repayment": ("rules/decision/repayment.py", ("rules/decision/test_repayment",), False),
    "interpreter": ("rules/engines/interpreter.py", ("rules/engines/test_interpreter",), False),
    "bounds": (
        "rules/formulas/bounds.py",
        ("rules/formulas/test_bounds", "rules/formulas/test_derivation"),
        False,
    ),
    "reader": (
        "rules/formulas/reader.py",
        ("rules/formulas/test_bounds", "rules/formulas/test_derivation", "rules/formulas/test_columns"),
        False,
    ),
    "derivation": (
        "rules/formulas/derivation.py",
        ("rules/formulas/test_bounds", "rules/formulas/test_derivation"),
        False,
    ),
    "legal_days": ("rules/facts/legal_days.py", ("rules/facts/test_legal_days",), False),
    "red_flags": ("rules/facts/red_flags.py", ("rules/facts/test_red_flags",), False),
    "negation": ("rules/facts/negation.py", ("rules/facts/test_negation", "rules/facts/test_red_flags"), False),
    "references": (
        "rules/pack/references.py",
        ("rules/pack/test_references", "rules/loading/test_loader"),
        False,
    ),
    "chunks": ("forbear/batch/chunks.py", ("forbear/batch/test_chunks", "forbear/batch/test_claims"), True),
    "triage": (
        "forbear/batch/triage.py",
        (
            "forbear/batch/test_triage",
            "forbear/batch/test_at_once",
            "forbear/webhooks/test_webhooks",
            "forbear/batch/test_borrowers",
        ),
        True,
    ),
    "ledger": ("forbear/ledger/ledger.py", ("forbear/ledger/test_ledger",), True),
    "audit": ("forbear/ledger/audit.py", ("forbear/ledger/test_audit",), True),
    "review": ("forbear/desk/review.py", ("forbear/desk/test_review",), True),
}


@dataclass(frozen=True)
class Mutant:
    """One fault: in which function, what became of what, and how many faults of the module come before it."""

    where: str
    change: str
    number: int

    def tree(self, source: str) -> ast.Module:
        """The module with the fault."""
        tree = ast.parse(source)
        at, fault = next(islice(_faulty(tree), self.number, None))[1:]
        at.put(fault)
        return ast.fix_missing_locations(tree)


_ORDER: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_SUMS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
}
_SWAPPED: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_CHAINED: Final = ("where", "order_by", "limit")


def faults(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node, each with one fault."""
    yield from _statements(node) if isinstance(node, ast.stmt) else _expressions(node)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.If():
            yield _with(node, test=ast.Constant(False))
            yield _with(node, test=ast.Constant(True))
        case ast.While():
            yield _with(node, test=ast.Constant(False))
        case ast.Return(value=value) if value is not None and not _is_nothing(value):
            yield _with(node, value=ast.Constant(None))
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign() | ast.Raise() | ast.Delete():
            yield ast.Pass()
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BoolOp(op=op, values=values):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            yield from (_one_of(node, values, number) for number in range(len(values)))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BinOp(op=op) if type(op) in _SUMS and not _is_text(node):
            yield _with(node, op=_SUMS[type(op)]())
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.Call():
            yield from _calls(node)
        case _:
            yield from _parts(node)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """Comparisons, slices and filters, each with one part of it changed or left out."""
    match node:
        case ast.Compare(ops=ops):
            for number, op in enumerate(ops):
                for other in _ORDER[type(op)]:
                    yield _with(node, ops=[*ops[:number], other(), *ops[number + 1 :]])
        case ast.Slice(lower=lower, upper=upper):
            yield from (_with(node, lower=None) for bound in (lower,) if bound is not None)
            yield from (_with(node, upper=None) for bound in (upper,) if bound is not None)
        case ast.comprehension(ifs=ifs):
            yield from (_with(node, ifs=[*ifs[:number], *ifs[number + 1 :]]) for number in range(len(ifs)))


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in _SWAPPED and node.args:
            yield _with(node, func=ast.Name(_SWAPPED[name], ast.Load()))
        case ast.Call(func=ast.Name(id="sorted"), args=[first, *_], keywords=keywords):
            yield ast.Call(ast.Name("list", ast.Load()), [first], [])
            if keywords:
                yield _with(node, keywords=[])
        case ast.Call(func=ast.Attribute(value=chained, attr="fromkeys"), args=[first]):
            yield first  # each once
        case ast.Call(func=ast.Attribute(value=chained, attr=name), args=args) if name in _CHAINED:
            yield chained
            for number in range(len(args) if len(args) > 1 else 0):
                yield _with(node, args=[*args[:number], *args[number + 1 :]])
    for keyword in node.keywords:
        if keyword.arg is not None and isinstance(keyword.value, ast.Constant) and keyword.value.value is not None:
            yield _with(node, keywords=[each for each in node.keywords if each is not keyword])


def _with(node: ast.AST, **changed: Any) -> ast.AST:
    twin = copy.copy(node)
    for name, value in changed.items():
        setattr(twin, name, value)
    return twin


def _one_of(node: ast.BoolOp, values: list[ast.expr], number: int) -> ast.AST:
    rest = [*values[:number], *values[number + 1 :]]
    return rest[0] if len(rest) == 1 else _with(node, values=rest)


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr | ast.Constant) and not _is_number(side) for side in (node.left, node.right)
    )


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _is_nothing(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


_SKIPPED: Final = ("annotation", "returns", "decorator_list", "type_params", "bases")


class _At:
    """A place in a tree: how to put something there, and take it back."""

    def __init__(self, parent: ast.AST, field: str, number: int | None) -> None:
        self._parent, self._field, self._number = parent, field, number

    def put(self, node: ast.AST) -> None:
        if self._number is None:
            setattr(self._parent, self._field, node)
        else:
            getattr(self._parent, self._field)[self._number] = node


def places(node: ast.AST, inside: tuple[str, ...] = ()) -> Iterator[tuple[str, _At, ast.AST]]:
    """Every node that can be changed: the function it is in, where, and itself. No annotations, no imports."""
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED:
            continue
        for number, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or isinstance(child, ast.Import | ast.ImportFrom):
                continue
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            way = (*inside, child.name) if isinstance(child, ast.FunctionDef | ast.ClassDef) else inside
            if not named:
                yield ".".join(inside) or "the module", _At(node, field, number), child
            yield from places(child, way)


def mutants(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines, each with a name of its own."""
    found: list[Mutant] = []
    names: dict[tuple[str, str], int] = {}
    for number, (named, _, _) in enumerate(_faulty(ast.parse(source))):
        again = names[named] = names.get(named, 0) + 1
        where, change = named
        found.append(Mutant(where, change if again == 1 else f"{change} ({again})", number))
    return found


def _faulty(tree: ast.Module) -> Iterator[tuple[tuple[str, str], _At, ast.AST]]:
    """Every fault that can be put into a tree: its function and what becomes of what, the place, and the fault."""
    for where, at, node in places(tree):
        for fault in faults(node):
            yield (where, f"{_shown(node)} -> {_shown(fault)}"), at, fault


def _shown(node: ast.AST) -> str:
    shown = " ".join(ast.unparse(node).split())
    if isinstance(node, ast.If | ast.While):
        shown = shown.partition(":")[0] if len(shown) > 100 else shown
    return shown if len(shown) <= 140 else f"{shown[:137]}..."


class _Mutated(SourceFileLoader):
    """Loads one module from a tree instead of from its file."""

    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds the mutated module before its file is found."""

    def __init__(self, path: Path, tree: ast.Module) -> None:
        self._name = _name(path)
        self._path, self._tree = str(ROOT / path), tree

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._path, loader=_Mutated(name, self._path, self._tree))


def run(path: Path, tree: ast.Module | None, tests: Sequence[str], log: Path, most: float) -> int | None:
    """The exit code of the tests with a fault, in a process of its own; None where they did not come to an end."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _child(path, tree, tests, log)
    end = time.monotonic() + most
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _child(path: Path, tree: ast.Module | None, tests: Sequence[str], log: Path) -> None:
    code = 99
    try:
        os.setsid()
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(written, 1)
        os.dup2(written, 2)
        if tree is not None:
            sys.meta_path.insert(0, _Finder(path, tree))
            _forget(_name(path))
        hypothesis.settings.register_profile("mutants", derandomize=True, database=None, max_examples=25)
        hypothesis.settings.load_profile("mutants")
        quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported here already
        plugins = [part for plugin in PLUGINS for part in ("-p", plugin)]
        code = int(pytest.main(["-x", "-q", "--no-header", "-p", "no:cacheprovider", *plugins, *quiet, *tests]))
    except BaseException:
        traceback.print_exc()  # into the log, like all else: no frame of the parent may go on in the child
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _imported(source: str) -> set[str]:
    """The modules of the repository that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in PACKAGES:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.partition(".")[0] in PACKAGES}
    return found


def _preload(tests: Sequence[str]) -> None:
    """Import what the tests import: every child starts from there."""
    for file in ("tests/conftest.py", *tests):
        for name in sorted(_imported((ROOT / file).read_text())):
            with suppress(ModuleNotFoundError):  # a class or function, no module
                importlib.import_module(name)


def _forget(name: str) -> None:
    """Take back the import of a module and of all that import it, so that they are imported with the fault."""
    ours = {each: module for each, module in sys.modules.items() if each.partition(".")[0] in PACKAGES}
    needs = {each: _imported(Path(str(module.__file__)).read_text()) for each, module in ours.items()}
    stale = {name}
    while more := {each for each, wanted in needs.items() if wanted & stale} - stale:
        stale |= more
    for each in stale & ours.keys():
        del sys.modules[each]
        parent, _, own = each.rpartition(".")
        if parent and hasattr(ours.get(parent), own):
            delattr(ours[parent], own)


def equivalent() -> dict[str, dict[str, str]]:
    """The mutants nobody can tell from the code, by module: the fault and the reason."""
    path = HERE / "equivalent_mutants.yaml"
    return yaml.safe_load(path.read_text()) or {} if path.exists() else {}


def score(name: str, sample: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Try a sample of a module's mutants."""
    file, tests, _ = MODULES[name]
    paths = [f"tests/{test}.py" for test in tests]
    reasons = equivalent().get(name, {})
    _preload(paths)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        for _ in range(2):  # twice: what one run leaves behind must not fail the next
            begun = time.monotonic()
            if run(Path(file), None, paths, log, 600) != 0:
                raise SystemExit(f"{name}: the tests fail without any fault\n{log.read_text()[-3000:]}")
        most = 20 + 5 * (time.monotonic() - begun)
        source = (ROOT / file).read_text()
        every = mutants(source)
        chosen = random.Random(SEED).sample(every, min(sample, len(every)))
        survivors, same, noticed = [], [], 0
        for mutant in chosen:
            known = f"{mutant.where}: {mutant.change}"
            if known in reasons:
                same.append(known)
            elif run(Path(file), mutant.tree(source), paths, log, most) == 0:
                survivors.append(known)
                say(f"  {name}: survived: {known}")
            else:
                noticed += 1
    told = noticed + len(survivors)
    percent = round(100 * noticed / told, 1) if told else 100.0
    say(f"{name}: {noticed} of {told} noticed ({percent} %), {len(same)} equivalent, of {len(every)} possible")
    return {
        "file": file,
        "possible": len(every),
        "tried": len(chosen),
        "noticed": noticed,
        "equivalent": len(same),
        "percent": percent,
        "survivors": sorted(survivors),
    }


def main() -> int:
    """Score the modules asked for, keep the result, and fail where too little was noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}; all by default")
    parser.add_argument("--sample", type=int, default=60, help="how many mutants of each module (default 60)")
    asked = parser.parse_args()
    names = asked.modules or list(MODULES)
    kept = HERE / "mutants.json"
    scores = json.loads(kept.read_text()) if kept.exists() else {}
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    with ExitStack() as stack:
        if any(MODULES[name][2] for name in names):
            os.environ[URLS] = stack.enter_context(_servers())
        for name in names:
            scores[name] = score(name, asked.sample, lambda line: print(line, flush=True))
            ordered = {each: scores[each] for each in MODULES if each in scores}
            kept.write_text(json.dumps(ordered, ensure_ascii=False, indent=2) + "\n")
    return int(any(scores[name]["percent"] < ENOUGH for name in names))


@contextmanager
def _servers() -> Iterator[str]:
    """One PostgreSQL for all tests, served by another process: here nothing of Forbear is imported before the fault."""
    with tempfile.TemporaryDirectory(prefix="forbear-mutants-") as home:
        command = [sys.executable, "-c", _SERVE.format(home=home)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as serving:
            yield serving.stdout.readline().strip() if serving.stdout else ""
            if serving.stdin:
                serving.stdin.close()


_SERVE: Final = """
import sys
from pathlib import Path
from forbear import embedded
from forbear.base.settings import Settings
with embedded.servers(Settings(home=Path("{home}"), database_url=None, redis_url=None)) as urls:
    print(urls.database, urls.redis, flush=True)
    sys.stdin.read()
"""


if __name__ == "__main__":
    sys.exit(main())
