"""Packs and outcomes of past forms, read by small steps."""
