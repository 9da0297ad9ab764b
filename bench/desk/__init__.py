"""Measurements of the desk: its pages with a million cases, and with many clients at once."""
