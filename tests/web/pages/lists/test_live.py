"""Pieces that open pages ask for: what came to the queue, by an ETag as long as nothing happened, and who looks."""

import datetime as dt

from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.conversation import presence
from tests.support.desk.cases import NOW, accepted, decided, working, working_as
from tests.support.desk.desk_clients import account, cookie_of, desk, holding
from tests.support.desk.page import read_page
from web.language import message

SECOND = dt.timedelta(seconds=1)


def test_the_queue_tells_what_came_to_its_filter_and_a_case_who_looks(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    decided(database_url, [accepted(1, "A")], vault)
    with desk(database_url, redis_url, vault) as wang:
        (address,) = read_page(wang.get("/?urgency=U4").text).values("[data-live]", "data-live")
        first = wang.get(address)
        assert read_page(first.text).texts(".banner") == []
        tag = first.headers["ETag"]
        assert wang.get(address, headers={"If-None-Match": tag}).status_code == 304
        decided(database_url, [accepted(2, "B"), accepted(3, "U", private={"notes": "不想活"})], vault)
        again = wang.get(address, headers={"If-None-Match": tag})
        assert again.status_code == 200
        assert message("zh", "live.came", n=1) in read_page(again.text).text, "the crisis is of another urgency"
        everything = read_page(wang.get(address.replace("urgency=U4&", "")).text).text
        assert message("zh", "live.came", n=2) in everything and message("zh", "live.crises", n=1) in everything

        assert wang.submit("/cases/99/presence").status_code == 404
        assert wang.submit("/cases/1/presence").text.strip().count("<span") == 0
        assert wang.submit("/cases/1/take", {"revision": "1"}).status_code == 303
        li = account(database_url, "li")
        with holding(str(wang.base_url), cookie_of(database_url, li)) as other:
            seen = read_page(other.submit("/cases/1/presence").text).text
            assert "wang" in seen and message("zh", "live.holds") in seen
        assert message("zh", "live.looks") in wang.submit("/cases/1/presence").text
        with desk(database_url, redis_url, vault, "submitter", "us", "bank") as bank:
            assert bank.submit("/cases/1/presence").status_code == 403
            assert bank.get(address).status_code == 200
    who = Viewer(li, "li", "counsellor", None)
    for now, names in ((NOW + presence.GONE - SECOND, ["wang"]), (NOW + presence.GONE, [])):
        with working_as(who, database_url, vault, now) as work:
            assert [name for name, _ in presence.look(work, 1)] == names
    with working(database_url, vault) as work:
        presence.forget(work.session, NOW + 3 * presence.GONE)
