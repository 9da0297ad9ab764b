"""The chapters of the handbook, a module a subject. Only what writes sections of it."""
