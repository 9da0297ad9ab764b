"""The texts of a case: whatever somebody may have written into it in words, under a header that we know or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Vocabulary

_YES: Final = frozenset(word_lists("cells")["yes"])


def texts_of(
    vocabulary: Vocabulary, facts: Mapping[str, object], private: Mapping[str, object], others: Mapping[str, object]
) -> Iterator[str]:
    """What red flags are looked for in: facts that are free text, and every cell of a column that nobody knows.

    A cell that only says yes means what its header asks.
    """
    free = (name for name, fact in vocabulary.facts.items() if fact.free)
    written = (given[name] for name in free for given in (facts, private) if name in given)
    yield from (text for text in map(str, written) if text)
    for header, cell in others.items():
        text = str(cell).strip()
        yield header if text.casefold() in _YES else text
