"""The case page's content: a case, its decision, what may be done, and what happened."""

import datetime as dt
from http import HTTPStatus
from typing import Any, get_args

from fastapi import Request, Response
from sqlmodel import Session

from forbear.accounts import teams
from forbear.accounts.accounts import ViewerWork
from forbear.base.packs import UnreadablePackError
from forbear.batch.recorded_decision import decision_on
from forbear.batch.unevaluated import failed_evaluation, plain_facts
from forbear.case import acting, alternatives, corrections, decision_diff, timeline
from forbear.case.actions import ACTIONS, possible
from forbear.case.acts import default_follow_up
from forbear.case.decided_case import DecidedCase
from forbear.case.negotiation import negotiation_files, pdf
from forbear.case.personal_data import Personal
from forbear.case.workflow import CaseContext
from forbear.conversation import saying
from forbear.desk import assignment, review
from forbear.desk.assignment import Refusal
from models.review import Review
from rules.decision.outlook.questions import FIRST, ranked
from rules.facts.case_facts import missing
from rules.locale import said
from rules.pack.pack import Pack
from rules.pack.parameters import value_on
from rules.text.budget import budget_of
from rules.text.client_plan import MOST
from rules.text.item_view import citations
from rules.text.phrases import parameter
from web import language
from web.charts import charts
from web.views import queue_query, render
from web.views.conversation import conversation_of, talked
from web.views.crisis import crisis_card
from web.views.forms import Forms, Sent, inputs
from web.views.privacy import card
from web.views.time_left import due
from web.views.typed import TypedField, typed

# Within how many days a lender answers a complaint: parameters of a pack that a case may be put aside for.
_PRESETS = ("lender_complaint_days", "lender_complaint_days_complex", "lender_complaint_days_special")
FORMS = tuple(form for name, action in ACTIONS.items() for form in action.forms or (name,))


def _action_of(form: str) -> str:
    """The action that a form is for."""
    return next(name for name, action in ACTIONS.items() if form == name or form in action.forms)


