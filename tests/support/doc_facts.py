"""The tables of docs/cases.md: every fact with what may stand in its column, and what is doubted."""

from collections.abc import Iterator

from rules.facts.cells import MAX_TEXT
from rules.facts.doubts import asks
from rules.facts.notation.units import wanted
from rules.loading.loader import DEFAULT_PACK, load
from rules.pack.files import doubts as d
from rules.pack.files.schema import Fact

_VOCABULARY = load(DEFAULT_PACK).vocabulary
_MANY_DAYS = 12


def facts() -> Iterator[str]:
    """A row for each fact that is submitted."""
    for name, fact in _VOCABULARY.facts.items():
        if not fact.derived:
            yield f"`{name}`{_required(fact)} | {fact.title.zh} | {_holds(fact)}"


def _required(fact: Fact) -> str:
    if fact.required_unless:
        return f" * or `{fact.required_unless}`"
    return " *" if fact.required else ""


def _holds(fact: Fact) -> str:
    codes = {"reference": "your own reference, ", "phone": "a phone number, ", "id_number": "an ID number, "}
    code = codes[fact.code] if fact.code else ""
    return code + _of_type(fact) + ("; personal, sealed" if fact.private else "")


def _of_type(fact: Fact) -> str:
    match fact.type:
        case "text":
            return f"text, at most {fact.max_length or MAX_TEXT:,} characters"
        case "enum":
            return ", ".join(fact.values)
        case "list":
            return f"any of {', '.join(fact.values)}, with `;` between"
        case "bool":
            return "yes or no"
        case "date":
            return "a day that has been" if fact.past else "a day"
        case "int":
            return f"a whole number: {wanted(fact).en}"
        case "money" | "rate":
            return wanted(fact).en


def doubts() -> Iterator[str]:
    """A row for each doubt."""
    for doubt in _VOCABULARY.doubts.values():
        of, when = _doubt(doubt)
        yield f"{of} | {when}{' (not used, and asked for first)' if asks(doubt) else ''}"


def _doubt(doubt: d.Doubt) -> tuple[str, str]:  # noqa: C901 - one arm a kind
    match doubt:
        case d.NoDay():
            days = doubt.days
            return "every day", f"{', '.join(days[:_MANY_DAYS])}, … ({len(days)} that programs write for no date)"
        case d.NoNumber():
            return _names(*doubt.facts), ", ".join(f"{number:,}" for number in doubt.numbers)
        case d.Beyond():
            least = "" if doubt.below is None else f"above 0 and below {doubt.below:,}"
            most = "" if doubt.above is None else f"above {doubt.above:,}"
            said = ", unless the cell says that it is of a year (`0.5%/year`)" if doubt.unless_said else ""
            return _names(*doubt.facts), " or ".join(each for each in (least, most) if each) + said
        case d.FarDay():
            before = f"more than {doubt.years_before} years ago" if doubt.years_before is not None else ""
            after = f"more than {doubt.years_after} years ahead" if doubt.years_after is not None else ""
            return _names(*doubt.facts), " or ".join(each for each in (before, after) if each)
        case d.OutOfOrder():
            pairs = (f"{_names(then)} before {_names(first)}" for first, then in doubt.order)
            return "days", "; ".join(pairs)
        case d.DaysApart():
            return _names(doubt.days), f"more than {doubt.by_more_than} days off those since {_names(doubt.since)}"
        case d.NotTheSum():
            most = f"by more than {doubt.percent} % and {doubt.yuan:,} yuan"
            return _names(doubt.whole), f"not {' and '.join(map(_names, doubt.parts))} together, {most}"
        case d.MoreThan():
            share = "" if doubt.percent == 100 else f"{doubt.percent} % of "
            return _names(doubt.fact), f"more than {share}{_names(doubt.other)}"
        case d.Above():
            return _names(doubt.fact), f"above {doubt.above:,}"
        case d.Below():
            return _names(doubt.fact), f"above 0 and below {doubt.below:,}"
        case d.TooYoung():
            return _names(doubt.age), f"under {doubt.years} years old on {_names(doubt.on)}"
        case d.Longer():
            return _names(
                doubt.days
            ), f"more than {doubt.by_more_than} days more than those since {_names(doubt.since)}"
        case d.Denied():
            return _names(doubt.fact), f"`{_value(doubt.value)}` beside {_names(*doubt.by)}"
        case d.OtherBirth():
            return _names(doubt.age), f"more than {doubt.by_more_than} years off that by {_names(doubt.id_number)}"
        case d.ColumnDoubt():
            return f"the column {_names(doubt.fact)}", _column(doubt)


def _column(doubt: d.ColumnDoubt) -> str:
    many = f"with {doubt.rows} rows or more{', even where the unit is said' if doubt.though_said else ''}:"
    if doubt.most_from is not None:
        alone, times = f"most at least {doubt.most_from:,}", f"{doubt.times} times as much as"
    else:
        alone, times = f"most below {doubt.most_below:,}", f"a {doubt.times}th of"
    if not doubt.against:
        return f"{many} {alone}"
    return f"{many} {alone}, or, where they are given, in half of the rows {times} {_names(*doubt.against)}"


def _value(value: bool | str) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else value


def _names(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)
