"""The case page's content: a case, its decision, what may be done, and what happened, as template and as JSON."""

import datetime as dt
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, get_args

from fastapi import Request, Response
from sqlmodel import Session

from forbear.accounts.accounts import Viewer, ViewerWork
from forbear.base.packs import UnreadablePackError
from forbear.base.vault import Vault
from forbear.case import alternatives, budget, corrections, decision_diff, negotiation_files, pdf, timeline
from forbear.case.actions import ACTIONS, possible
from forbear.case.acts import default_follow_up
from forbear.case.decided_case import CaseFile, decided_on
from forbear.case.workflow import CaseContext
from forbear.desk import review
from forbear.desk.assignment import Refusal
from models.review import Review
from rules.facts.case_facts import missing
from rules.locale import said
from rules.pack.pack import Pack
from rules.pack.parameters import value_on
from rules.text.phrases import citations, parameter
from web import language
from web.charts import charts
from web.views import page_json, render
from web.views.forms import Forms, Sent, inputs
from web.views.privacy import card
from web.views.typed import TypedField, typed

# Within how many days a lender answers a complaint: parameters of a pack that a case may be put aside for.
_PRESETS = ("lender_complaint_days", "lender_complaint_days_complex", "lender_complaint_days_special")
FORMS = tuple(form for name, action in ACTIONS.items() for form in action.forms or (name,))


def _action_of(form: str) -> str:
    """The action that a form is for."""
    return next(name for name, action in ACTIONS.items() if form in (action.forms or (name,)))


@dataclass(frozen=True)
class Looking:
    """Who looks at cases, when, and with what."""

    request: Request
    work: ViewerWork

    @property
    def viewer(self) -> Viewer:
        """Who looks."""
        return self.work.viewer

    @property
    def session(self) -> Session:
        """By which session."""
        return self.work.session

    @property
    def vault(self) -> Vault:
        """With which key."""
        return self.work.vault

    @property
    def pack(self) -> Pack:
        """What new facts are decided by."""
        return self.work.pack

    @property
    def now(self) -> dt.datetime:
        """When."""
        return self.work.now


def case_page(
    looking: Looking, file: CaseFile, forms: Forms | None = None, *, stale: bool = False, status: int = HTTPStatus.OK
) -> Response:
    """The page of a case that has a decision, or its JSON twin; `forms`: one of them was refused."""
    values = _values(looking, file)
    sent = forms.refused if forms else None
    # Where somebody else came first, the form may be gone from the page, or ask something else now.
    lost = sent is not None and (stale or _action_of(sent.form) not in values["can"])
    shown = values | {
        "forms": forms or Forms(),
        "stale": stale,
        "now": looking.now,
        "negated": said("red_flag.negated_hint"),
        "done": _done(looking.request),
        "told": _told(looking.request),
        "pdf": pdf.why_not() is None,
        "letter": negotiation_files.letter,
        "said": language.message,
        "has": language.has,
        "typed": _typed(looking, file, sent) if lost and sent else None,
    }
    twin = _twin(file, values)
    if status == HTTPStatus.OK:
        return render.page(looking.request, "case.html", shown, twin)
    told = {"stale": stale, "errors": [asdict(error) for error in shown["forms"].errors]}
    return render.page(looking.request, "case.html", shown, twin | told, status, f"/cases/{file.case_id}")


def _typed(looking: Looking, file: CaseFile, sent: Sent) -> tuple[TypedField, ...]:
    """What was entered in a form, in words; of the facts, those that are others than what is known."""
    assert file.judgement is not None  # noqa: S101 - the caller's
    known = inputs(looking.pack, sent.all("asked"), file.judgement.decided.facts)
    return typed(sent, known, looking.pack, language.chosen(looking.request))


