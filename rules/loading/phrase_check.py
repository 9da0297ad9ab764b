"""Whether the patterns of a pack can be read, name classes that are there, and have bounds."""

from __future__ import annotations

from collections.abc import Iterator

from rules.facts.phrases.patterns import PatternError, expanded, pattern_of
from rules.pack.pack import Pack, quoted


def check_phrases(pack: Pack) -> Iterator[str]:
    """One line for each pattern and class that cannot be used."""
    classes = pack.phrases.classes
    for name in classes:
        try:
            expanded(name, classes)
        except PatternError as error:
            yield f"phrases.yaml: classes.{name}: {error}"
    for place, pattern in _patterns(pack):
        try:
            pattern_of(pack, pattern)
        except PatternError as error:
            yield f"{place}: {quoted(pattern)} {error}"


def _patterns(pack: Pack) -> Iterator[tuple[str, str]]:
    """Every pattern with the place where it stands."""
    for name, flag in pack.red_flags.items():
        for number, pattern in enumerate(flag.patterns):
            yield f"red_flags.yaml: {name}.patterns[{number}]", pattern
    for name, context in pack.phrases.contexts.items():
        for key in ("before", "unless", "after"):
            for number, pattern in enumerate(getattr(context, key)):
                yield f"phrases.yaml: contexts.{name}.{key}[{number}]", pattern
    for name, patterns in pack.phrases.harmless.items():
        for number, pattern in enumerate(patterns):
            yield f"phrases.yaml: harmless.{name}[{number}]", pattern
