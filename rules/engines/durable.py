"""The engine of decision: durable-rules through its C module, one message a case and ruleset, nothing left behind."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator

import durable_rules_engine

from rules.engines.compiler import Rules, Ruleset, compile_rules
from rules.engines.message import Facts, MessageError, Writer
from rules.formulas.ends import NO_BOUNDS, Bounds
from rules.pack.schema import Vocabulary

_NOT_HANDLED = 1  # no rule fired; 0: some did
_FIRST = "$first"


class EngineError(Exception):
    """The engine gave no result for a case; its message carries no facts."""


class DurableEngine:
    """Rules compiled into rulesets. They can never be freed: make one engine for a pack and process, and keep it.

    The Python facade of durable-rules is left alone: it starts two endless timer threads for each host and hides
    errors of actions in the state. Here a hit is the name of the rule in the answer, and no code runs as an action.
    """

    def __init__(self, rules: Rules, vocabulary: Vocabulary) -> None:
        program = compile_rules(rules, vocabulary)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._writer = Writer(program.keys)
        self._rulesets = [(_create(f"forbear-{n}", each), each.keys) for n, each in enumerate(program.rulesets)]

    def hits(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> frozenset[str]:
        """The ids of the rules that fire for a case. Raises EngineError where the engine cannot tell."""
        try:
            written = self._writer.write(facts, bounds)
        except MessageError as error:
            raise EngineError(str(error)) from None
        found: set[str] = set()
        with self._lock:
            # Facts of different cases join inside the engine unless each has a sid and an id of its own.
            sid = str(next(self._numbers))
            end = f'"sid":"{sid}","id":"{sid}"}}'
            for handle, keys in self._rulesets:
                body = ",".join([written[key] for key in keys if key in written])
                found.update(_fired(handle, sid, f"{{{body},{end}" if body else f"{{{end}"))
        return frozenset(found)


def _create(name: str, ruleset: Ruleset) -> int:
    """Make a ruleset, and let one rule of our own fire in it before any case comes.

    Deleting a state frees two pointers that the C code sets only when an action starts, so a first case that fires
    nothing would free whatever happens to be in memory and kill the process. The one state that is ever
    alive keeps its place, so one action is enough for good.
    """
    definition = {**ruleset.definition, _FIRST: {"all": [{"m_0": {_FIRST: 1}}]}}
    handle: int = durable_rules_engine.create_ruleset(name, json.dumps(definition))
    if list(_fired(handle, "0", f'{{"{_FIRST}":1,"sid":"0","id":"0"}}')) != [_FIRST]:
        raise EngineError("durable-rules does not fire its first rule: is it version 2.0.28?")
    return handle


def _fired(handle: int, sid: str, message: str) -> Iterator[str]:
    """The rules that one message fires in one ruleset: a rule once for every true way through its $or."""
    try:
        try:
            # assert_fact, because an event would fire the first matching rule only.
            status, state = durable_rules_engine.assert_fact(handle, message)
            if status == _NOT_HANDLED:
                return
            if status:
                raise EngineError(f"durable-rules answered {status} to a fresh fact")
            started = durable_rules_engine.start_action_for_state(handle, state)
            answer: str | None = started[1] if started else None
            while answer is not None:
                yield answer[2 : answer.index('"', 2)]  # {"rule-id":{"m_0":…}}
                answer = durable_rules_engine.complete_and_start_action(handle, state)
        finally:
            # Also after an error: 1,024 states left behind stop the engine, and a case must not meet another's rest.
            durable_rules_engine.delete_state(handle, sid)
    except (durable_rules_engine.error, MemoryError) as error:
        raise EngineError(f"durable-rules failed: {error}") from None
