"""Terms: what the address says of a filter comes out again as it went in, and means what people mean by it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from forbear.accounts.accounts import Viewer
from models.desk import STATUSES, TO_DO
from web.views.queue_query import QueueQuery

ZONE = "Asia/Shanghai"
TUESDAY = dt.datetime(2026, 11, 24, 15, 59, tzinfo=dt.UTC)  # one minute to midnight in Shanghai
ME = Viewer(7, "wang", "counsellor", None)
words = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=64).filter(
    lambda word: word.strip() == word
)
terms = st.builds(
    QueueQuery,
    ref=st.none() | words,
    urgency=st.sampled_from([None, "U0", "U5"]),
    status=st.sampled_from([None, "todo", *STATUSES]),
    strategy=st.none() | words,
    due=st.sampled_from([None, "overdue", "today", "week"]),
    assignee=st.sampled_from([None, "me", "nobody", "12"]),
    product=st.none() | words,
    bucket=st.none() | words,
    age=st.none() | st.integers(1, 36_500),
    batch=st.none() | st.uuids(),
    uncertain=st.sampled_from([None, True]),
    disagree=st.sampled_from([None, True]),
    changed=st.sampled_from([None, True]),
)


@given(terms)
def test_the_address_says_the_same_again(chosen: QueueQuery) -> None:
    assert QueueQuery.parse(chosen.query()) == chosen


@given(terms, st.sampled_from(sorted(QueueQuery.model_fields)))
def test_a_link_takes_one_term_away_and_leaves_the_others(chosen: QueueQuery, name: str) -> None:
    left = QueueQuery.parse(chosen.link(**{name: None}).removeprefix("/").removeprefix("?"))
    assert left.given == {key: value for key, value in chosen.given.items() if key != name}


def test_blanks_of_a_form_leave_open_and_what_is_no_term_is_ignored() -> None:
    assert QueueQuery.parse("urgency=&ref=+&assignee=&uncertain=&lang=en&after=U0_1_1") == QueueQuery()
    assert QueueQuery().link() == "/"


@pytest.mark.parametrize(
    "query",
    [
        "urgency=U9",
        "status=gone",
        "ref=" + "x" * 65,
        "ref=%00",
        "assignee=wang",
        "assignee=0",
        "age=0",
        "age=36501",
        "age=x",
        "batch=1",
        "due=never",
        "uncertain=maybe",
    ],
)
def test_terms_that_make_no_sense_are_refused(query: str) -> None:
    with pytest.raises(ValidationError):
        QueueQuery.parse(query)


def test_a_search_looks_at_every_status_and_the_list_at_what_waits() -> None:
    assert QueueQuery().filter(ME, TUESDAY, ZONE).statuses == TO_DO
    assert QueueQuery(ref="A").filter(ME, TUESDAY, ZONE).statuses == STATUSES
    assert QueueQuery(ref="A", status="todo").filter(ME, TUESDAY, ZONE).statuses == TO_DO
    assert QueueQuery(status="closed").filter(ME, TUESDAY, ZONE).statuses == ("closed",)


def test_me_is_who_looks_and_a_submitter_sees_their_own() -> None:
    assert QueueQuery(assignee="me").filter(ME, TUESDAY, ZONE).assignee == 7
    assert QueueQuery(assignee="nobody").filter(ME, TUESDAY, ZONE).assignee == "nobody"
    assert QueueQuery(assignee="12").filter(ME, TUESDAY, ZONE).assignee == 12
    assert QueueQuery().filter(Viewer(8, "bank", "submitter", "bank"), TUESDAY, ZONE).submitter == "bank"


@pytest.mark.parametrize(
    ("due", "minutes", "end"),
    [
        ("overdue", 0, dt.datetime(2026, 11, 24, 15, 59, tzinfo=dt.UTC)),
        ("today", 0, dt.datetime(2026, 11, 24, 16, 0, tzinfo=dt.UTC)),
        ("today", 1, dt.datetime(2026, 11, 25, 16, 0, tzinfo=dt.UTC)),
        ("week", 0, dt.datetime(2026, 11, 29, 16, 0, tzinfo=dt.UTC)),
        ("week", 5 * 24 * 60, dt.datetime(2026, 11, 29, 16, 0, tzinfo=dt.UTC)),  # Sunday, a minute to midnight
        ("week", 5 * 24 * 60 + 1, dt.datetime(2026, 12, 6, 16, 0, tzinfo=dt.UTC)),
    ],
)
def test_days_and_weeks_end_at_midnight_where_the_people_are(due: str, minutes: int, end: dt.datetime) -> None:
    now = TUESDAY + dt.timedelta(minutes=minutes)
    assert QueueQuery.parse(f"due={due}").filter(ME, now, ZONE).due_before == end


def test_an_age_is_counted_back_from_now() -> None:
    assert QueueQuery(age=3).filter(ME, TUESDAY, ZONE).received_before == TUESDAY - dt.timedelta(days=3)
