"""The pack: what its files may hold, its conditions, parameters and texts, and reading it. Knows no case."""
