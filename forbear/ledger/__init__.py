"""The ledger: the append-only chain, listing it and proving it. Only what reads or writes entries."""
