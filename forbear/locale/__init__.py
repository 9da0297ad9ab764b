"""Sentences of the application for people, keyed and in both languages; what comes in is YAML."""

from pathlib import Path
from typing import Final

from rules.locale import Catalogue

said: Final = Catalogue(Path(__file__).parent)
