"""How much danger is found in each part of the corpus, as figures and nothing else: `python -m bench.advice.corpus`."""

from __future__ import annotations

from bench.advice.signs import grades_of
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files.red_flags import Grade
from rules.pack.pack import Pack
from tests.policy.cases.corpus_lines import HELD_OUT, TUNING, lines

HARMLESS = ("(nothing)", "(calm)")


def main() -> None:
    """Print a table."""
    pack = load(DEFAULT_PACK)
    for part in (*TUNING, *HELD_OUT):
        print(part)
        for name, labels in _rows(pack):
            grades = [grades_of(pack, line) for label, line in lines(part) if label in labels]
            if grades:
                explicit = sum("explicit" in each for each in grades)
                shares = f"explicit {_share(explicit, grades)}  at all {_share(sum(map(bool, grades)), grades)}"
                print(f"  {name:<28}{len(grades):>5} {shares}")


def _rows(pack: Pack) -> list[tuple[str, tuple[str, ...]]]:
    """What is counted together: each flag of danger, those of a grade, and what is harmless."""
    signs = {name: flag.danger.grade for name, flag in pack.red_flags.items() if flag.danger}
    of_grade = [
        (f"all {grade}", tuple(name for name in signs if signs[name] == grade)) for grade in ("explicit", "possible")
    ]
    return [*((name, (name,)) for name in signs), *of_grade, ("harmless", HARMLESS[:1]), ("calm", HARMLESS[1:])]


def _share(count: int, of: list[set[Grade]]) -> str:
    return f"{count:>4} ({100 * count / len(of):5.1f} %)"


if __name__ == "__main__":
    main()
