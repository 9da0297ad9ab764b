"""Submission: from a file that waits, its preview and its mapping to a batch of cases in the record."""