def case_page(
    request: Request,
    work: ViewerWork,
    case: DecidedCase,
    forms: Forms | None = None,
    *,
    stale: bool = False,
    seen: Personal | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    """The page of a decided case; `forms`: one of them was refused. `seen`: whoever calls is shown the number."""
    values = _values(work, case)
    crisis = values["crisis"] = crisis_card(work, case, values["context"], values["kit"], seen)
    if crisis is not None and crisis.questions:  # the card asks them first; what else is open is only told
        values["questions"] = {}
    sent = forms.refused if forms else None
    # Where somebody else came first, the form may be gone from the page, or ask something else now.
    lost = sent is not None and (stale or _action_of(sent.form) not in values["can"])
    values |= {
        "forms": forms or Forms(),
        "stale": stale,
        "now": work.now,
        "negated": said("red_flag.negated_hint"),
        "done": _done(request),
        "talked": talked(request),
        "told": _told(request),
        "pdf": pdf.unavailable() is None,
        "letter": negotiation_files.letter,
        "said": language.message,
        "has": language.has,
        "queue": queue_query.kept(request),
        "undoable": acting.undoable(work, case.desk, values["reviews"]) if values["context"] else None,
        "free": _free(request, work) if values["people"] and work.viewer.may_act_as("counsellor") else None,
        "typed": _typed(request, work, case, sent) if lost and sent else None,
    }
    address = None if status == HTTPStatus.OK and seen is None else f"/cases/{case.case_id}"
    return render.page(request, "case/case.html", values, status, address)


def _typed(request: Request, work: ViewerWork, case: DecidedCase, sent: Sent) -> tuple[TypedField, ...]:
    """What was entered in a form, in words; of the facts, those that are others than what is known."""
    known = inputs(work.pack, sent.all("asked"), case.decision.facts)
    return typed(sent, known, work.pack, language.chosen(request))


def _values(work: ViewerWork, case: DecidedCase) -> dict[str, Any]:
    session, viewer, vault = work.session, work.viewer, work.vault
    people = viewer.submitter is None
    decision = case.decision
    context = None
    if case.is_current and case.desk.decision_id == case.decision_id:
        context = CaseContext(viewer, case.desk, decision, work.now)
    can = () if context is None else possible(context)
    # A form that shows no facts must not ask for all of them: what is left blank is not known.
    shown = "answer" in can and decision.evaluated
    fillable = inputs(work.pack, corrections.asked_of(work.pack), decision.facts) if shown else ()
    reviews = review.timeline(session, case.case_id)
    asks = [each for each in reviews if each.action == "ask"]
    waiting = context is not None and context.case.status == "waiting" and people
    return {
        "case": case,
        "context": context,
        "can": can,
        "bar": [ACTIONS[name] for name in can if ACTIONS[name].on_bar],
        "people": people,
        "time": due(case.desk, work.now),
        "holder": _holder(session, case) if people else None,
        "away": people and teams.is_away(session, viewer.account_id, saying.today(work)),
        "reviews": reviews,
        "events": timeline.events(session, vault, case, reviews if people else None),
        "ticked": timeline.ticked(reviews),
        "failed": failed_evaluation(session, case.case_id) if case.desk.failed_at else None,
        "plain": () if decision.evaluated else plain_facts(session, case.case_id, decision.pack),
        "asked": _asked(asks[0], decision.pack) if asks and waiting else (),
        "why_not": alternatives.alternatives(decision),
        "budget": budget_of(decision.pack, decision.outcome, decision.facts),
        "privacy": card(work, case.case_id),
        "talk": conversation_of(work, case.desk, context, reviews) if people and case.is_current else None,
        "kit": case.course.negotiation_pack(),
        "drawn": case.is_current and any(map(charts.drawn, case.course.outcome.plans)),
        "since": _since(work, case),
        "first_questions": FIRST,
        "first_tasks": MOST,
        "questions": {each.name: each for each in inputs(work.pack, decision.outcome.questions, {})},
        "asking": inputs(
            decision.pack,
            ranked(decision.pack, decision.outcome, decision.facts)
            or missing(decision.pack.vocabulary, decision.facts),
            {},
        ),
        "inputs": fillable,
        "correctable": {each.name: each.fact.title for each in fillable},
        "presets": _presets(decision.pack, decision.as_of),
        "follow_up": default_follow_up(context) if context is not None else None,
    }


def _free(request: Request, work: ViewerWork) -> assignment.Free:
    """The free cases of the queue that one came from."""
    terms = queue_query.kept(request)
    return assignment.free(work, terms.filter(work.viewer, work.now, work.pack.manifest.timezone))


def _done(request: Request) -> str | None:
    """Which form led here."""
    name = request.query_params.get("done")
    return name if name in (*FORMS, "retry", "undo") else None


def _told(request: Request) -> str | None:
    """Why the case was not taken or given back."""
    why = request.query_params.get("told")
    return why if why in (*get_args(Refusal), "undo") else None


def _holder(session: Session, case: DecidedCase) -> str | None:
    """Who has the case."""
    holder = case.desk.assignee_id
    return None if holder is None else timeline.names_of(session, [holder])[holder]


def _asked(ask: Review, pack: Pack) -> tuple[Any, ...]:
    """The questions that the borrower was asked last, in words."""
    known = pack.vocabulary.facts
    return tuple(known[name].question for name in ask.detail.get("questions", ()) if name in known)


def _since(work: ViewerWork, case: DecidedCase) -> decision_diff.DecisionDiff | None:
    """What changed from the decision before the one looked at."""
    earlier = case.before(case.decision_id)
    if earlier is None:
        return None
    try:
        before = decision_on(work.session, case.case_id, earlier, work.vault)
    except UnreadablePackError:
        return None
    return None if before is None else decision_diff.decision_diff(before, case.decision)


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
