"""Real processes, killed and stopped by a seed: Forbear's own, and beside it those of plain Celery and of Relier."""
