"""Headers: which facts a column's name may mean, and the unit that stands beside it or above the table.

A header is a name with words beside it: 欠款余额（万元）, Balance / CNY 10,000, 利率‰. The words are read as a unit
(rules/facts/notation/units.py), as another name of the same fact, or not at all; a name with words beside it that
nobody can read, or that name somebody else, is no name of a fact.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from forbear.locale import said
from rules.facts.notation.letters import clean
from rules.facts.notation.units import OWN, Marks, OtherUnit, Unit, quantity, read_marks, unit_in, wanted
from rules.locale.word_lists import word_lists
from rules.pack.files.schema import Fact, Text, Vocabulary

_DECORATION = re.compile(r"[\s_\-—–*:.·'\"“”]+")
_BRACKETS = re.compile(
    r"^(.*?)\s*[(\[{<《【〔〖「]([^()\[\]{}<>《》【】〔〕〖〗「」]*)[)\]}>》】〕〗」]\s*(.*)$", re.DOTALL
)
_PARTED = re.compile(r"[/|,，、:;；\n\r\-—–_]|\s")
_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,3}[).、:]|[a-z][.、])\s*(?=\D)")
_WORDS = word_lists("headings")
_CALLED = re.compile(rf"(?:{'|'.join(_WORDS['called'])})\s*(?:[:=]|{'|'.join(_WORDS['is'])}|\s|(?=[^\W\d_a-z]))\s*")
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS_BEFORE = re.compile(r"[^\W\d_]+$")
_EXCEPT = re.compile(_WORDS["except"])
_RECKONED = re.compile(rf"{_WORDS['reckoned']['before']}([^\s()]*?)(?:{'|'.join(_WORDS['reckoned']['behind'])})")
_IN_ENGLISH = re.compile(r"\bin (?:[a-z' ]|(?<!\d)[\d,]*000(?:'?s)?(?![\d,.]))+")
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_MONEY = re.compile(_WORDS["money"])  # words of a unit of money that must not be passed over
_CURRENCY = frozenset(_WORDS["currency"])  # that it is Chinese says nothing of thousands
_PARTS_OF_UNIT = re.compile(rf"[,，;；、/|](?!\d)|{_WORDS['or']}")
_CLAUSE = re.compile(r"[,，;；。\s]+")
_MOST_WORDS = 4
_MOST_KNOWN = 10_000  # cells of first rows
_TWO_LETTERS = 2
_OF_UNITS = frozenset(_WORDS["of_units"])
_WITHIN_WORD = re.compile(r"[a-z]{2}")
_SAYS_NOTHING = frozenset(("filler", "harmless", "about", "dated"))
LONGEST = 100  # characters of a header that may name a fact


@dataclass(frozen=True)
class HeaderReading:
    """What a header may mean: its facts, the likeliest first, and what stands beside the name."""

    text: str
    facts: tuple[str, ...]
    sure: bool  # the name means one fact and nothing else
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """Why a column cannot be read as a fact although it is called so, and what to do."""

    text: Text


class Names:
    """The headers that a vocabulary knows."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._sure: dict[str, str] = {}
        self._asked: dict[str, list[str]] = {}
        self._known: dict[str, HeaderReading | None] = {}  # the same cells are looked at by each separator and row
        facts = {name: fact for name, fact in vocabulary.facts.items() if not fact.derived}
        self._days = {name for name, fact in facts.items() if fact.type == "date"}
        self._sure |= {folded(name): name for name in facts}
        for name, fact in facts.items():
            for alias in (fact.title.zh, fact.title.en, *fact.aliases):
                self._sure.setdefault(folded(alias), name)
            for alias in fact.asks:
                self._asked.setdefault(folded(alias), []).append(name)

    def of(self, header: str) -> HeaderReading | None:
        """What a header may mean; None where it is no name of a fact."""
        if header not in self._known:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known[header] = self._read(header)
        return self._known[header]

    def _read(self, header: str) -> HeaderReading | None:
        text = clean(header).casefold().strip()
        if len(text) > LONGEST or _LETTER.search(text) is None:
            return None
        for name, beside in _readings(text):
            facts, sure = self._facts(name)
            if any(folded(mark) in _OF_UNITS for mark in beside):
                continue  # 余额单位 is the unit of a balance, and none
            marks = tuple(mark for mark in beside if not self._same(mark, facts))
            if facts and all(_reads(mark) and self._may_be_dated(mark, facts) for mark in marks):
                return HeaderReading(" ".join(header.split()), facts, sure, marks)
        return None

    def _facts(self, name: str) -> tuple[tuple[str, ...], bool]:
        key = folded(name)
        if key in self._sure:
            return (self._sure[key],), True
        return tuple(self._asked.get(key, ())), False

    def _may_be_dated(self, mark: str, facts: Sequence[str]) -> bool:
        """Whether a mark does not make a day of what is none: 反馈日期."""
        read = read_marks(mark) if mark.strip() else None
        return read is None or "dated" not in read.kinds or all(name in self._days for name in facts)

    def _same(self, mark: str, facts: Sequence[str]) -> bool:
        """Whether what stands beside a name is another name of the same: 余额 (Balance)."""
        return self._facts(mark)[0] == tuple(facts)


