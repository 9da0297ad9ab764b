"""Engines of others, each in a process of its own, by an interpreter that has it: `python -m bench.engines.beside.…`.

These modules import one engine, the standard library and what they share (timing.py), and nothing of Forbear.
"""
