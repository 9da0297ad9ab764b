"""Facts: raw cells to typed facts of a case, and what is derived from them. Knows no rule."""
