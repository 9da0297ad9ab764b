"""The page of a person: all debts, who may be the same, the budget, and the plan for all creditors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response

from forbear.accounts.accounts import ViewerWork
from forbear.case import timeline
from forbear.case.workflow import RefusedError
from forbear.desk.queue import rows
from forbear.desk.review import may_act
from forbear.person import budget_files, identity, joint_plan
from forbear.person.budget import budget_of
from forbear.person.debts import Household, PersonDebt, debts_of, household_of, masked_names
from forbear.person.person import Person, maybe_same, person_of
from rules.decision.coordination import CoordinatedPlan
from rules.facts.case_facts import FieldError
from rules.text.plan_text import yuan
from web.views import flash, render
from web.views.forms import Forms, inputs


@dataclass(frozen=True)
class Typed:
    """What was typed in a form that was refused, or read from a file and not kept yet."""

    lines: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
    read: bool = False  # from a file: to be looked at and kept
    forms: Forms = field(default_factory=Forms)

    def error(self, name: str, lang: str) -> str:
        """What is wrong with a field; empty if nothing is."""
        return " ".join(getattr(error, lang) for error in self.errors if error.field == name)


@dataclass(frozen=True)
class Shown:
    """A person as the pages show it."""

    person: Person
    debts: tuple[PersonDebt, ...]
    household: Household
    plan: CoordinatedPlan | None


def looked_at(work: ViewerWork, case_id: int) -> Shown:
    """Whose a case is, with debts and plan. Raises NoCaseError."""
    person = person_of(work.session, case_id, work.viewer.submitter)
    debts = debts_of(work.session, work.vault, person)
    household = household_of(work.session, work.pack, debts)
    return Shown(person, debts, household, joint_plan.plan_of(work, person, household.facts, debts))


def person_page(
    request: Request, work: ViewerWork, case_id: int, typed: Typed | None = None, status: int = 200
) -> Response:
    """The page; `typed`: a form of it was refused, or a file was read into it."""
    address = f"/people/{case_id}"
    said = flash.told(request, work.vault, work.viewer)
    values = {**_values(work, looked_at(work, case_id)), "typed": typed or Typed(), "said": said, "case_id": case_id}
    values["forms"] = values["typed"].forms
    page = render.page(request, "person/person.html", values, status, address)
    return flash.forget(page, address) if said else page


def refusal(error: RefusedError, *names: str) -> tuple[FieldError, ...]:
    """What is wrong, what is about none of these fields said of the form."""
    return tuple(each if each.field in names else FieldError("form", each.zh, each.en) for each in error.errors)


def _values(work: ViewerWork, shown: Shown) -> dict[str, Any]:
    session, person, debts = work.session, shown.person, shown.debts
    hold = joint_plan.held_by(work, person)
    alike = maybe_same(session, person)
    changes = identity.last_changes(work, person.cases)
    budget = budget_of(work, person, shown.household.facts, debts)
    accounts = {each.account_id for each in changes} | ({budget.account_id} if budget.account_id else set())
    open_ = [debt for debt in debts if debt.open]
    owed = [debt.amount("balance") for debt in open_]
    money = {part.fact for part in work.pack.vocabulary.household}
    known = [name for name in work.pack.vocabulary.of_person if name not in money]
    return {
        "person": person,
        "debts": debts,
        "by_key": {joint_plan.key_of(debt): debt for debt in debts},
        "undecided": len(person.cases) - len(debts),
        "owed": sum(filter(None, owed)),
        "owed_unknown": sum(amount is None for amount in owed),
        "household": shown.household,
        "names": masked_names(session, work.vault, person.cases),
        "hold": hold,
        "danger": next((debt for debt in debts if hold is not None and debt.desk.case_id == hold[0]), None),
        "alike": [(each, rows(session, each.cases), masked_names(session, work.vault, each.cases)) for each in alike],
        "changes": changes,
        "who": timeline.names_of(session, sorted(accounts)),
        "budget": budget,
        "files": budget_files.ENDINGS,
        "amount": yuan,
        "plan": shown.plan,
        "letters": shown.plan is not None and bool(shown.plan.ways.get(joint_plan.LETTERS_BY)),
        "may": any(may_act(work.viewer, debt.desk) for debt in open_),
        "inputs": inputs(work.pack, known, shown.household.facts),
        "facts": work.pack.vocabulary.facts,
        "vocabulary": work.pack.vocabulary,
        "zone": work.pack.manifest.timezone,
        "now": work.now,
    }
