"""Measurements: Forbear's pipeline beside the plain way, in one run on the same servers."""
