"""Finance: exact arithmetic of debts - schedules, charges, court fees, shares. Knows packs, but no case."""
