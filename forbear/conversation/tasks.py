"""Tasks: what is to be done on a case, by whom, and by which day."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

from sqlmodel import Session, col, select

from forbear.accounts.accounts import ViewerWork
from forbear.base.vault import Vault
from forbear.case.action_fields import LONGEST
from forbear.case.workflow import RefusedError
from forbear.conversation import notes, saying
from forbear.desk import review
from forbear.desk.review import Act, NoCaseError
from forbear.locale import said
from models.account import Account
from models.case import Case
from models.conversation import Task
from models.database.session import next_id
from rules.facts.case_facts import FieldError

MOST_OPEN: Final = 50  # on one case
LISTED: Final = 200
_TASKS: Final = (
    select(Task, Case.case_ref, Account.name)
    .join(Case, col(Case.id) == Task.case_id)
    .join(Account, col(Account.id) == Task.owner_id)
    .order_by(col(Task.done_at).isnot(None), col(Task.due_on), col(Task.id))
    .limit(LISTED)
)


@dataclass(frozen=True)
class ListedTask:
    """A task in words."""

    id: int
    case_id: int
    case_ref: str
    words: str
    owner: str
    owner_id: int
    due_on: dt.date
    done_at: dt.datetime | None


def add(work: ViewerWork, case_id: int, form: str, words: str, owner_id: int | None, due_on: dt.date | None) -> None:
    """Put down a task. Raises RefusedError with a sentence for what is wrong."""
    text = saying.worded("words", words, "task.empty")
    owner = work.viewer.account_id if owner_id is None else owner_id
    if owner not in notes.colleagues(work.session).values():
        raise RefusedError(FieldError.of("owner", said("task.nobody")))
    today = saying.today(work)
    if due_on is None or not today <= due_on <= today + LONGEST:
        raise RefusedError(FieldError.of("due_on", said("task.day", first=today, last=today + LONGEST)))
    case = saying.opened(work, case_id, form)
    if case is None:
        return
    open_tasks = select(Task.id).where(Task.case_id == case_id, col(Task.done_at).is_(None))
    if len(work.session.exec(open_tasks).all()) >= MOST_OPEN:
        raise RefusedError(FieldError.of("words", said("task.too_many", most=MOST_OPEN)))
    task_id = next_id(work.session, "task")
    task = Task(
        id=task_id,
        case_id=case_id,
        account_id=work.viewer.account_id,
        owner_id=owner,
        due_on=due_on,
        words=work.vault.seal(text, f"task.words:{task_id}"),
        made_at=work.now,
    )
    work.session.add(task)
    work.session.flush()
    detail = {"task": task.id, "owner": owner, "due_on": due_on.isoformat()}
    saying.append(work, case, Act("task", {}, reason="made", detail=detail, words=text), form)
    work.note("task", f"task:{task.id}", {"case": case_id, "what": "made"})


def settle(work: ViewerWork, case_id: int, task_id: int, what: Literal["done", "reopened"]) -> None:
    """Tick a task, or open it again; twice is once. Raises NoCaseError where there is none of it."""
    query = select(Task).where(Task.id == task_id, Task.case_id == case_id)
    case = review.take_case(work.session, work.viewer, case_id, None)
    task = work.session.exec(query).first()
    if task is None:
        raise NoCaseError(f"There is no task {task_id} on case {case_id}.")
    if (task.done_at is not None) == (what == "done"):
        return
    task.done_at = work.now if what == "done" else None
    work.session.add(task)
    saying.append(work, case, Act("task", {}, reason=what, detail={"task": task_id}))
    work.note("task", f"task:{task_id}", {"case": case_id, "what": what})


def of_case(session: Session, vault: Vault, case_id: int) -> list[ListedTask]:
    """The tasks of a case, what is to be done first."""
    return _listed(session, vault, Task.case_id == case_id)


def of_viewer(work: ViewerWork) -> list[ListedTask]:
    """What the viewer has to do, the next due first."""
    mine = (Task.owner_id == work.viewer.account_id, col(Task.done_at).is_(None))
    return _listed(work.session, work.vault, *mine)


def _listed(session: Session, vault: Vault, *conditions: object) -> list[ListedTask]:
    return [
        ListedTask(
            each.id,
            each.case_id,
            ref,
            str(vault.open(each.words, f"task.words:{each.id}")),
            owner,
            each.owner_id,
            each.due_on,
            each.done_at,
        )
        for each, ref, owner in session.exec(_TASKS.where(*conditions))  # type: ignore[arg-type] # columns compared
    ]
