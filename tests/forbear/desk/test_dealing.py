"""Dealing: no case to two, never above the limit, nobody who is away, crises first; once under two schedulers."""

import datetime as dt
from collections import Counter
from dataclasses import replace
from zoneinfo import ZoneInfo

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from forbear.accounts import teams
from forbear.accounts.accounts import Viewer
from forbear.accounts.teams import TeamTerms
from forbear.base.vault import Vault
from forbear.desk import assignment, dealing
from forbear.desk.dealing import FreeCase, TeamCounsellor
from forbear.desk.filters import QueueFilter, conditions
from forbear.desk.queue import places
from models.account import Team
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import AS_OF, accepted, decided, working, working_as
from tests.support.desk.desk_clients import account
from tests.support.desk.threads import at_once

DAY = dt.timedelta(days=1)
ZONE = "Asia/Shanghai"
SKILLS = ("a", "b", "card")
CITIES = ("Bei", "Beijing", "Wuhan")
some = st.lists(st.sampled_from(SKILLS), max_size=2)
where = st.lists(st.sampled_from(CITIES), max_size=2)
free_cases = st.lists(
    st.builds(
        FreeCase,
        case_id=st.integers(1, 10**6),
        calm=st.booleans(),
        strategy=st.sampled_from(SKILLS[:2]),
        product=st.sampled_from((None, "card")),
        city=st.sampled_from((None, "", *CITIES)),
        given_back=st.sampled_from((None, 1, 2)),
    ),
    unique_by=lambda case: case.case_id,
    max_size=12,
).map(lambda cases: sorted(cases, key=lambda case: case.calm))
counsellors = st.lists(
    st.builds(
        TeamCounsellor, st.integers(1, 5), st.just(1), some, where, room=st.integers(0, 3), load=st.integers(0, 9)
    ),
    unique_by=lambda one: one.account_id,
    max_size=5,
)


@given(cases=free_cases, there=counsellors)
def test_whoever_is_given_a_case_has_room_suits_it_and_has_least_and_crises_come_first(
    cases: list[FreeCase], there: list[TeamCounsellor]
) -> None:
    before = {one.account_id: replace(one) for one in there}
    given_ = dealing.dealt(cases, there)
    assert len({case.case_id for case, _ in given_}) == len(given_)
    came = Counter(one.account_id for _, one in given_)
    for number, one in before.items():
        assert came[number] <= one.room
    load = {number: one.load for number, one in before.items()}
    taken: Counter[int] = Counter()
    for case in cases:  # in their order, by what was known at each
        who = next((one.account_id for each, one in given_ if each is case), None)
        able = {n for n, one in before.items() if taken[n] < one.room and n != case.given_back}
        suited = {n for n in able if before[n].suits(case)} or (able if not case.calm else set())
        assert (who is None) == (not suited)
        if who is not None:
            assert who in suited and load[who] == min(load[n] for n in suited)
            taken[who] += 1
            load[who] += 1


def team(url: str, name: str, people: list[int], **terms: object) -> int:
    with working(url) as work:
        given_ = TeamTerms(**{"name": name, "automatic": True, "members": people, **terms})  # type: ignore[arg-type]
        return teams.save(work, None, given_, {"review", "credit_card", "jiebei"}).id


def deal(url: str, today: dt.date = AS_OF) -> int:
    with working(url) as work:
        return dealing.deal(work, today)


def held(url: str) -> dict[str, int | None]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute("SELECT case_ref, assignee_id FROM desk_case ORDER BY case_id").fetchall())


def test_two_schedulers_give_each_case_once_up_to_the_limit_crises_first(database_url: str, vault: Vault) -> None:
    cases = [accepted(n, f"C{n}") for n in range(1, 9)] + [accepted(9, "U", private={"notes": "不想活"})]
    decided(database_url, cases, vault)
    wang, li, gone = (account(database_url, name) for name in ("wang", "li", "gone"))
    team(database_url, "all", [wang, li, gone], load_limit=3)
    with working(database_url) as work:
        teams.away(work, gone, AS_OF, AS_OF, AS_OF)
    with working_as(Viewer(li, "li", "counsellor", None), database_url) as mine:
        assert assignment.assign(mine, [(1, 1)], li).done == 1
    came: list[int] = []
    at_once([lambda: came.append(deal(database_url)), lambda: came.append(deal(database_url))])
    assert sum(came) + deal(database_url) == 5
    now = held(database_url)
    assert Counter(now.values()) == {wang: 3, li: 3, None: 3}
    assert now["U"] == wang, "the crisis first, to who had least"
    assert [ref for ref, who in now.items() if who is None] == ["C6", "C7", "C8"], "the last in the queue wait"
    assert deal(database_url) == 0
    with psycopg.connect(database_url) as connection:
        told = connection.execute("SELECT subject, detail->'account' FROM ledger WHERE kind = 'dealt'").fetchall()
    assert len(told) == len({subject for subject, _ in told}) == 5
    assert faults(database_url) == []
    assert deal(database_url, AS_OF + DAY) == 3, "who is back has room"


