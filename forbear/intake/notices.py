"""Notices: what was not used of a file, or is understood in a way that its header does not say, in sentences."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Rows

from forbear.intake.columns import NOTES, added_by_rejects
from forbear.intake.data_day import days_of
from forbear.intake.date_order import WRITTEN
from forbear.intake.guessing.commas import Commas
from forbear.intake.guessing.guess import Guess
from forbear.intake.guessing.guessed import SAME_COLUMN, SAME_FILE, Guessed
from forbear.intake.layouts import wide
from forbear.intake.mapping import Mapping
from forbear.intake.source import SourceFile
from forbear.locale import said
from rules.facts.case_facts import display, reader
from rules.facts.doubts import why_asked
from rules.locale import listed
from rules.pack.files.schema import Text, Vocabulary

_MOST = 30  # columns that one sentence names
_MOST_ROWS = 5
_LONGEST = 60  # characters of a text that a sentence quotes


def notices_of(vocabulary: Vocabulary, source: SourceFile, guess: Guess, mapping: Mapping) -> Iterator[Text]:
    """The sentences on a file that is read by this mapping."""
    yield from source.notices
    for day in days_of(source):
        yield said("notice.data_day", day=day)
    if any(each.weight == SAME_FILE for each in guess.columns):
        yield said("notice.remembered")
    learned = [
        each.header.strip() for each in guess.columns if each.weight == SAME_COLUMN and each.use.fact is not None
    ]
    if learned:
        yield said("notice.learned", columns=_names(learned))
    unused = [each for each in guess.columns if mapping.columns[each.header].fact is None]
    added = added_by_rejects([each.header for each in guess.columns])
    unknown = [
        each.header
        for each in unused
        if each.sure == "certain" and each.header not in added and (each.text.strip() or each.shape is not None)
    ]
    if named := [name.strip() for name in unknown if name.strip()]:
        yield said("notice.not_used", n=len(named), columns=_names(named))
    yield from _left_open(unused)
    yield from _units(vocabulary, guess, mapping)
    notes = [name.strip() for name, use in mapping.columns.items() if use.fact == NOTES]
    if len(notes) > 1:
        yield said("notice.notes_joined", columns=_names(notes))
    if mapping.numbers:
        yield said("notice.debts", most=len(mapping.numbers), scale=wide.SCALE, example=7 * wide.SCALE + 2)
    for fact, word in mapping.constants.items():
        yield said("notice.constant", field=vocabulary.facts[fact].title, value=_label(vocabulary, fact, word))
    yield from _orders(vocabulary, mapping)


def _left_open(unused: Iterable[Guessed]) -> Iterator[Text]:
    """Why columns that may hold something are not used while nobody has confirmed it."""
    for each in unused:
        if each.sure != "certain" and each.why.en.endswith("."):  # a sentence of its own: the unit is another
            yield each.why
        elif each.sure != "certain":
            why = Text(zh=each.why.zh.rstrip("。"), en=each.why.en)  # a sentence goes on
            yield said("notice.not_sure", column=each.header.strip(), why=why)


def _units(vocabulary: Vocabulary, guess: Guess, mapping: Mapping) -> Iterator[Text]:
    """The units that were taken from elsewhere than a header."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in guess.columns:
        use = mapping.columns[each.header]
        if each.stated and use.fact is not None and use.unit is not None:
            found.setdefault((" ".join(each.stated[:_LONGEST].split()), use.unit), []).append(each.header.strip())
    for (text, unit), columns in found.items():
        yield said("notice.unit_stated", columns=_names(columns), text=text, unit=unit)


def _orders(vocabulary: Vocabulary, mapping: Mapping) -> Iterator[Text]:
    """How dates are read."""
    for name, use in mapping.columns.items():
        if (order := next((order for order, written in WRITTEN.items() if written == use.unit), None)) is not None:
            yield said("notice.order_of_column", column=name.strip(), order=said(f"date_order.{order}"))
    dates = [use for use in mapping.columns.values() if use.fact and vocabulary.facts[use.fact].type == "date"]
    if mapping.date_order is not None and (not dates or any(use.unit is None for use in dates)):
        yield said("notice.date_order", order=said(f"date_order.{mapping.date_order}"))


def asked_notices(
    vocabulary: Vocabulary, rows: Rows[str, Sequence[int]], place: Callable[[int], int]
) -> Iterator[Text]:
    """The sentences on what was in doubt and is asked for, by doubt the rows, as the file counts them."""
    for name, found in sorted(rows.items()):
        shown = ", ".join(str(place(row)) for row in found[:_MOST_ROWS]) + ("…" if len(found) > _MOST_ROWS else "")
        yield said("notice.asked", n=len(found), rows=shown, why=why_asked(vocabulary, name))


def _label(vocabulary: Vocabulary, fact: str, word: str) -> Text:
    """A constant as it is stored."""
    value = reader(vocabulary.facts[fact])(word)
    if value is None:
        return Text(zh=word, en=word)
    return Text(zh=display(vocabulary, fact, value, "zh"), en=display(vocabulary, fact, value, "en"))


def _names(names: Iterable[str]) -> Text:
    all_names = list(names)
    shown = [said("notice.column", column=name) for name in all_names[:_MOST]]
    return (
        listed(shown) if len(all_names) <= _MOST else said("notice.and_more", columns=listed(shown), n=len(all_names))
    )


def comma_notices(commas: Commas, place: Callable[[int], int]) -> Iterator[Text]:
    """That numbers were read as thousands although others of the file have a comma before their decimals."""
    if commas.taken and commas.decimal and not commas.doubted:
        rows = [place(row) for row in dict.fromkeys(commas.decimal)]
        shown = ", ".join(map(str, rows[:_MOST_ROWS])) + ("…" if len(rows) > _MOST_ROWS else "")
        yield said("notice.commas", n=commas.taken, rows=shown)
