"""Makes the signs of danger from labelled sentences: `python -m bench.advice.signs`; `--check` only compares the file.

One score is made for danger of any grade, one for what is explicit, one for what is explicit of each kind and one that
tells the kinds apart (bench/advice/classifier.py), rounded to whole numbers. The limits hold in sentences that the
weights were not made from: by cross-validation on the part that no pattern was made by. The same sentences give the
same file, letter by letter.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final

from bench.advice.classifier import Sample, fitted
from rules.facts.phrases.signs import ClassesOfWords, Scale, Sentence, classes_of_words, part
from rules.facts.reading import plain
from rules.facts.red_flags import scan, sentences_told
from rules.loading.loader import DEFAULT_PACK, load_files
from rules.pack.files.red_flags import Grade
from rules.pack.files.signs import GradeScore, Score, Signs
from rules.pack.pack import Pack
from tests.policy.cases import corpus_lines

FILE: Final = "signs.yaml"
# Most of their lines no pattern was made by.
OWN: Final = corpus_lines.TUNING[1:]
FOLDS: Final = 5
KEPT: Final[dict[Grade, int]] = {"possible": 28_000, "explicit": 24_000}
KEPT_OF_KIND_EXPLICIT: Final = 6_000
KEPT_OF_KIND: Final = 500
COST: Final = 0.02
OF_POSSIBLE: Final = 0.3  # how much what is only possible counts against what is explicit
SCALE: Final = 40  # of the whole numbers
# How much may be raised, at most, of harmless sentences that were not seen and that were written to look like danger:
POSSIBLE_BY_SIGNS: Final = 0.12
EXPLICIT_BY_SIGNS: Final = 0.08
LOWERED: Final = 0.02  # how much of explicit danger that patterns find may look harmless
SHORTEST = 9  # letters: of ordinary words on the desk, such as 都谈好了, one in nine weighed as danger
CALM: Final = "(calm)"
HEAD: Final = """\
# How much pieces of a sentence weigh for danger, in whole numbers; from how much on a flag is raised without a pattern,
# and below how much a sentence looks harmless. Made by `python -m bench.advice.signs`, never by hand (docs/danger.md).
"""


@dataclass(frozen=True)
class Line:
    """A labelled sentence of the corpus."""

    text: str
    kind: str | None
    grade: Grade | None
    calm: bool  # an ordinary note, not written to look like danger
    sentences: tuple[Sentence, ...]  # as they are weighed
    whole: Sentence  # all of it as one


@dataclass(frozen=True)
class Measured:
    """What a line weighs by signs that were made without it, and the grade that patterns alone find."""

    line: Line
    possible: int
    explicit: int
    by_pattern: Grade | None
    tuned: bool  # whether patterns were made by it
    without: Signs  # made of the other lines


def main() -> None:
    """Make the file, or see that it is what the sentences make."""
    parser = argparse.ArgumentParser(prog="python -m bench.advice.signs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say whether the file is what the sentences make")
    check: bool = parser.parse_args().check
    pack = _without_signs()
    tuned = lines(pack, "tuning")
    own = [line for each in OWN for line in lines(pack, each)]
    found = measured(pack, tuned, own)
    signs = limited(made([*tuned, *own]), found)
    print(report(pack, found))
    text = written(signs)
    if not check:
        (DEFAULT_PACK / FILE).write_text(text, encoding="utf-8")
    elif (DEFAULT_PACK / FILE).read_text(encoding="utf-8") != text:
        sys.exit(f"{FILE} is not what the sentences make; run `python -m bench.advice.signs`")


def _without_signs() -> Pack:
    paths = (path for path in DEFAULT_PACK.rglob("*.yaml") if path.name != FILE)
    return load_files({path.relative_to(DEFAULT_PACK).as_posix(): path.read_bytes() for path in paths}, "cn_consumer")


def lines(pack: Pack, part: str) -> list[Line]:
    """The sentences of a part; whatever is not labelled as danger is none."""
    signs = {name: flag.danger for name, flag in pack.red_flags.items()}
    classes = classes_of_words(pack.phrases.classes)
    labelled = ((text, label, signs.get(label)) for label, text in corpus_lines.lines(part))
    return [
        Line(
            text,
            sign.kind if sign else None,
            sign.grade if sign else None,
            label == CALM,
            told := tuple(sentences_told(pack, text)),
            _whole(plain(text), classes, told),
        )
        for text, label, sign in labelled
    ]


def _whole(text: str, classes: ClassesOfWords, told: Iterable[Sentence]) -> Sentence:
    return replace(part(text, 0, len(text), classes), flags=frozenset().union(*(each.flags for each in told)))


def made(of: Sequence[Line]) -> Signs:
    """The signs that some lines make, without limits.

    A line of danger is one example, whatever sentences it has; each sentence of another line is harmless by itself.
    What is explicit of one kind is no example for the score of another.
    """
    danger = [line for line in of if line.grade]
    none = [_sample(each, high=False) for line in of if not line.grade for each in line.sentences]
    possible = [_sample(line.whole, high=True) for line in danger]
    kinds = sorted({line.kind for line in danger if line.kind})
    return Signs(
        possible=GradeScore(raised_from=0, **_score([*none, *possible], KEPT["possible"])),
        explicit=GradeScore(
            raised_from=0,
            **_score([*none, *_explicit(danger, kinds)], KEPT["explicit"]),
            of_kind={
                kind: Score(**_score([*none, *_explicit(danger, [kind])], KEPT_OF_KIND_EXPLICIT)) for kind in kinds
            },
        ),
        kinds={
            kind: Score(**_score([_sample(line.whole, high=line.kind == kind) for line in danger], KEPT_OF_KIND))
            for kind in kinds
        },
    )


def _explicit(danger: Iterable[Line], kinds: Collection[str]) -> list[Sample]:
    """Examples of what is explicit of some kinds, and of what is only possible."""
    return [
        _sample(line.whole, high=line.grade == "explicit", counts=1.0 if line.grade == "explicit" else OF_POSSIBLE)
        for line in danger
        if line.grade == "possible" or line.kind in kinds
    ]


def _sample(sentence: Sentence, *, high: bool, counts: float = 1.0) -> Sample:
    return Sample(frozenset(sentence.pieces), sentence.root / 100, high, counts)


def _score(samples: Sequence[Sample], kept: int) -> dict[str, object]:
    classifier = fitted(samples, COST, kept)
    weights: defaultdict[int, list[str]] = defaultdict(list)
    for piece, weight in classifier.weights.items():
        weights[round(weight * SCALE)].append(piece)
    weights.pop(0, None)
    return {
        "base": round(classifier.base * SCALE),
        "weights": {weight: " ".join(sorted(weights[weight])) for weight in sorted(weights)},
    }


def measured(pack: Pack, tuned: Sequence[Line], own: Sequence[Line]) -> list[Measured]:
    """Every line, weighed by signs that were made without it."""
    of, found = [*tuned, *own], []
    for fold in range(FOLDS):
        without = made([line for at, line in enumerate(of) if at % FOLDS != fold])
        scale = Scale(without)
        for at, line in list(enumerate(of))[fold::FOLDS]:
            possible, explicit = (
                max((scale.weight(each, grade) for each in line.sentences), default=0) for grade in KEPT
            )
            by_pattern = min(grades_of(pack, line.text), default=None)
            found.append(Measured(line, possible, explicit, by_pattern, at < len(tuned), without))
    return found


def limited(signs: Signs, found: Sequence[Measured]) -> Signs:
    """The signs with limits such that of what only looks like danger no more is raised than may be."""
    harmless = [each for each in found if not (each.line.grade or each.line.calm or each.tuned)]
    meant = [each for each in found if each.line.grade == "explicit" and each.by_pattern == "explicit"]
    return Signs(
        possible=_from(signs.possible, _above([each.possible for each in harmless], POSSIBLE_BY_SIGNS)),
        explicit=_from(signs.explicit, _above([each.explicit for each in harmless], EXPLICIT_BY_SIGNS)),
        harmless_below=sorted(each.possible + each.explicit for each in meant)[int(LOWERED * len(meant))],
        shortest=SHORTEST,
        kinds=signs.kinds,
    )


def _from(score: GradeScore, least: int) -> GradeScore:
    return score.model_copy(update={"raised_from": least})


def _above(weights: Sequence[int], share: float) -> int:
    """The least weight that no more than a share of some reach."""
    ranked = sorted(weights, reverse=True)
    return ranked[int(share * len(ranked))] + 1


def report(pack: Pack, found: Sequence[Measured]) -> str:
    """What is raised, explicitly and at all, of lines that the weights were not made from."""
    packs = {id(each.without): replace(pack, signs=limited(each.without, found)) for each in found}
    told = []
    for tuned, name in product((True, False), ("explicit", "possible", None, CALM)):
        of = [each for each in found if each.tuned is tuned and (CALM if each.line.calm else each.line.grade) == name]
        grades = [grades_of(packs[id(each.without)], each.line.text) for each in of]
        told.append(
            f"{'tuning' if tuned else 'the other parts'}: {name or 'harmless'}: {len(of)} lines, "
            f"explicit {_percent(['explicit' in each for each in grades])} "
            f"(by patterns alone {_percent([each.by_pattern == 'explicit' for each in of])}), "
            f"at all {_percent(list(map(bool, grades)))} "
            f"(by patterns alone {_percent([each.by_pattern is not None for each in of])})"
        )
    return "\n".join(told)


def grades_of(pack: Pack, text: str) -> set[Grade]:
    """The grades of danger that a text raises."""
    return {sign.grade for flag in scan(pack, text) if (sign := pack.red_flags[flag].danger)}


def _percent(of: Sequence[bool]) -> str:
    return f"{100 * sum(of) / len(of):.1f} %"


def written(signs: Signs) -> str:
    """signs.yaml."""
    told = [HEAD.rstrip()]
    for name, score in (("possible", signs.possible), ("explicit", signs.explicit)):
        told += [f"{name}:", f"  raised_from: {score.raised_from}", *_written(score, "  ")]
        told += ["  of_kind:", *_written_by_kind(score.of_kind, "    ")] if score.of_kind else []
    told += [f"harmless_below: {signs.harmless_below}", f"shortest: {signs.shortest}"]
    told += ["kinds:", *_written_by_kind(signs.kinds, "  ")]
    return "\n".join(told) + "\n"


def _written_by_kind(scores: Mapping[str, Score], indent: str) -> Iterator[str]:
    for kind, score in scores.items():
        yield from (f"{indent}{kind}:", *_written(score, f"{indent}  "))


def _written(score: Score, indent: str) -> list[str]:
    weights = (f'{indent}  {weight}: "{pieces}"' for weight, pieces in score.weights.items())
    return [f"{indent}base: {score.base}", f"{indent}weights:", *weights]


if __name__ == "__main__":
    main()
