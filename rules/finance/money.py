"""Rounding of exact fractions to whole numbers: fen, mostly."""


def half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number, a half upwards; the denominator is above 0."""
    return (2 * numerator + denominator) // (2 * denominator)
