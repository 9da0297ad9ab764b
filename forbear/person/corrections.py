"""A fact of the person put right: once, in every open debt, each of which is decided again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from forbear.accounts.accounts import ViewerWork
from forbear.batch.recorded_decision import decision_on_desk
from forbear.batch.submission.submit import Submitted
from forbear.case import corrections
from forbear.case.workflow import CaseContext, RefusedError
from forbear.desk.review import StaleError, may_act, perform, take_case
from forbear.locale import said
from forbear.person.person import Person
from models.desk import WorklistItem
from rules.facts.case_facts import FieldError

_NOTHING = "answer"  # the field that a correction of nothing is refused about

Cells = Mapping[str, object]


def correct(
    work: ViewerWork, person: Person, cells: Cells, of_debt: Callable[[CaseContext], Cells] | None = None
) -> tuple[Submitted, ...]:
    """Hand in these facts of the person for every open debt that says otherwise; answers what is to be decided again.

    `of_debt` says what else goes with them for a debt. Whoever may act on one of the debts may put right what is the
    same in all.

    Raises RefusedError with a sentence for each bad field, StaleError where newer facts wait to be decided.
    """
    allowed = {*work.pack.vocabulary.of_person}
    told = {name: value for name, value in cells.items() if name in allowed}
    open_ = _open(work, person)
    done = [submitted for case in open_ if (submitted := _correct_one(work, person, case, told, of_debt)) is not None]
    if not done:
        raise RefusedError(FieldError.of(_NOTHING, said("correction.nothing")))
    return tuple(done)


def _open(work: ViewerWork, person: Person) -> list[WorklistItem]:
    """The open debts, locked in one order for all. Raises RefusedError where the viewer may act on none of them."""
    desk = [work.session.get(WorklistItem, case) for case in person.cases]
    cases = [take_case(work.session, work.viewer, each.case_id, None) for each in desk if each is not None]
    open_ = [case for case in cases if case.status != "closed"]
    if not open_:
        raise RefusedError(FieldError.of(_NOTHING, said("person.no_open_debt")))
    if not any(may_act(work.viewer, case) for case in open_):
        raise RefusedError(FieldError.of(_NOTHING, said("person.held")))
    return open_


def _correct_one(
    work: ViewerWork,
    person: Person,
    case: WorklistItem,
    cells: Cells,
    of_debt: Callable[[CaseContext], Cells] | None,
) -> Submitted | None:
    context = CaseContext(work.viewer, case, decision_on_desk(work.session, case, work.vault), work.now)
    try:
        act = corrections.answer(work, context, {**cells, **(of_debt(context) if of_debt is not None else {})})
    except RefusedError as error:
        if [each.field for each in error.errors] == [_NOTHING]:
            return None
        raise RefusedError(*(_in_case(each, case.case_ref) for each in error.errors)) from None
    except StaleError:
        raise StaleError(
            f"Newer facts of {case.case_ref} came in and are being triaged: try again when they are."
        ) from None
    texts: Sequence[str] = [value for value in cells.values() if isinstance(value, str)]
    changes = act.changes if may_act(work.viewer, case) else {}
    detail = {**(act.detail or {}), "person": person.head}
    perform(work, case, replace(act, changes=changes, detail=detail, said=tuple(texts)))
    return act.submitted


def _in_case(error: FieldError, case_ref: str) -> FieldError:
    """What is wrong, and in which debt."""
    text = said("person.in_case", case=case_ref, zh=error.zh, en=error.en)
    return FieldError.of(error.field, text)
