"""Facts: raw cells to typed facts of a case, and what its texts tell. Knows no rule."""
