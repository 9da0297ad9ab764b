"""The person: who has which debts, one budget, one plan for all of them. What one case says stays out."""
