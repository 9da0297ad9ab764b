"""Each distinct question asked once: what durable-rules answered to one that no rule can tell from it is looked up.

A question is the message to a ruleset with all taken out of it that its rules cannot tell apart: of a number only its
place among those that it is compared with there is left, of a text whether it is one of them. durable-rules is asked
with the message of the first case that has a question, numbers and all, and remembered is what it answered. This is not
an evaluation of every case, and whoever uses it looks at some of them in full.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rules.engines.compiler import Ruleset
from rules.engines.durable import DurableEngine, EngineError
from rules.engines.durable_expressions import Expression
from rules.engines.message import LARGEST, Facts, MessageError
from rules.engines.message_bodies import Asking, Bodies, Pieces, Writings
from rules.formulas.bounds import Bound
from rules.formulas.ends import NO_BOUNDS, Bounds, Side, ends

REMEMBERED: Final = 4_000  # questions of one ruleset


class AskedOnce:
    """Answers as an engine does, which it asks what it has not been asked before."""

    def __init__(self, engine: DurableEngine, remembered: int = REMEMBERED) -> None:
        """So many questions of each ruleset are `remembered` before all of them are forgotten."""
        program, names = engine.program, engine.names
        compared = [compared_with(each) for each in program.rulesets]
        self._engine = engine
        self._questions = Bodies(
            program.asked(),
            names,
            lambda asking, names: _Questions(asking, names, compared),
        )
        self._answers: list[dict[str, Sequence[str]]] = [{} for _ in program.rulesets]
        self._remembered = remembered

    def hits(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> frozenset[str]:
        """The ids of the rules that fire for a case. Raises EngineError where the engine cannot tell."""
        try:
            questions = self._questions.write(facts, bounds)
        except MessageError as error:
            raise EngineError(str(error)) from None
        found: set[str] = set()
        new = []
        for place, (question, answers) in enumerate(zip(questions, self._answers, strict=True)):
            answer = answers.get(question)
            if answer is None:
                new.append(place)
            else:
                found.update(answer)
        if new:
            for place, answer in zip(new, self._engine.answers(facts, bounds, new), strict=True):
                found.update(answer)
                if len(self._answers[place]) >= self._remembered:
                    self._answers[place].clear()
                self._answers[place][questions[place]] = answer
        return frozenset(found)


@dataclass(frozen=True)
class Literals:
    """What the rules of a ruleset compare a key with: numbers in ascending order, and texts."""

    numbers: Sequence[int]
    texts: frozenset[str]

    def reduced(self, value: int | str) -> int | str:
        """What these rules can tell of a value."""
        if isinstance(value, int):
            return step(self.numbers, value)
        return value if value in self.texts else ""


def compared_with(ruleset: Ruleset) -> dict[str, Literals]:
    """What each key is compared with in a ruleset."""
    found: dict[str, set[int | str]] = {}

    def look(part: Expression) -> None:
        for word, value in part.items():
            if isinstance(value, dict):
                look(value)
            elif isinstance(value, list):
                for each in value:
                    look(each)
            else:
                found.setdefault(word, set()).add(value)

    look(ruleset.definition)
    return {
        key: Literals(
            sorted(each for each in values if isinstance(each, int)),
            frozenset(each for each in values if isinstance(each, str)),
        )
        for key, values in found.items()
    }


def step(numbers: Sequence[int], value: int) -> int:
    """Where a value stands among numbers: even between two of them, odd on one."""
    at = bisect_left(numbers, value)
    return 2 * at + (at < len(numbers) and numbers[at] == value)


class _Questions(Writings):
    """What one fact or pair has to say, reduced to what the rules of each ruleset can tell of it."""

    def __init__(self, asking: Asking, names: Mapping[str, str], compared: Sequence[Mapping[str, Literals]]) -> None:
        self._compared = [compared[place] for place in asking]
        of_these = [
            literals[names.get(key.name, key.name)]
            for literals, keys in zip(self._compared, asking.values(), strict=True)
            for key in keys
        ]
        # What is too large for the engine is not as what is just not: it is refused.
        self._steps = sorted({-LARGEST, LARGEST, *(number for literals in of_these for number in literals.numbers)})
        self._by_step: dict[int, Pieces] = {}
        self._by_steps: dict[tuple[int | None, ...], Pieces] = {}  # of bounds
        super().__init__(asking, names)

    def anew(self, facts: Facts, bounds: Bounds = NO_BOUNDS) -> Pieces:
        """What it has to say, reduced. Raises MessageError."""
        return self._reduced(super().anew(facts, bounds))

    def with_digits(self, digits: str) -> Pieces:
        """What a number has to say, reduced: the same as every other one of its step."""
        at = step(self._steps, int(digits)) if digits else 0
        known = self._by_step.get(at)
        if known is None:
            known = self._by_step[at] = self._reduced(super().with_digits(digits))
        return known

    def with_signs(self, signs: Mapping[Side, str | None]) -> Pieces:
        """What a pair has to say whose ends compare like this, reduced."""
        return self._reduced(super().with_signs(signs))

    def of_bound(self, fact: str, bound: Bound) -> Pieces:
        """What a fact has to say that has no value yet, reduced: the same as with every other bound of its steps."""
        steps = tuple([None if end is None else step(self._steps, end) for end in ends(None, bound)])
        known = self._by_steps.get(steps)
        if known is None:
            known = self._by_steps[steps] = self.anew({}, {fact: bound})
        return known

    def _reduced(self, pieces: Pieces) -> Pieces:
        return tuple(
            "".join(
                f"{key}:{json.dumps(literals[key].reduced(value))},"
                for key, value in json.loads(f"{{{piece.rstrip(',')}}}").items()
            )
            for piece, literals in zip(pieces, self._compared, strict=True)
        )