@lru_cache(maxsize=8192)
def folded(name: str) -> str:
    """A header as it is compared: width, case, script, blanks and marks around words make no difference."""
    return _DECORATION.sub("", clean(name).casefold())


@dataclass(frozen=True)
class Around:
    """What stands around the header of a column and may say its unit."""

    titles: tuple[str, ...] = ()  # above the table
    group: str = ""  # the group that the column is in
    below: tuple[str, ...] = ()  # in rows below that are no cases, and in comments on it
    aside: tuple[str, ...] = ()  # elsewhere, and may be said of something else


def meaning(fact: Fact, header: HeaderReading, around: Around) -> Unit | Refusal:
    """The unit of a column: what stands beside its name, else below it, above its group or above the table."""
    of_it = _said_of_it(header.text, fact, (*around.titles, *around.aside))
    below = _other_period(fact, (*around.below, *of_it)) or _above(fact, around.below)
    beside = _unit(fact, header.marks)
    if beside is None:
        beside = below or _above(fact, [around.group]) or _above(fact, around.titles)
        if beside is None and (elsewhere := unlike_its_own(fact, around.aside)) is not None:
            beside = OtherUnit(said("header.unclear_unit", unit=elsewhere), wanted(fact))
    elif isinstance(beside, Unit) and below is not None and getattr(below, "shift", None) != beside.shift:
        beside = OtherUnit(said("header.two_units"), wanted(fact))
    if isinstance(beside, OtherUnit):
        key = "header.other_unit"
        return Refusal(said(key, header=header.text, field=fact.title, seems=beside.seems, wanted=beside.wanted))
    return beside or OWN


def stated_in(fact: Fact, around: Around) -> str:
    """The text around a column by which its unit is known; blank where its header says it."""
    texts = (*around.below, around.group, *around.titles)
    return next((text for text in texts if text and isinstance(_above(fact, [text]), Unit)), "")


def _said_of_it(header: str, fact: Fact, texts: Iterable[str]) -> list[str]:
    """The clauses around the table that name this column, and the one behind a name alone."""
    names = [name for name in map(folded, (header, fact.title.zh)) if len(name) > _TWO_LETTERS]
    found = []
    for text in texts:
        clauses = _CLAUSE.split(text)
        for clause, after in zip_longest(clauses, clauses[1:], fillvalue=""):
            if any(name in folded(clause[:LONGEST]) for name in names):
                found += [clause, after] if folded(clause[:LONGEST]).endswith(tuple(names)) else [clause]
    return found


def in_other_period(fact: Fact, header: str, texts: Sequence[str], of_it: Sequence[str]) -> bool:
    """Whether lines beside the table that name a column, or are of it, say that it is in another period."""
    return _other_period(fact, (*_said_of_it(header, fact, texts), *of_it)) is not None


def _other_period(fact: Fact, texts: Sequence[str]) -> OtherUnit | None:
    """That a comment speaks of another period than that of the fact: months where it counts days."""
    words = _WORDS["other_periods"].get(quantity(fact), ())
    for text in texts:
        if any(word in clean(text).casefold() for word in words):
            return OtherUnit(said("header.unclear_unit", unit=" ".join(text[:LONGEST].split())), wanted(fact))
    return None


def unit_beside(names: Names, name: str, fact: Fact, header: str, around: Around) -> Unit | Refusal:
    """The unit of a column that is said to hold a fact, whether its header is a name of it or not."""
    known = names.of(header)
    if known is None or name not in known.facts:
        known = HeaderReading(" ".join(header.split()), (name,), sure=True, marks=_marks(header, fact))
    return meaning(fact, known, around)


def bare(header: str) -> str:
    """A header without what stands in brackets."""
    rest = header
    while (found := _BRACKETS.match(rest)) is not None:
        rest = f"{found[1]} {found[3]}".strip()
    return rest or header


