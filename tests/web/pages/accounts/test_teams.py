"""The teams page: who may come, what cannot be is said, everything is in the ledger, the queue narrows to a team."""

import datetime as dt

import psycopg
import pytest
from sqlmodel import select

from forbear.accounts import teams
from forbear.accounts.accounts import UnfitError
from forbear.accounts.teams import TeamTerms
from forbear.base.vault import Vault
from forbear.desk import dealing
from models.account import Account
from models.desk import WorklistItem
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import AS_OF, accepted, decided, working
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk, holding
from tests.support.desk.page import read_page
from web.language import message

DAY = dt.timedelta(days=1)


def test_supervisors_keep_teams_and_absences_and_the_queue_narrows_to_a_team(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B", product="jiebei")], vault)
    wang = account(database_url, "wang")
    with desk(database_url, redis_url, vault, "supervisor", name="li") as boss:
        bare = read_page(boss.get("/teams").raise_for_status().text)
        assert "wang" in bare.texts(".choice span")
        form = {
            "name": "Cards",
            "skill": ["credit_card"],
            "cities": "北京， 上海、",
            "load_limit": "5",
            "member": [str(wang)],
        }
        wrong = {"load_limit": "0", "name": " ", "cities": "x" * 65, "skill": ["nothing"], "member": ["999"]}
        for field, value in wrong.items():
            answer = boss.submit("/teams", {**form, field: value})
            assert answer.status_code == 422, field
            assert read_page(answer.text).texts(".fault"), field
        assert boss.submit("/teams", {**form, "automatic": "true"}).status_code == 303
        assert boss.submit("/teams", form).status_code == 422, "the name is taken"
        with psycopg.connect(database_url) as connection:
            kept = connection.execute("SELECT id, name, skills, cities, load_limit, automatic FROM team").fetchall()
        ((team_id, *rest),) = kept
        assert rest == ["Cards", ["credit_card"], ["北京", "上海"], 5, True]
        assert boss.submit("/teams", {**form, "team": str(team_id), "name": "Cards 2", "cities": ""}).status_code == 303
        assert "Cards 2" in boss.get("/teams").text
        assert boss.submit("/teams", {**form, "team": "999"}).status_code == 404

        with holding(str(boss.base_url), cookie_of(database_url, wang)) as mine:
            assert mine.get("/teams").status_code == 403
            page = read_page(mine.get("/?team=mine").raise_for_status().text)
        assert page.texts("table.queue th a[translate=no]") == ["A"]
        assert message("zh", "queue.team.mine") in page.text
        assert read_page(boss.get(f"/?team={team_id}").text).texts("table.queue th a[translate=no]") == ["A"]
        assert read_page(boss.get("/?team=mine").text).texts("table.queue th a[translate=no]") == []

        days = {"who": str(wang), "first": str(AS_OF), "last": str(AS_OF)}
        for change in ({"last": str(AS_OF - DAY)}, {"first": "soon"}, {"last": str(AS_OF + 400 * DAY)}):
            assert boss.submit("/teams/absences", {**days, **change}).status_code == 422
        assert boss.submit("/teams/absences", days).status_code == 303
        assert message("zh", "teams.away.now") in boss.get("/teams").text
        assert boss.submit("/teams/absences/1/cancel").status_code == 303
        assert message("zh", "teams.away.nobody") in boss.get("/teams").text
        assert boss.submit(f"/teams/{team_id}/close").status_code == 303
        assert boss.submit(f"/teams/{team_id}/close").status_code == 404
        boss.get("/teams")  # says so once
        assert "Cards" not in boss.get("/teams").text
        told = read_page(boss.get("/ledger?kind=team").raise_for_status().text)
        assert len(told.select("tbody tr")) == 3

        _given_by_hand_and_automatically(boss, database_url, wang)
        with holding(str(boss.base_url), cookie_of(database_url, wang)) as mine:
            for address in ("/", "/cases/1"):
                assert message("zh", "teams.away.you") in mine.get(address).text
        page = read_page(boss.get("/cases/1").raise_for_status().text)
        assert message("zh", "teams.away.you") not in page.text
        happened = {each.select("p")[1].text for each in page.select(".timeline li")}
        assert happened > {"领取", "放回队列", "自动分派给 li", "不在岗或已停用，案件放回待领取： wang", "分派给 wang"}
    assert faults(database_url) == []


def _given_by_hand_and_automatically(boss: Desk, url: str, wang: int) -> None:
    """The supervisor gives the first case to somebody, who is away; it is taken back, and assigned to her."""
    boss.submit("/queue/assign", {"assignee": str(wang), "case": ["1:1"]})
    with working(url) as work:
        teams.away(work, wang, AS_OF, AS_OF, AS_OF)
        work.session.get_one(WorklistItem, 1).decided_urgency = "U1"
        work.session.flush()
        work.touch([1])
        assert dealing.put_back(work, AS_OF, "Asia/Shanghai") == 1
    with working(url) as work:
        li = work.session.exec(select(Account.id).where(Account.name == "li")).one()
        teams.save(work, None, TeamTerms("all", automatic=True, members=[li]), set())
        assert dealing.deal(work, AS_OF) == 2
    boss.submit("/cases/1/release", {"revision": "4"})
    boss.submit("/cases/1/take", {"revision": "5"})


@pytest.mark.parametrize(
    ("first", "last", "fits"), [(0, 0, True), (366, 366, True), (367, 367, False), (0, 367, False)]
)
def test_an_absence_is_within_a_year(shared_database_url: str, first: int, last: int, fits: bool) -> None:
    with working(shared_database_url) as work:
        who = account(shared_database_url, f"p{first}.{last}")
        try:
            teams.away(work, who, AS_OF + first * DAY, AS_OF + last * DAY, AS_OF)
        except UnfitError as error:
            assert not fits and error.reason == "far"
        else:
            assert fits
