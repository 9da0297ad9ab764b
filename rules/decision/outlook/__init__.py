"""Outlook: what a decision could still become, by an answer, by another step or by time. In come its verdicts."""
