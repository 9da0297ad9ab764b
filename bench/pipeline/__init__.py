"""Measurements of the pipeline: beside the plain way, end to end and by engine, in order and as days pass."""