def _marks(header: str, fact: Fact) -> tuple[str, ...]:
    """What can be nothing but a unit in a header that is no name of this fact; without brackets only of a number."""
    text = clean(header).casefold().strip()
    for name, beside in _readings(text):
        read = [read_marks(mark) for mark in beside if mark.strip()]
        apart = len(name) + sum(map(len, beside)) < len(text)
        if read and all(read) and (apart or fact.type in ("money", "rate", "int")):
            return beside
    return ()


def unit_named(fact: Fact, name: str) -> Unit | OtherUnit | None:
    """A unit by its name, as a mapping has it: 万元, %, CNY 10,000; None where it is no unit."""
    marks = read_marks(name) if name.strip() else Marks(frozenset())
    return None if marks is None else unit_in(fact, marks, name)


def _unit(fact: Fact, marks: Iterable[str]) -> Unit | OtherUnit | None:
    """What the words beside a name say together; None where they say nothing of the numbers."""
    marks = tuple(marks)
    text = " ".join(marks)
    read = read_marks(text)
    found = None if read is None else unit_in(fact, read, text)
    if isinstance(found, Unit) and fact.type == "money":
        parts = [part for mark in marks for part in _PARTS_OF_UNIT.split(mark)]
        if len({unit.power for part in parts if (unit := _money_in(part)) is not None}) > 1:
            return OtherUnit(said("header.two_units"), wanted(fact))
    return None if isinstance(found, Unit) and not found.kinds else found


def _money_in(text: str) -> Marks | None:
    """A unit of money by itself; that it is of one currency is none: （人民币）（万元） is 万元."""
    marks = read_marks(text) if text.strip() and folded(text) not in _CURRENCY else None
    return marks if marks is not None and not marks.kinds.isdisjoint(("yuan", "power")) else None


def _above(fact: Fact, titles: Sequence[str]) -> Unit | OtherUnit | None:
    """The unit that stands above the table, where it is one for such a fact at all; two that differ are none.

    Nor is one that is money and that nobody can read.
    """
    found: dict[tuple[int, bool], Unit | OtherUnit] = {}
    currencies: dict[tuple[int, bool], Unit | OtherUnit] = {}
    for title in titles:
        read = [(text, marks) for text in _units_in(title) if (marks := read_marks(text)) is not None]
        others = [text for text, marks in read if _concerns(fact, marks) and not _is_own(unit_in(fact, marks, text))]
        if others and _of_something(title):
            return OtherUnit(said("header.unclear_unit", unit=title[:LONGEST]), wanted(fact))
        if fact.type == "money" and not any(_is_money(marks) for _, marks in read) and (odd := _money_word(title)):
            return OtherUnit(said("header.unclear_unit", unit=odd), wanted(fact))
        for text, marks in read:
            if _concerns(fact, marks):
                unit = unit_in(fact, marks, text)
                kept = currencies if folded(text) in _CURRENCY else found
                kept.setdefault((getattr(unit, "shift", 0), isinstance(unit, Unit)), unit)
    found = found or currencies
    if len(found) > 1:
        return OtherUnit(said("header.two_units"), wanted(fact))
    return next(iter(found.values()), None)


def _is_own(unit: Unit | OtherUnit) -> bool:
    """Whether a unit changes nothing: days where days are meant."""
    return isinstance(unit, Unit) and not unit.shift


def unlike(fact: Fact, unit: Unit, texts: Sequence[str]) -> bool:
    """Whether these texts say another unit for such a fact than the one that it is read in."""
    stated = _above(fact, texts)
    return isinstance(stated, OtherUnit) or (stated is not None and stated.shift != unit.shift)


def unlike_its_own(fact: Fact, texts: Iterable[str]) -> str | None:
    """The first text that says another unit for such a fact than its own."""
    for text in texts:
        unit = _above(fact, [text])
        if isinstance(unit, OtherUnit) or (unit is not None and unit.shift):
            return text
    return None


def _money_word(title: str) -> str:
    """The word of a unit of money in a title; a sum of money is none."""
    found = _MONEY.search(clean(title).casefold())
    return "" if found is None else found[0]


def names_money(text: str) -> bool:
    """Whether a text names a unit of amounts, the yuan aside."""
    return bool(_money_word(text))


def _is_money(marks: Marks) -> bool:
    return not marks.kinds.isdisjoint(("yuan", "coins", "foreign", "power"))


@lru_cache(maxsize=256)  # a long text may be repeated in every cell of a row
def says_unit(text: str) -> bool:
    """Whether a cell above or below the names says a unit of the numbers."""
    read = (read_marks(each) for each in _units_in(text))
    return bool(_money_word(text)) or any(marks is not None and marks.kinds - _SAYS_NOTHING for marks in read)


