"""Monitoring: health and metrics for machines. Nothing of any case."""
