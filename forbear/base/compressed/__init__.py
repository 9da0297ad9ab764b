"""Zstandard, and what the record stores compressed by a dictionary that it keeps."""
