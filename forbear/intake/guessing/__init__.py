"""Guessing: what the columns of a file seem to hold, by their names, their cells and what was confirmed before."""
