"""Formulas of derived facts: parsed, proved, read as values, bounds and columns. In come packs and cases' facts."""
