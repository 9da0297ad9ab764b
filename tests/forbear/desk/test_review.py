"""What people do on cases is appended, chained and refused when stale."""

import datetime as dt

import psycopg
import pytest

from forbear.accounts.accounts import Role, Viewer
from forbear.base.vault import Vault
from forbear.desk.review import Act, NoCaseError, StaleError, done_already, may_act, perform, take_case, timeline
from models.database.session import session
from models.desk import WorklistItem
from tests.support.desk.cases import NOW, accepted, decided, engine_of, working_as
from tests.support.desk.desk_clients import account

LATER = NOW + dt.timedelta(hours=1)


def viewer(url: str, submitter: str | None = None, name: str = "wang") -> Viewer:
    return Viewer(account(url, name), name, "counsellor", submitter)


def act(url: str, vault: Vault, who: Viewer, case_id: int, done: Act, now: dt.datetime = NOW) -> None:
    with working_as(who, url, vault, now) as work:
        perform(work, take_case(work.session, who, case_id, None), done)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_an_action_is_kept_chained_and_moves_the_case_on(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    who = viewer(database_url)
    with working_as(who, database_url, vault) as work:
        case = take_case(work.session, who, 1, 1)
        perform(work, case, Act("accept", {"status": "reviewed"}, strategy="card_plan"))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT status, revision FROM desk_case").fetchall() == [("reviewed", 2)]
        assert connection.execute("SELECT kind FROM ledger ORDER BY seq").fetchall() == [
            ("batch",),
            ("publication",),
            ("decisions",),
            ("review",),
        ]


def test_a_stale_form_is_refused(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    who = viewer(database_url)
    with engine_of(database_url) as engine, session(engine) as opened:
        with pytest.raises(StaleError, match="newer state"):
            take_case(opened, who, 1, 2)


def test_a_case_of_another_submitter_is_no_case(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    with engine_of(database_url) as engine, session(engine) as opened:
        with pytest.raises(NoCaseError):
            take_case(opened, viewer(database_url, "them"), 1, 1)


@pytest.fixture
def url(database_url: str, vault: Vault) -> str:
    """Two decided cases, 1 and 2."""
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault)
    return database_url


def test_an_action_changes_its_own_case_and_is_kept_as_it_was_done(url: str, vault: Vault) -> None:
    who = viewer(url)
    done = Act(
        "override", {"status": "reviewed"}, strategy="card_plan", reason="facts", detail={"form": "f1"}, words="谈好了"
    )
    act(url, vault, who, 2, done)
    act(url, vault, who, 1, Act("accept", {"status": "reviewed", "assignee_id": who.account_id}), LATER)
    found = rows(url, "SELECT case_id, status, revision, assignee_id FROM desk_case ORDER BY case_id")
    assert found == [(1, "reviewed", 2, who.account_id), (2, "reviewed", 2, None)]
    with engine_of(url) as engine, session(engine) as opened:
        (first,), (second,) = timeline(opened, 2), timeline(opened, 1)
        assert (first.action, first.strategy, first.reason, first.detail) == (
            *("override", "card_plan", "facts"),
            {"form": "f1", "answered": "kept"},
        )
        assert (first.account_id, first.at, first.case_id) == (who.account_id, NOW, 2)
        assert first.words is not None and vault.open(first.words, f"review.words:{first.id}") == "谈好了"
        assert (second.action, second.strategy, second.reason, second.detail, second.words) == (
            *("accept", None, None),
            *({"answered": "kept"}, None),
        )
        assert {first.decision_id, second.decision_id} == {1, 2}
        assert first.decision_id == opened.get_one(WorklistItem, 2).decision_id


def test_looking_is_kept_and_leaves_the_forms_of_others_good(url: str, vault: Vault) -> None:
    act(url, vault, viewer(url), 1, Act("reveal", {}, quiet=True))
    assert rows(url, "SELECT revision FROM desk_case ORDER BY case_id") == [(1,), (1,)]
    assert rows(url, "SELECT kind, detail ->> 'action', detail -> 'case' FROM ledger WHERE kind = 'review'") == [
        ("review", "reveal", 1)
    ]


def test_every_action_is_chained_by_who_did_it(url: str, vault: Vault) -> None:
    wang, li = viewer(url), viewer(url, name="li")
    for who, case_id in ((wang, 1), (li, 2)):
        act(url, vault, who, case_id, Act("accept", {"status": "reviewed"}))
    chained = rows(url, "SELECT actor, subject FROM ledger WHERE kind = 'review' ORDER BY seq")
    assert chained == [(wang.actor, "review:1"), (li.actor, "review:2")]


@pytest.mark.parametrize(("hour", "day"), [(15, "2026-11-23"), (16, "2026-11-24")])
def test_an_action_counts_for_the_day_where_the_pack_is_at_home(url: str, vault: Vault, hour: int, day: str) -> None:
    who = viewer(url)
    tally = {("overridden", "card-plan", "facts"): 2}
    act(url, vault, who, 1, Act("override", {}, tally=tally), dt.datetime(2026, 11, 23, hour, tzinfo=dt.UTC))
    found = rows(
        url,
        "SELECT day::text, submitter, measure, subject, detail, count FROM daily_tally "
        "WHERE measure IN ('reviewed', 'overridden') ORDER BY measure",
    )
    assert found == [
        (day, "us", "overridden", "card-plan", "facts", 2),
        (day, "us", "reviewed", str(who.account_id), "override", 1),
    ]


def test_the_newest_action_of_a_case_comes_first_and_anothers_not_at_all(url: str, vault: Vault) -> None:
    who = viewer(url)
    for number, case_id in enumerate((1, 2, 1, 1)):
        act(url, vault, who, case_id, Act("ask", {}, detail={"n": number}), NOW)
    with engine_of(url) as engine, session(engine) as opened:
        assert [review.detail["n"] for review in timeline(opened, 1)] == [3, 2, 0]
        assert [review.detail["n"] for review in timeline(opened, 2)] == [1]


def test_a_form_is_done_already_only_for_its_account_and_its_case(url: str, vault: Vault) -> None:
    wang, li = viewer(url), viewer(url, name="li")
    act(url, vault, wang, 1, Act("ask", {}, detail={"form": "f1"}))
    with engine_of(url) as engine, session(engine) as opened:
        assert done_already(opened, wang, 1, "f1")
        assert not done_already(opened, wang, 1, "f2")
        assert not done_already(opened, wang, 2, "f1")
        assert not done_already(opened, li, 1, "f1")


def test_a_case_is_taken_at_its_revision_or_at_any_and_by_its_submitter(url: str, vault: Vault) -> None:
    act(url, vault, viewer(url), 2, Act("ask", {}))
    with engine_of(url) as engine, session(engine) as opened:
        who = viewer(url, "us", name="li")
        assert [take_case(opened, who, case_id, revision).case_id for case_id, revision in ((1, 1), (2, 2))] == [1, 2]
        assert take_case(opened, who, 2, None).revision == 2
        for revision in (1, 3):
            with pytest.raises(StaleError):
                take_case(opened, who, 2, revision)
        with pytest.raises(NoCaseError, match="There is no case 3"):
            take_case(opened, who, 3, None)


def test_a_case_is_taken_as_it_is_now_whatever_was_read_of_it_before(url: str) -> None:
    who = viewer(url)
    with engine_of(url) as engine, session(engine) as opened:
        read = opened.get_one(WorklistItem, 1)
        assert read.revision == 1
        with psycopg.connect(url) as other:
            other.execute("UPDATE desk_case SET revision = 7, status = 'waiting' WHERE case_id = 1")
        with pytest.raises(StaleError):
            take_case(opened, who, 1, 1)
        assert take_case(opened, who, 1, 7) is read
        assert read.status == "waiting"


def test_who_has_a_case_is_told_what_others_gave_or_answered_and_nothing_else(url: str, vault: Vault) -> None:
    wang, boss = viewer(url), viewer(url, name="li")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE desk_case SET assignee_id = %s WHERE case_id = 1", [wang.account_id])
    told = "SELECT kind, case_id, account_id FROM notification ORDER BY id"
    for who, action, kinds in (
        (boss, "ask", []),
        (wang, "outcome", []),
        (boss, "answer", ["answered"]),
        (boss, "assign", ["answered", "assigned"]),
    ):
        act(url, vault, who, 1, Act(action, {}))
        assert rows(url, told) == [(kind, 1, wang.account_id) for kind in kinds], action


def test_an_answer_is_counted_once_by_whether_it_came_in_time(url: str, vault: Vault) -> None:
    """It came when the case waits for nobody any more, or when somebody in danger was called."""
    who = viewer(url)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE desk_case SET respond_by = %s", [NOW])
    done: list[tuple[int, Act, dt.timedelta, str | None]] = [
        (1, Act("reveal", {}, quiet=True), dt.timedelta(0), None),
        (1, Act("accept", {"status": "reviewed"}), dt.timedelta(0), "kept"),
        (1, Act("accept", {"status": "reviewed"}), dt.timedelta(0), None),
        (2, Act("contact", {"contacted_at": NOW}), dt.timedelta(microseconds=1), "late"),
        (2, Act("contact", {"contacted_at": LATER}), dt.timedelta(hours=1), None),
    ]
    counted: list[str] = []
    for case_id, step, after, expected in done:
        act(url, vault, who, case_id, step, NOW + after)
        counted += [expected] if expected else []
        found = rows(url, "SELECT subject FROM daily_tally WHERE measure = 'response' ORDER BY subject")
        assert [subject for (subject,) in found] == sorted(counted), step


def test_a_taken_case_waits_for_whoever_took_it_first(url: str, vault: Vault) -> None:
    who = viewer(url)
    with engine_of(url) as engine, session(engine) as opened:
        take_case(opened, who, 1, None)
        with psycopg.connect(url) as other:
            free = other.execute("SELECT case_id FROM desk_case FOR UPDATE SKIP LOCKED").fetchall()
        assert free == [(2,)]


@pytest.mark.parametrize(
    ("role", "assignee", "may"),
    [
        ("counsellor", None, True),
        ("counsellor", 1, True),
        ("counsellor", 2, False),
        ("supervisor", 2, True),
        ("submitter", None, False),
        ("submitter", 1, False),
    ],
)
def test_a_counsellor_acts_on_free_and_own_cases_a_supervisor_on_all(
    role: Role, assignee: int | None, may: bool
) -> None:
    case = WorklistItem(case_id=1, assignee_id=assignee)  # type: ignore[call-arg] # all it takes
    assert may_act(Viewer(1, "wang", role, None), case) is may
