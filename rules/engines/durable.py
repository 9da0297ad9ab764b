"""The engine of decision: durable-rules through its C module, one message a case and ruleset, nothing left behind."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import polars as pl

try:
    import durable_rules_engine
except ImportError as error:  # Python 3.13 gave up a name that its source calls by
    raise ImportError(
        "durable-rules was built without what this Python needs: CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject "
        "pip install --force-reinstall --no-cache-dir --no-deps durable-rules==2.0.28 builds it",
        name=error.name,
    ) from error

from rules.engines.compiler import Rules, Ruleset, compile_rules, shortened
from rules.engines.message import Facts, MessageError
from rules.engines.message_bodies import Bodies
from rules.engines.message_columns import MessageColumns
from rules.formulas.ends import NO_BOUNDS, Bounds
from rules.pack.files.schema import Vocabulary

_NOT_HANDLED = 1  # no rule fired; 0: some did
_FIRST = "$first"
_SID = "1"  # the name of the one state of every ruleset


class EngineError(Exception):
    """The engine gave no result for a case; its message carries no facts."""


class DurableEngine:
    """Rules compiled into rulesets. They can never be freed: make one engine for a pack and process, and keep it.

    The Python facade of durable-rules is left alone: it starts two endless timer threads for each host and hides
    errors of actions in the state. Here a hit is the name of the rule in the answer, and no code runs as an action.
    """

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        self.program, self.names = shortened(compile_rules(rules, vocabulary))
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        asked = self.program.asked()
        self._bodies = Bodies(asked, self.names)
        self._columns = MessageColumns(asked, self.names, vocabulary)
        self._rulesets = [_LiveRuleset(f"forbear-{n}", each) for n, each in enumerate(self.program.rulesets)]
        self._all = range(len(self._rulesets))

    def hits(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> frozenset[str]:
        """The ids of the rules that fire for a case. Raises EngineError where the engine cannot tell."""
        return frozenset(chain.from_iterable(self.answers(facts, bounds, self._all)))

    def answers(self, facts: Facts, bounds: Bounds, places: Iterable[int]) -> list[list[str]]:
        """The ids of the rules that fire in each of the rulesets at some places. Raises EngineError as `hits` does."""
        try:
            bodies = self._bodies.write(facts, bounds)
        except MessageError as error:
            raise EngineError(str(error)) from None
        ending = self._ending()
        return self._fired(places, [f"{{{bodies[place]}{ending}" for place in places], ending)

    def hits_of(self, table: pl.DataFrame) -> Iterator[frozenset[str] | None] | None:
        """What fires for each case of a chunk in turn, by messages written column by column: they are the same.

        None for a case that the engine cannot tell of; no answer at all where some case has what it is not told.
        """
        endings = [self._ending() for _ in range(table.height)]
        messages = self._columns.write(table, endings)
        return None if messages is None else map(self._told, messages, endings)

    def _told(self, messages: Sequence[str], ending: str) -> frozenset[str] | None:
        try:
            return frozenset(chain.from_iterable(self._fired(self._all, messages, ending)))
        except EngineError:
            return None

    def _ending(self) -> str:
        """How all messages of a case end: an id of its own, or the engine takes it for a fact that it has seen."""
        return f'"sid":"{_SID}","id":"{next(self._numbers)}"}}'

    def _fired(self, places: Iterable[int], messages: Iterable[str], ending: str) -> list[list[str]]:
        taken_out, rulesets = f"{{{ending}", self._rulesets
        with self._lock:
            return [rulesets[place].fired(each, taken_out) for place, each in zip(places, messages, strict=True)]


class _LiveRuleset:
    """A ruleset with the one state that all cases meet in, one after the other, each taken out again before the next.

    A new state for each case costs more than half as much again: the engine sets up the memory of every condition anew.
    """

    def __init__(self, name: str, ruleset: Ruleset) -> None:
        definition = {**ruleset.definition, _FIRST: {"all": [{"m_0": {_FIRST: 1}}]}}
        self._handle: int = durable_rules_engine.create_ruleset(name, json.dumps(definition))
        self._opened = False  # the state is there, and its first rule fired
        self._open()
        self._clean = True  # nothing of any case is left in the state

    def fired(self, fact: str, taken_out: str) -> list[str]:
        """The rules that a fact fires, one once for every true way through its $or. `taken_out` is its id alone."""
        try:
            if not self._clean:
                self._reopen()
            # Whatever breaks off in the middle, a time limit too: no case may meet what is left of another.
            self._clean = False
            status, state = durable_rules_engine.assert_fact(self._handle, fact)
            rules: list[str] = []
            if status != _NOT_HANDLED:  # else nothing of the fact was kept, and there is nothing to take out
                rules = self._rules(status, state)
                self._retract(taken_out)
            self._clean = True
        except (durable_rules_engine.error, MemoryError) as error:
            raise EngineError(f"durable-rules failed: {error}") from None
        return rules

    def _rules(self, status: int, state: int) -> list[str]:
        """The rules that fire for what was just told."""
        if status:
            raise EngineError(f"durable-rules answered {status} to a fresh fact")
        rules = []
        handle = self._handle
        started = durable_rules_engine.start_action_for_state(handle, state)
        answer: str | None = started[1] if started else None
        while answer is not None:
            rules.append(answer[2 : answer.index('"', 2)])  # {"rule-id":{"m_0":…}}
            answer = durable_rules_engine.complete_and_start_action(handle, state)
        return rules

    def _retract(self, fact: str) -> None:
        status, _ = durable_rules_engine.retract_fact(self._handle, fact)
        if status:
            raise EngineError(f"durable-rules answered {status} to a fact that was taken out")

    def _open(self) -> None:
        """Let one rule of our own fire before any case comes.

        Deleting a state frees two pointers that the C code sets only when an action starts, so a state in which
        nothing ever fired would free whatever happens to be in memory and kill the process.
        """
        first = f'"sid":"{_SID}","id":"0"}}'
        # assert_fact, because an event would fire the first matching rule only.
        if self._rules(*durable_rules_engine.assert_fact(self._handle, f'{{"{_FIRST}":1,{first}')) != [_FIRST]:
            raise EngineError("durable-rules does not fire its first rule: is it version 2.0.28?")
        self._retract(f"{{{first}")
        self._opened = True

    def _reopen(self) -> None:
        if self._opened:
            durable_rules_engine.delete_state(self._handle, _SID)
            self._opened = False
        self._open()
