"""Lint: what is wrong with a pack, and its own tests and lock. Nothing here is needed to decide a case."""
