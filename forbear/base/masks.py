"""Masks: what everybody may see of a personal value."""


def mask(fact: str, value: str) -> str | None:
    """张**, 138****5678, 3301**********1234; None where nothing of a value may be seen."""
    match fact:
        case "name":
            return f"{value[:1]}**" if len(value) > 1 else "**"
        case "phone":
            return _ends(value, 3, 4, least=11)
        case "id_number":
            return _ends(value, 4, 4, least=15)
    return None


def _ends(value: str, first: int, last: int, least: int) -> str:
    """The first and last characters of a value; of one shorter than `least` nothing, or too much would show."""
    if len(value) < least:
        return "****"
    return value[:first] + "*" * (len(value) - first - last) + value[-last:]
