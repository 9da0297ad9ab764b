"""Shapes: what the API takes and answers, by topic. Nothing is looked up here."""
