"""What a pack may say of signs: how much pieces of a sentence weigh for danger, in whole numbers, and what follows."""

from __future__ import annotations

from pydantic import Field

from rules.pack.files.schema import Identifier, Model


class Score(Model):
    """What speaks for something and what against it: by weight, pieces of a sentence parted by blanks.

    A piece is up to three Chinese letters, marks or Latin words that stand together, a class of words or two of them
    (<child>, <child+stopped>), or a flag that a pattern raises there ({want}; rules/facts/phrases/signs.py).
    """

    base: int = 0
    weights: dict[int, str]


class GradeScore(Score):
    """What a sentence weighs for a grade of danger, and from how much on its flag is raised.

    Where kinds of danger have scores of their own for the grade, the heaviest of them is added.
    """

    raised_from: int
    of_kind: dict[Identifier, Score] = Field(default_factory=dict)


class Signs(Model):
    """signs.yaml: made by `python -m bench.advice.signs` from labelled sentences, never by hand."""

    possible: GradeScore  # danger of any grade
    explicit: GradeScore
    # What weighs less, by both scores together, looks harmless: explicit words in it are lowered, never silenced.
    harmless_below: int | None = None
    shortest: int = 0  # letters of a sentence that tells anything by its signs alone
    kinds: dict[Identifier, Score]  # of danger: the one that weighs most is raised
