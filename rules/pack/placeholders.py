"""What a text that is filled in for a case names in braces: facts and parameters, and whether those exist."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator

from rules.pack.files.schema import Text
from rules.pack.pack import Pack, allowed, quoted


def placeholders(text: str) -> list[str]:
    """The names in braces. Raises ValueError where the braces do not match."""
    parts = list(string.Formatter().parse(text))
    if any(conversion or spec for _, _, spec, conversion in parts):
        raise ValueError("only a name stands between braces")
    return [name for _, name, _, _ in parts if name is not None]


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
