"""Catalogue: the sentences of one part of Forbear, by key, from the YAML files of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from rules.pack import strict_yaml
from rules.pack.files.schema import Text

Language: TypeAlias = Literal["zh", "en"]


class Catalogue:
    """Sentences as `key: {zh: …, en: …}`, with {names} for what is filled in; read when the first is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def texts(self) -> dict[str, Text]:
        """Every sentence by key. Raises ValueError where two files say the same key."""
        found: dict[str, Text] = {}
        for path in sorted(self._folder.glob("*.yaml")):
            loaded = cast("dict[str, Any]", strict_yaml.read(path.read_bytes()))
            if twice := found.keys() & loaded.keys():
                raise ValueError(f"{path.name} says again what another file says: {', '.join(sorted(twice))}")
            found |= {key: Text.model_validate(entry) for key, entry in loaded.items()}
        return found

    def __call__(self, key: str, /, **values: object) -> Text:
        """A sentence in both languages; a value that is itself a Text is filled in language by language.

        With n=1 its English is the singular (`<key>.one`), where there is one.
        """
        text = self.texts[key]
        single = self.texts.get(f"{key}.one", text) if values.get("n") == 1 else text
        return Text(zh=text.zh.format(**_values(values, "zh")), en=single.en.format(**_values(values, "en")))


said: Final = Catalogue(Path(__file__).parent / "sentences")


def _values(values: Mapping[str, object], language: Language) -> dict[str, object]:
    return {name: in_language(value, language) if isinstance(value, Text) else value for name, value in values.items()}


def in_language(text: Text, language: Language) -> str:
    """A text in one language."""
    return text.zh if language == "zh" else text.en


def listed(items: Iterable[Text | str]) -> Text:
    """Things one after the other, as each language lists them. Raises ValueError where there are none."""
    texts = [item if isinstance(item, Text) else Text(zh=item, en=item) for item in items]
    return Text(zh="、".join(text.zh for text in texts), en=", ".join(text.en for text in texts))
