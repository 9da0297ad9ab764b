"""Layouts: rows that are cases, rows with several debts, and two sheets tied by a number, all read as cases."""
