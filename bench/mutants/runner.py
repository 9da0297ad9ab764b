"""The tests of a module, run in a process of their own that imports it with a fault: the tree is not touched."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

import hypothesis
import pytest

ROOT: Final = Path(__file__).parents[2]
# Of the repository; imported once, before the children are made, with all that they import themselves.
PACKAGES: Final = ("rules", "models", "forbear", "web", "workers")
# All that the tests of the table need; the others take a second each time.
PLUGINS: Final = ("pytest_timeout", "_hypothesis_pytestplugin")
PROFILE: Final = "mutants"


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
        hypothesis.settings.register_profile(PROFILE, deadline=None, derandomize=True, database=None, max_examples=25)
        quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is imported here already
        plugins = [part for plugin in PLUGINS for part in ("-p", plugin)]
        profile = f"--hypothesis-profile={PROFILE}"  # after conftest.py has loaded its own
        usual = ["-x", "-q", "--no-header", "-p", "no:cacheprovider"]
        code = int(pytest.main([*usual, *plugins, profile, *quiet, *tests]))
    except BaseException:
        traceback.print_exc()  # into the log, like all else: no frame of the parent may go on in the child
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def _imported(source: str, packages: Sequence[str] = PACKAGES) -> set[str]:
    """The modules of these packages that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in packages:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names if name.name.partition(".")[0] in packages}
    return found


def preload(tests: Sequence[str]) -> None:
    """Import what the tests import, by their helpers too: every child starts from there."""
    files = [ROOT / "tests/conftest.py", *(ROOT / test for test in tests)]
    for file in files:
        source = file.read_text()
        for name in sorted(_imported(source)):
            with suppress(ModuleNotFoundError):  # a class or function, no module
                importlib.import_module(name)
        helpers = (ROOT / f"{name.replace('.', '/')}.py" for name in sorted(_imported(source, ("tests",))))
        files += [helper for helper in helpers if helper.exists() and helper not in files]
    for module in _ours().values():
        _needs(module)  # read here, once for all children
    if loader := _ours().get("rules.loading.loader"):
        loader.load(loader.DEFAULT_PACK)  # kept by the loader, unless that is imported anew with the fault


def _ours() -> dict[str, ModuleType]:
    """What is imported of the repository."""
    return {each: module for each, module in sys.modules.items() if each.partition(".")[0] in PACKAGES}


@cache
def _needs(module: ModuleType) -> frozenset[str]:
    """What a module imports of the repository."""
    return frozenset(_imported(Path(str(module.__file__)).read_text()))


def _forget(name: str) -> None:
    """Take back the import of a module and of all that import it, so that they are imported with the fault."""
    ours = _ours()
    needs = {each: _needs(module) for each, module in ours.items()}
    stale = {name}
    while more := {each for each, wanted in needs.items() if wanted & stale} - stale:
        stale |= more
    for each in stale & ours.keys():
        del sys.modules[each]
        parent, _, own = each.rpartition(".")
        if parent and hasattr(ours.get(parent), own):
            delattr(ours[parent], own)
