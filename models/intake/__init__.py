"""What comes in: batches, their files before submission, and how those are to be read."""