def is_unit(text: str) -> bool:
    """Whether a cell is a unit and nothing else, be it called 金额（万元）."""
    return len(text) <= LONGEST and says_unit(text) and read_marks(text) is not None


def units_of_name(name: str) -> frozenset[tuple[frozenset[str], int]]:
    """The units that stand beside a name, whatever it names: those of the longest words that can be read as such."""
    found: list[tuple[int, frozenset[tuple[frozenset[str], int]]]] = [(0, frozenset())]
    for _, beside in _readings(clean(name).casefold().strip()):
        read = [read_marks(mark) for mark in beside if mark.strip()]
        if read and all(read):
            units = frozenset((marks.kinds - _SAYS_NOTHING, marks.power) for marks in read if marks is not None)
            found.append((sum(map(len, beside)), units))
    if len(found) == 1 and (word := _money_word(name)):
        return frozenset(((frozenset((word,)), 0),))
    return max(found, key=lambda each: each[0])[1]


@lru_cache(maxsize=4096)
def states_unit(text: str) -> bool:
    """Whether a text says the unit of everything (单位：万元, 以万元计), and not of something that it names."""
    stated = clean(text).casefold().strip()
    return says_unit(text) and (_reads(stated) or bool(_CALLED.search(stated) or _RECKONED.search(stated)))


def _concerns(fact: Fact, marks: Marks) -> bool:
    """Whether a unit above the table is one of amounts where the fact is one, and so on."""
    money = _is_money(marks)
    rates = not marks.kinds.isdisjoint(("percent", "permille", "basis_points", "fraction"))
    spans = not money and not rates and not marks.kinds.isdisjoint(("day", "week", "month", "year", "instalment"))
    return (money and fact.type == "money") or (rates and fact.type == "rate") or (spans and fact.type == "int")


def units_above(titles: Sequence[str]) -> frozenset[str]:
    """The units that stand above a table, as they are written."""
    return frozenset(unit for title in titles for unit in _units_in(title) if read_marks(unit) is not None)


def _of_something(title: str) -> bool:
    """Whether the unit in a title is that of something it names (授信额度单位：千元), or not of all (除欠款余额外)."""
    text = clean(title).casefold().strip()
    before = (
        _LETTERS_BEFORE.search(text[: found.start()]) for found in _CALLED.finditer(text) if _unit_behind(text, found)
    )
    named = any(found and not any(word in found[0] for word in _WORDS["general"]) for found in before)
    return named or _EXCEPT.search(text) is not None


def _unit_behind(text: str, called: re.Match[str]) -> str:
    """The unit that follows 单位：, blank where none does."""
    words = re.split(r"\s+", text[called.end() :].strip())[:_MOST_WORDS]
    bare = (" ".join(words[:count]).strip("()。.;；,，") for count in range(len(words), 0, -1))
    return next((each for each in bare if read_marks(each)), "")


def _units_in(title: str) -> Iterator[str]:
    """What may be a unit in a title: all of it, what is in brackets, what follows 单位：, what stands in 以…计."""
    text = clean(title).casefold().strip()
    yield from _PARTS_OF_UNIT.split(text) if _reads(text) else ()
    for found in _CALLED.finditer(text):
        yield from _PARTS_OF_UNIT.split(_unit_behind(text, found))
    for form in (_IN_BRACKETS, _RECKONED, _IN_ENGLISH):
        for found in form.finditer(text):
            yield from _PARTS_OF_UNIT.split(found[found.re.groups])


def _readings(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A header as a name and what stands beside it, in every way that makes sense, the whole first."""
    yield text, ()
    bare = _NUMBERED.sub("", text)
    if bare != text:
        yield bare, ()
    rest = bare
    marks: list[str] = []
    while (found := _BRACKETS.match(rest)) is not None:
        before, mark, after = found.groups()
        rest = f"{before} {after}".strip()
        if not rest and not marks:  # 【案件编号】
            rest = mark
            break
        marks.append(mark)
    yield rest, tuple(marks)
    for place in reversed([found.start() for found in _PARTED.finditer(rest)]):
        left, right = rest[:place], rest[place + 1 :]
        if left.strip() and right.strip():
            yield left, (*marks, right)
            yield right, (*marks, left)
    for length in range(1, len(rest) - _TWO_LETTERS + 1):  # 欠款余额万元
        if length > _TWO_LETTERS or not _WITHIN_WORD.search(rest[-length - 1 : -length + 1 or None]):  # not of system m
            yield rest[:-length], (*marks, rest[-length:])


def _reads(mark: str) -> bool:
    """Whether what stands beside a name can be read, and names nobody else."""
    read = read_marks(mark) if mark.strip() else Marks(frozenset())
    return read is not None and "others" not in read.kinds
