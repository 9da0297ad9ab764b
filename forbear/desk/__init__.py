"""The desk: the queue of all cases, who holds which, and what is counted. What one case says stays out."""
