"""The texts that are filled in for a case: the facts and figures they name in braces, and whether those exist."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping

from rules.pack.pack import Pack, allowed, quoted
from rules.pack.schema import Item, Text


def placeholders(text: str) -> list[str]:
    """The names in braces. Raises ValueError where the braces do not match."""
    parts = list(string.Formatter().parse(text))
    if any(conversion or spec for _, _, spec, conversion in parts):
        raise ValueError("only a name stands between braces")
    return [name for _, name, _, _ in parts if name is not None]


def texts_of(pack: Pack) -> Iterator[tuple[str, str, Text]]:
    """Every text outside the rules that is filled in: file, place in it, text."""
    yield "pack.yaml", "default.because", pack.manifest.default.because
    yield "pack.yaml", "disagreement.because", pack.manifest.disagreement.because
    for name, fact in pack.vocabulary.facts.items():
        if fact.how is not None:
            yield "facts.yaml", f"facts.{name}.how", fact.how
    for name, strategy in pack.strategies.items():
        for key in ("summary", "sound_when", "against"):
            yield "strategies.yaml", f"{name}.{key}", getattr(strategy, key)
    for name, product in pack.products.items():
        for key in ("lender", "note"):
            yield "products.yaml", f"{name}.{key}", getattr(product, key)
    for file in ("documents", "rights", "warnings", "steps"):
        items: Mapping[str, Item] = getattr(pack, file)
        for name, item in items.items():
            yield f"{file}.yaml", f"{name}.text", item.text


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
