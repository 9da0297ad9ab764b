"""The parts of the corpus, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
# What patterns and weights are made from, and what nobody reads meanwhile.
TUNING = ("tuning", *(f"tuning_{number}" for number in range(2, 12)))
HELD_OUT = ("held_out", *(f"held_out_{number}" for number in range(2, 14)))


def lines(part: str) -> Iterator[tuple[str, str]]:
    """Each sentence of a part with its label, which stands above it."""
    label = ""
    for line in (CORPUS / f"{part}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            label = line.removeprefix("## ").strip()
        elif line.strip() and not line.startswith("#"):
            yield label, line
