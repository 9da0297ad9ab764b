"""What a text that is filled in for a case names in braces: facts and parameters, and whether those exist."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator
from functools import lru_cache

from rules.pack.files.schema import Text
from rules.pack.pack import Pack, allowed, quoted


@lru_cache(maxsize=8192)  # the sentences of a few packs, which are filled in over and over
def pieces(text: str) -> tuple[tuple[str, str | None], ...]:
    """A text in pieces, and the name that follows each. Raises ValueError where the braces do not match."""
    return tuple((literal, name) for literal, name, _, _ in string.Formatter().parse(text))


@lru_cache(maxsize=8192)
def placeholders(text: str) -> tuple[str, ...]:
    """The names in braces. Raises ValueError where the braces do not match, or more than a name is between them."""
    parts = list(string.Formatter().parse(text))
    if any(conversion or spec for _, _, spec, conversion in parts):
        raise ValueError("only a name stands between braces")
    return tuple(name for _, name, _, _ in parts if name is not None)


def mistakes(text: Text, pack: Pack, more: Collection[str] = ()) -> Iterator[str]:
    """What is wrong with the braces of a text, each with the language it is in; `more` names are known here too."""
    public = {name for name, fact in pack.vocabulary.facts.items() if not fact.private}
    for language, words in (("zh", text.zh), ("en", text.en)):
        try:
            names = placeholders(words)
        except ValueError as error:
            yield f"{language}: {error}; write {{fact}} or {{parameter}}, and {{{{ for a brace itself"
            continue
        for name in names:
            if name not in public and name not in pack.parameters and name not in more:
                known = [*public, *pack.parameters, *more]
                yield f"{language}: unknown fact or parameter {quoted(name)}; {allowed(name, known)}"
