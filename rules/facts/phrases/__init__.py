"""Phrases: how what a note says is found in it, however it is written or disguised. In comes text, no fact."""
