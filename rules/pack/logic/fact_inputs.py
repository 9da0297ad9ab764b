"""Inputs of facts: which facts a derived fact comes from, and which derived facts follow from one."""

from __future__ import annotations

from rules.pack.files.schema import Vocabulary


def sources(vocabulary: Vocabulary, fact: str) -> tuple[str, ...]:
    """The submitted facts that a fact comes from: itself, or the inputs of a derived one, all the way down.

    What the application finds out and gives is there from the start: nothing waits for it.
    """
    known = vocabulary.facts[fact]
    if not known.inputs:
        return (fact,)
    asked = (each for each in known.inputs if vocabulary.facts[each].inputs or not vocabulary.facts[each].derived)
    return tuple(dict.fromkeys(source for each in asked for source in sources(vocabulary, each)))


def followers(vocabulary: Vocabulary, source: str) -> frozenset[str]:
    """A fact, and the derived facts that follow from it, directly or through others."""
    found = {source}
    for _ in vocabulary.facts:  # no chain is longer
        found |= {name for name, fact in vocabulary.facts.items() if found.intersection(fact.inputs)}
    return frozenset(found)
