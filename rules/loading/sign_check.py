"""Whether the signs of a pack can be raised: each kind has a flag of each grade, each class and flag that is weighed is
there, and no piece is weighed twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from rules.pack.files.signs import GradeScore, Score, Signs
from rules.pack.pack import Pack


def check_signs(pack: Pack, signs: Signs) -> Iterator[str]:
    """One line for each kind that no flag tells of, each class or flag that is missing, a piece under two weights."""
    told = {(flag.danger.kind, flag.danger.grade) for flag in pack.red_flags.values() if flag.danger}
    if not signs.kinds:
        yield "kinds: is empty; write the kinds of danger that the signs tell of"
    for kind in signs.kinds:
        for grade in ("explicit", "possible"):
            if (kind, grade) not in told:
                yield f"kinds.{kind}: no red flag tells of {grade} danger of this kind; add one, or take the kind out"
    for name, score in _scores(signs):
        times = Counter(chain.from_iterable(pieces.split() for pieces in score.weights.values()))
        yield from (f"{name}: {piece} is weighed {times[piece]} times; keep one" for piece in times if times[piece] > 1)
        unknown = sorted(_classes(times) - set(pack.phrases.classes))
        yield from (f"{name}: unknown class of words {each!r}; make the signs anew" for each in unknown)
        unknown = sorted({piece.strip("{}") for piece in times if piece.startswith("{")} - set(pack.red_flags))
        yield from (f"{name}: unknown red flag {each!r}; make the signs anew" for each in unknown)


def _scores(signs: Signs) -> Iterator[tuple[str, Score]]:
    """Every score with the place where it stands."""
    grades: dict[str, GradeScore] = {"possible": signs.possible, "explicit": signs.explicit}
    for name, score in grades.items():
        yield name, score
        yield from ((f"{name}.of_kind.{kind}", each) for kind, each in score.of_kind.items())
    yield from ((f"kinds.{kind}", score) for kind, score in signs.kinds.items())


def _classes(pieces: Iterable[str]) -> set[str]:
    """The classes of words that are weighed, each by itself or with another."""
    return {name for piece in pieces if piece.startswith("<") for name in piece.strip("<>").split("+")}
