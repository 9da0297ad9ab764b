"""Languages of the pages: which one a request wants, and its messages."""

from functools import cache
from pathlib import Path
from typing import cast, get_args

from starlette.requests import Request

from rules.locale import Language as Language
from rules.pack import strict_yaml

LANGUAGES: tuple[Language, ...] = get_args(Language)
COOKIE = "lang"
_FOLDER = Path(__file__).parent / "locale"


@cache
def messages(language: Language) -> dict[str, str]:
    """Every message of a language, by key; a file for each page."""
    found: dict[str, str] = {}
    for path in sorted((_FOLDER / language).glob("*.yaml")):
        loaded = cast("dict[str, str]", strict_yaml.read(path.read_bytes()))
        if twice := found.keys() & loaded.keys():
            raise ValueError(f"{path.name} says again what another file says: {', '.join(sorted(twice))}")
        found |= loaded
    return found


def message(language: Language, key: str, /, **values: object) -> str:
    """A message with its values filled in; with n=1 its singular (`<key>.one`) where the language has one."""
    known = messages(language)
    if values.get("n") == 1:
        key = f"{key}.one" if f"{key}.one" in known else key
    return known[key].format(**values)


def has(key: str) -> bool:
    """Whether there is such a message."""
    return key in messages("zh")


def asked(request: Request) -> Language | None:
    """The language a link or a person asked for in the address."""
    return _known(request.query_params.get("lang"))


def chosen(request: Request) -> Language:
    """The language to answer in: asked for now, else remembered, else Chinese."""
    return asked(request) or _known(request.cookies.get(COOKIE)) or "zh"


def _known(name: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == name), None)
