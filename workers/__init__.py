"""The workers: Celery, thin. Messages wake, rows decide."""
