"""Lint: what makes a pack unfit to publish, and its own tests and lock. Nothing here is needed to decide a case."""
