"""Lineage: which facts a derived fact comes from, and which derived facts follow from one."""

from __future__ import annotations

from rules.schema import Vocabulary


def sources(vocabulary: Vocabulary, fact: str) -> tuple[str, ...]:
    """The submitted facts that a fact comes from: itself, or the inputs of a derived one, all the way down."""
    known = vocabulary.facts[fact]
    if not known.derived or not known.inputs:
        return (fact,)
    return tuple(dict.fromkeys(source for each in known.inputs for source in sources(vocabulary, each)))


def followers(vocabulary: Vocabulary, source: str) -> frozenset[str]:
    """A fact, and the derived facts that follow from it, directly or through others."""
    found = {source}
    for _ in vocabulary.facts:  # no chain is longer
        found |= {name for name, fact in vocabulary.facts.items() if found.intersection(fact.inputs)}
    return frozenset(found)
