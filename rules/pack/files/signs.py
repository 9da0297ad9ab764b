"""What a pack may say of signs: how much pieces of a sentence weigh for danger, in whole numbers, and what follows."""

from __future__ import annotations

from rules.pack.files.schema import Identifier, Model


class Score(Model):
    """What speaks for something and what against it: by weight, pieces of a sentence parted by blanks.

    A piece is up to three Chinese letters, marks or Latin words that stand together (rules/facts/signs.py).
    """

    base: int = 0
    weights: dict[int, str]


class GradeScore(Score):
    """How much a sentence weighs for a grade of danger, and from how much on its flag is raised."""

    alone: int  # by its signs alone
    beside: int | None = None  # below this, words and patterns of this grade are lowered; never silenced


class Signs(Model):
    """signs.yaml: made by `python -m bench.signs` from labelled sentences, never by hand."""

    possible: GradeScore
    explicit: GradeScore
    kinds: dict[Identifier, Score]  # of danger: the one that weighs most is raised
