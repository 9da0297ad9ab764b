"""Formulas as columns, for a whole chunk at once."""
