"""The pack: what its files may hold, and its conditions, references, parameters and texts. Knows no case."""