def test_skills_cities_and_who_gave_it_back_are_heeded_and_urgent_cases_come_back_from_who_is_away(
    database_url: str, vault: Vault
) -> None:
    decided(
        database_url,
        [
            accepted(1, "card"),
            accepted(2, "loan", product="jiebei"),
            accepted(3, "crisis", product="jiebei", private={"notes": "不想活"}),
        ],
        vault,
    )
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET city = 'Wuhan East' WHERE case_ref = 'card'")
    wang, li = account(database_url, "wang"), account(database_url, "li")
    cards = team(database_url, "cards", [wang], skills=["credit_card"], cities=["Beijing"])
    assert deal(database_url) == 1
    assert held(database_url) == {"card": None, "loan": None, "crisis": wang}, "a crisis waits for no skill"
    with working(database_url) as work:
        kept = work.session.get_one(Team, cards)
        there = TeamTerms("cards", ["credit_card"], ["Wuhan"], 9, automatic=True, members=[wang])
        teams.save(work, kept, there, {"credit_card"})
    with working_as(Viewer(wang, "wang", "counsellor", None), database_url) as mine:
        wanted = conditions(mine.session, QueueFilter(team_of=wang))
        seen = mine.session.connection().execute(places(wanted, 9)).all()
        assert {row.case_id for row in seen} == {1, 3}
        assert not mine.session.connection().execute(places(conditions(mine.session, QueueFilter(team_of=li)), 9)).all()
    assert deal(database_url) == 1
    assert held(database_url)["card"] == wang
    with working_as(Viewer(wang, "wang", "counsellor", None), database_url) as mine:
        assert assignment.assign(mine, [(1, 2)], None).done == 1
    assert deal(database_url) == 0, "not again to who gave it back"
    with working(database_url) as work:
        teams.away(work, wang, AS_OF + DAY, AS_OF + 2 * DAY, AS_OF)
        assert dealing.put_back(work, AS_OF, ZONE) == 0, "not before the first day"
        assert dealing.put_back(work, AS_OF + DAY, ZONE) == 1
    assert held(database_url) == {"card": None, "loan": None, "crisis": None}
    assert faults(database_url) == []


def test_what_cannot_wait_is_taken_from_who_is_away_and_all_from_who_is_gone_and_supervisors_hear_of_it(
    database_url: str, vault: Vault
) -> None:
    """Of two who are away, one for a day and one for a week, each keeps what is not due before they are back."""
    names = ("crisis", "U1", "escalated", "due", "not due", "waiting", "later", "gone's")
    decided(database_url, [accepted(n, name) for n, name in enumerate(names, 1)], vault)
    wang, li, gone, boss, deputy = (account(database_url, name) for name in ("wang", "li", "gone", "boss", "deputy"))
    midnight = dt.datetime.combine(AS_OF + DAY, dt.time(), ZoneInfo(ZONE))  # the first moment that wang is back
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE account SET role = 'supervisor' WHERE name IN ('boss', 'deputy')")
        connection.execute("UPDATE account SET disabled_at = now() WHERE name = 'gone'")
        change = (
            "UPDATE desk_case SET assignee_id = %s, decided_urgency = %s, status = %s, due_at = %s, "
            "danger = CASE WHEN %s THEN 'explicit' END WHERE case_ref = %s"
        )
        late, then = midnight - dt.timedelta(seconds=1), midnight
        for values in (
            (wang, "U3", "open", then, True, "crisis"),
            (wang, "U1", "open", then, False, "U1"),
            (wang, "U3", "escalated", then, False, "escalated"),
            (wang, "U3", "open", late, False, "due"),
            (wang, "U3", "open", then, False, "not due"),
            (wang, "U1", "waiting", late, False, "waiting"),
            (li, "U3", "open", then, False, "later"),
            (gone, "U5", "open", then + 99 * DAY, False, "gone's"),
        ):
            connection.execute(change, values)
    with working(database_url) as work:
        for who, last in ((wang, AS_OF), (li, AS_OF + 7 * DAY), (deputy, AS_OF)):
            teams.away(work, who, AS_OF, last, AS_OF)
        work.touch(range(1, 9))  # what was changed here in SQL
        assert dealing.put_back(work, AS_OF, ZONE) == 6
        assert dealing.put_back(work, AS_OF, ZONE) == 0
    kept = {ref for ref, who in held(database_url).items() if who is not None}
    assert kept == {"not due", "waiting"}, "and what waits comes back to the queue first"
    with psycopg.connect(database_url) as connection:
        told = connection.execute("SELECT account_id, case_id FROM notification WHERE kind = 'put_back'").fetchall()
    assert sorted(told) == [(boss, 1), (boss, 2), (boss, 3)], "who is away hears nothing of it"
    assert faults(database_url) == []
