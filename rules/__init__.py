"""The policy: packs of declarative rules and the pure code that runs them."""
