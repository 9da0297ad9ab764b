"""Whether negotiation.yaml is whole: what the pack has, it has words for."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rules.pack.pack import Pack


def check_negotiation(pack: Pack) -> Iterator[str]:
    """Every strategy, hardship and product without words, and every staff protocol that would send a letter."""
    negotiation = pack.negotiation
    if negotiation is None:
        return
    whole: tuple[tuple[str, Collection[str], Collection[str]], ...] = (
        ("approaches", pack.strategies, negotiation.approaches),
        ("hardships", pack.hardships, negotiation.hardships),
        ("debts", pack.products, negotiation.debts),
    )
    for what, wanted, given in whole:
        yield from (f"negotiation.yaml: {what}.{name}: is missing" for name in wanted if name not in given)
    for name, approach in negotiation.approaches.items():
        if approach.speaker == "staff" and approach.letters:
            yield f"negotiation.yaml: approaches.{name}.letters: staff protocols send none; remove them"
