"""Conditions: their form, how they are parsed, and what they look at."""