def _values(looking: Looking, file: CaseFile) -> dict[str, Any]:
    session, viewer, vault = looking.session, looking.viewer, looking.vault
    people = viewer.submitter is None
    assert file.judgement is not None  # noqa: S101 - the caller's
    decided, desk = file.judgement.decided, file.desk
    standing = None
    if desk is not None and file.is_current and desk.decision_id == file.judgement.decision_id:
        standing = CaseContext(viewer, desk, decided, looking.now)
    can = () if standing is None else possible(standing)
    reviews = review.timeline(session, file.case_id)
    asks = [each for each in reviews if each.action == "ask"]
    waiting = standing is not None and standing.case.status == "waiting" and people
    return {
        "file": file,
        "standing": standing,
        "can": can,
        "bar": [ACTIONS[name] for name in can if ACTIONS[name].on_bar],
        "people": people,
        "holder": _holder(session, file) if people else None,
        "events": timeline.events(session, vault, file, reviews if people else ()),
        "ticked": timeline.ticked(reviews),
        "asked": _asked(asks[0], decided.pack) if asks and waiting else (),
        "why_not": alternatives.alternatives(decided),
        "budget": budget.budget_of(decided),
        "privacy": card(looking.work, file.case_id),
        "kit": decided.kit(),
        "drawn": file.is_current and any(map(charts.drawn, decided.outcome.plans)),
        "since": _since(looking, file),
        "questions": {each.name: each for each in inputs(looking.pack, decided.outcome.questions, {})},
        "asking": inputs(
            decided.pack, decided.outcome.questions or missing(decided.pack.vocabulary, decided.facts), {}
        ),
        "inputs": inputs(looking.pack, corrections.asked_of(looking.pack), decided.facts) if "answer" in can else (),
        "presets": _presets(decided.pack, decided.as_of),
        "follow_up": default_follow_up(standing) if standing is not None else None,
    }


def _done(request: Request) -> str | None:
    """Which form led here."""
    name = request.query_params.get("done")
    return name if name in FORMS else None


def _told(request: Request) -> str | None:
    """Why the case was not taken or given back."""
    why = request.query_params.get("told")
    return why if why in get_args(Refusal) else None


def _holder(session: Session, file: CaseFile) -> str | None:
    """Who has the case."""
    if file.desk is None or file.desk.assignee_id is None:
        return None
    return timeline.names_of(session, [file.desk.assignee_id])[file.desk.assignee_id]


def _asked(ask: Review, pack: Pack) -> tuple[Any, ...]:
    """The questions that the borrower was asked last, in words."""
    known = pack.vocabulary.facts
    return tuple(known[name].question for name in ask.detail.get("questions", ()) if name in known)


def _since(looking: Looking, file: CaseFile) -> decision_diff.DecisionDiff | None:
    """What changed from the decision before the one looked at."""
    assert file.judgement is not None  # noqa: S101 - the caller's
    earlier = file.before(file.judgement.decision_id)
    if earlier is None:
        return None
    try:
        before = decided_on(looking.session, file.case_id, earlier, looking.vault)
    except UnreadablePackError:
        return None
    return None if before is None else decision_diff.decision_diff(before, file.judgement.decided)


def _presets(pack: Pack, on: dt.date) -> list[dict[str, Any]]:
    """Days to put a case aside for, with what they are and where that stands."""
    found = []
    for name in _PRESETS:
        entry = pack.parameters.get(name)
        value = None if entry is None else value_on(entry, on)
        if entry is not None and value is not None:
            found.append(
                {"days": parameter(pack, name, on), "title": entry.title, "basis": citations(pack, value.references)}
            )
    return found


def _twin(file: CaseFile, values: dict[str, Any]) -> dict[str, Any]:
    """The page for programs."""
    desk, since = file.desk, values["since"]
    return {
        **page_json.case(file),
        "desk": desk
        and {
            "status": desk.status,
            "revision": desk.revision,
            "changed": desk.changed,
            "chosen_strategy": desk.chosen_strategy,
            "due_at": desk.due_at.isoformat(),
            "follow_up_at": desk.follow_up_at and desk.follow_up_at.isoformat(),
            "holder": values["holder"],
        },
        "can": list(values["can"]),
        "why_not": plain(values["why_not"]),
        "budget": values["budget"] and plain(values["budget"]),
        "documents_there": sorted(values["ticked"]),
        "changed_since": since and plain(since),
        "events": [_event(event) for event in values["events"]],
    }


def _event(event: timeline.Event) -> dict[str, Any]:
    told = {"at": event.at.isoformat()}
    if event.version is not None:
        return told | {"version": event.version}
    if event.decision is not None:
        return told | {"decision": event.decision.id}
    return told | {"done": plain(event.done)}


def plain(value: Any) -> Any:
    """Dataclasses and texts as JSON holds them."""
    return _texts(asdict(value))


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(each) for each in value]
    return value.model_dump() if hasattr(value, "model_dump") else value
