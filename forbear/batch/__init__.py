"""Batches: from rows handed in to decisions and files given back. What one person does on one case stays out."""
