"""Measurements of the advice: how much danger is found, and how many answers a decision takes."""
