"""The household's budget: what comes in and goes out a month, by the lines of the pack, one for all debts of a person.

Its sums are facts of the person; saving it puts them right in every open debt. Until somebody writes one, it is made of
what the debts say.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from forbear.accounts.accounts import ViewerWork
from forbear.batch.submission.submit import Submitted
from forbear.case.corrections import cell
from forbear.case.workflow import CaseContext, RefusedError
from forbear.locale import said
from forbear.person import corrections
from forbear.person.debts import PersonDebt
from forbear.person.person import Person
from models.person import HouseholdBudget
from rules.facts.case_facts import FieldError, reader
from rules.facts.cells import CellError, Value
from rules.pack.files.household import HouseholdPart
from rules.pack.pack import Pack

Lines = Mapping[str, int | None]  # fen a month by line; what is not known is None or not there


@dataclass(frozen=True)
class BudgetPart:
    """A part of a budget: its lines, what they add up to, and what the debts say that is."""

    part: HouseholdPart
    lines: Mapping[str, int | None]
    told: int | None  # the fact, as the debts have it

    @property
    def total(self) -> int | None:
        """What the known lines add up to; None where none is known."""
        known = [amount for amount in self.lines.values() if amount is not None]
        return sum(known) if known else None

    @property
    def at_odds(self) -> bool:
        """Whether the debts say another sum than the lines."""
        return self.total is not None and self.told != self.total


@dataclass(frozen=True)
class PersonBudget:
    """A person's budget; `at`: when somebody wrote it, None where it is made of what the debts say."""

    parts: tuple[BudgetPart, ...]
    at: dt.datetime | None = None
    account_id: int | None = None

    @property
    def lines(self) -> dict[str, int | None]:
        """All lines."""
        return {name: amount for part in self.parts for name, amount in part.lines.items()}

    @property
    def at_odds(self) -> bool:
        """Whether the debts say other sums than the lines."""
        return any(part.at_odds for part in self.parts)


def budget_of(
    work: ViewerWork, person: Person, facts: Mapping[str, Value], debts: Sequence[PersonDebt]
) -> PersonBudget:
    """The budget of a person with these facts and debts: the one that somebody wrote last, else what the debts say."""
    query = select(HouseholdBudget).where(col(HouseholdBudget.id).in_(person.cases))
    saved = work.session.exec(query.order_by(col(HouseholdBudget.at).desc()).limit(1)).first()
    household = work.pack.vocabulary.household
    lines: Lines = saved.lines if saved is not None else _lines_told(household, facts, debts)
    parts = tuple(
        BudgetPart(part, {name: lines.get(name) for name in part.lines}, _amount(facts, part.fact))
        for part in household
    )
    return PersonBudget(parts, *(() if saved is None else (saved.at, saved.account_id)))


def _lines_told(
    household: Iterable[HouseholdPart], facts: Mapping[str, Value], debts: Sequence[PersonDebt]
) -> dict[str, int | None]:
    """What the debts say: instalments that a line holds, and the rest of each sum in the last line of its part."""
    lines: dict[str, int | None] = {}
    for part in household:
        told = _amount(facts, part.fact)
        if told is None:
            continue
        left = told
        for name, line in part.lines.items():
            dues = sum(_due(debt) for debt in debts if debt.facts.get("product") in line.holds)
            if 0 < dues <= left:
                lines[name] = dues
                left -= dues
        lines[list(part.lines)[-1]] = left
    return lines


def _due(debt: PersonDebt) -> int:
    inside = debt.open and debt.facts.get("own_instalment_in_budget") is True
    return (debt.amount("monthly_due") or 0) if inside else 0


def _amount(facts: Mapping[str, Value], name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) else None


def read_lines(pack: Pack, given: Mapping[str, object]) -> dict[str, int | None]:
    """Amounts as people write them, by line; blank is not known.

    Raises RefusedError with a sentence for each bad one.
    """
    found: dict[str, int | None] = {}
    faults: list[FieldError] = []
    for part in pack.vocabulary.household:
        read = reader(pack.vocabulary.facts[part.fact])
        for name, line in part.lines.items():
            try:
                value = read(given.get(name, ""))
                found[name] = value if isinstance(value, int) else None
            except CellError as error:
                faults.append(FieldError.of(name, said("person.bad_line", line=line.title, why=error.text)))
    if faults:
        raise RefusedError(*faults)
    return found


def save(work: ViewerWork, person: Person, lines: Lines) -> tuple[Submitted, ...]:
    """Keep a budget, and put its sums right in every open debt; answers what is to be decided again.

    Raises as `correct` does, but for sums that every debt says already.
    """
    parts = [
        BudgetPart(part, {name: lines.get(name) for name in part.lines}, None)
        for part in work.pack.vocabulary.household
    ]
    known = {name: amount for part in parts for name, amount in part.lines.items() if amount is not None}
    if not known:
        raise RefusedError(FieldError.of("budget", said("person.empty_budget")))
    row = work.session.get(HouseholdBudget, person.head) or HouseholdBudget(
        id=person.head, lines={}, account_id=work.viewer.account_id, at=work.now
    )
    row.lines, row.account_id, row.at = known, work.viewer.account_id, work.now
    work.session.add(row)
    work.session.flush()
    work.note("budget", f"household_budget:{row.id}", {"lines": sorted(known), "debts": len(person.cases)})
    facts = work.pack.vocabulary.facts
    cells = {part.part.fact: cell(facts[part.part.fact], part.total) for part in parts if part.total is not None}
    try:
        return corrections.correct(work, person, cells, lambda context: dict(_inside(work.pack, context, known)))
    except RefusedError as error:
        if [each.field for each in error.errors] == ["answer"] and error.errors[0] == _nothing():
            return ()
        raise


def _nothing() -> FieldError:
    return FieldError.of("answer", said("correction.nothing"))


def _inside(pack: Pack, context: CaseContext, lines: Mapping[str, int]) -> Iterator[tuple[str, Any]]:
    """Whether the budget holds a debt's own instalment: only a line for its product can."""
    named = {
        product: name
        for part in pack.vocabulary.household
        for name, line in part.lines.items()
        for product in line.holds
    }
    line = named.get(str(context.decided.facts.get("product")))
    if "own_instalment_in_budget" in pack.vocabulary.facts and line is not None:
        yield "own_instalment_in_budget", "true" if lines.get(line, 0) > 0 else "false"
