"""Sentences for people, keyed and in both languages; what comes in is YAML and the loader that reads it."""

from rules.locale.catalogue import Catalogue, Language, in_language, listed, said

__all__ = ["Catalogue", "Language", "in_language", "listed", "said"]
