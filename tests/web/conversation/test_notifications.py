"""People are told once what happened on their cases, by whom it was not themselves; in the page, by mail, in a chat."""

import datetime as dt
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy

import psycopg
import pyotp
import pytest
from sqlmodel import select

from forbear.accounts import accounts, administration, second_factor, teams
from forbear.accounts.accounts import Viewer
from forbear.base.vault import Vault
from forbear.conversation import notes, tasks
from forbear.desk import assignment
from forbear.desk.review import Act, perform, take_case
from forbear.ledger import ledger
from forbear.webhooks import messages, notifications
from forbear.webhooks.outbox import PAUSES, TRIES
from models.account import Account
from models.operation.notification import KINDS, Notification
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.api import receiver
from tests.support.desk.cases import AS_OF, NOW, accepted, decided, working, working_as
from tests.support.desk.desk_clients import Desk, account, cookie_of, desk, holding
from tests.support.desk.page import read_page

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


class _Sink(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to be handed a mail."""

    def handle(self) -> None:
        sink = self.server
        assert isinstance(sink, SmtpSink)
        self.wfile.write(b"220 sink\r\n")
        while line := self.rfile.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part
                sink.got.append(body)
            if word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"550 no\r\n" if sink.refuse and word == b"RCPT" else b"250 ok\r\n")


class SmtpSink(socketserver.ThreadingTCPServer):
    """A mail server that keeps what it is given, or refuses everybody."""

    allow_reuse_address = True
    refuse = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Sink)
        self.got: list[bytes] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as sink:
        thread = threading.Thread(target=sink.serve_forever)
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()


def told(url: str, who: int) -> list[tuple[str, int | None]]:
    with working(url) as work:
        query = select(Notification).where(Notification.account_id == who).order_by(Notification.id)  # type: ignore[arg-type]
        return [(each.kind, each.case_id) for each in work.session.exec(query)]


def rounds(url: str, vault: Vault, now: dt.datetime, mail: str | None) -> list[str | None]:
    """What the task does once: what came of each message."""
    send = messages.sender(vault, mail, "forbear@example.org")
    with working(url, vault, now) as work:
        waiting = messages.claim(work.session, now)
    came = [send(each) for each in waiting]
    for each, error in zip(waiting, came, strict=True):
        with working(url, vault, now) as work:
            messages.settle(work.session, each, error, now)
    return came


def test_each_is_told_once_of_what_others_did_and_what_time_brought(database_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "U", private={"notes": "不想活"})], vault)
    wang, li, boss = (account(database_url, name) for name in ("wang", "li", "zhang"))
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE account SET role = 'supervisor' WHERE name = 'zhang'")
    viewers = {"wang": Viewer(wang, "wang", "counsellor", None), "boss": Viewer(boss, "zhang", "supervisor", None)}
    with working_as(viewers["boss"], database_url) as work:
        assert assignment.assign(work, [(1, 1), (2, 1)], wang).done == 2
        notes.add(work, 1, "f1", "@wang @li 请看一下")
        perform(work, take_case(work.session, viewers["boss"], 1, None), Act("outcome", {}, reason="lender_accepted"))
    with working_as(viewers["wang"], database_url) as work:
        notes.add(work, 1, "f2", "@wang 给自己")
        tasks.add(work, 1, "f3", "打电话", None, AS_OF + DAY)
        perform(work, take_case(work.session, viewers["wang"], 1, None), Act("outcome", {}, reason="lender_refused"))
        tasks.add(work, 1, "f4", "回访", li, AS_OF + DAY)
        teams.away(work, li, AS_OF + DAY, AS_OF + DAY, AS_OF)
        perform(work, take_case(work.session, viewers["wang"], 1, None), Act("escalate", {"status": "escalated"}))
    for today, now in ((AS_OF, NOW), (AS_OF + DAY, NOW + 300 * HOUR), (AS_OF + DAY, NOW + 301 * HOUR)):
        with working(database_url, vault, now) as work:
            notifications.tell_of_time(work, today)
    assert told(database_url, wang) == [
        ("assigned", 1),
        ("assigned", 2),
        ("mentioned", 1),
        ("answered", 1),
        ("task_due", 1),
    ]
    assert told(database_url, li) == [("mentioned", 1), ("task_due", 1)]
    assert told(database_url, boss) == [("escalated", 1), ("task_left", 1)]
    with working_as(viewers["boss"], database_url) as work:
        perform(work, take_case(work.session, viewers["boss"], 1, None), Act("accept", {"status": "reviewed"}))
    assert told(database_url, wang)[-1] == ("decided", 1)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE desk_case SET respond_by = %s WHERE case_id = 2", [NOW + HOUR])
    for now, expected in ((NOW + HOUR - dt.timedelta(seconds=1), 0), (NOW + HOUR, 1), (NOW + 2 * HOUR, 0)):
        with working(database_url, vault, now) as work:
            assert notifications.tell_of_time(work, AS_OF) == expected
    assert told(database_url, wang)[-1] == told(database_url, boss)[-1] == ("no_contact", 2)


def test_who_an_account_is_of_is_told_of_each_change_to_how_it_is_signed_in_to(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    secret = second_factor.new_secret()
    codes = pyotp.TOTP(secret)
    with working(database_url, vault) as work:
        ledger.start(work.session, vault, NOW)
        li = administration.add(work, "li", "counsellor", None, "a long enough password", handed_over=True)
        administration.add(work, "zhang", "counsellor", None, "a long enough password")
        who = li.id
        recovery = administration.second_factor_on(work, li, secret, codes.at(NOW - dt.timedelta(seconds=30)))
    address(database_url, vault, Viewer(who, "li", "counsellor", None), "mail", "li@example.org")
    with working(database_url, vault) as work:
        li = work.session.get_one(Account, who)
        administration.set_password(work, li, "another long password")
        administration.give_token(work, li, "import", ["cases:read"], 30)
        for code in (codes.at(NOW), codes.at(NOW), recovery[0], "000000"):
            second_factor.accepts(work, li, code)
        administration.second_factor_off(work, li)
        accounts.start(work.session, li, NOW)
    changes = ("second_factor_on", "password_set", "token_created", "code_used_again", "recovery_code_used", "off")
    for expected in (len(changes), 0):
        with working(database_url, vault, NOW + HOUR) as work:
            assert notifications.tell_of_accounts(work) == expected
    assert told(database_url, who) == [("account", None)] * len(changes)
    assert told(database_url, who + 1) == [], "nothing happened to the other one's"
    with smtp_sink() as sink:
        assert rounds(database_url, vault, NOW + HOUR, sink.url) == [None]
        body = message_from_bytes(sink.got[0], policy=policy.default).get_content()
    assert f"{len(changes)} ×" in body and "second factor" in body and "import" not in body
    assert faults(database_url, vault) == []
    with desk(database_url, redis_url, vault, name="wu") as client:
        client.become(cookie_of(database_url, who))
        page = read_page(client.get("/notifications").text)
        assert "恢复码" in page.one("ul.told").text and "我的账号" in page.one("ul.told").text
        opened = client.submit(page.select("ul.told form")[0].attributes["action"])
        assert (opened.status_code, opened.headers["location"]) == (303, "/account")
        assert client.submit("/notifications/999/open").status_code == 404


def address(url: str, vault: Vault, who: Viewer, way: str, where: str) -> None:
    with working_as(who, url, vault) as work:
        notifications.add_address(work, way, where, private=True)


def test_mail_goes_once_says_nothing_of_anybody_and_is_tried_again_until_it_is_given_up(
    database_url: str, vault: Vault
) -> None:
    decided(database_url, [accepted(1, "REF-SECRET", private={"notes": "张三 13800138000"})], vault)
    wang = account(database_url, "wang")
    who = Viewer(wang, "wang", "counsellor", None)
    address(database_url, vault, who, "mail", "wang@example.org")
    with working(database_url) as work:
        for kind in ("assigned", "mentioned"):
            notifications.tell(work, kind, 1, [wang, None], "t")
            notifications.tell(work, kind, 1, [wang], "t")
    with smtp_sink() as sink:
        sink.refuse = True
        assert rounds(database_url, vault, NOW, sink.url) == ["SMTPRecipientsRefused"]
        assert rounds(database_url, vault, NOW, sink.url) == [], "not before its time"
        sink.refuse = False
        later = NOW + dt.timedelta(seconds=PAUSES[0])
        assert rounds(database_url, vault, later - dt.timedelta(seconds=1), sink.url) == []
        assert rounds(database_url, vault, later, sink.url) == [None]
        assert rounds(database_url, vault, later + DAY, sink.url) == []
        (mail,) = sink.got
    read = message_from_bytes(mail, policy=policy.default)
    body = read.get_content()
    assert read["To"] == "wang@example.org" and "分派" in body and "assigned to you" in body and "1 ×" in body
    for private in ("REF-SECRET", "张三", "13800138000", "wang"):
        assert private not in body + read["Subject"]
    with working(database_url) as work:
        notifications.tell(work, "aged", 1, [wang], "t")
    now = NOW + 2 * DAY
    for _ in range(TRIES):
        assert rounds(database_url, vault, now, None) == ["no_mail"]
        now += dt.timedelta(days=1)
    assert rounds(database_url, vault, now, None) == [], "given up"
    assert told(database_url, wang)[-1] == ("aged", 1), "in the page it stands all the same"
    assert faults(database_url) == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Apprise's own imports
def test_a_chat_is_told_by_apprise(database_url: str, vault: Vault) -> None:
    pytest.importorskip("apprise", reason="the extra `chat` is not installed here")
    decided(database_url, [accepted(1, "A")], vault)
    wang = account(database_url, "wang")
    with receiver() as chat:
        where = chat.address.replace("http://", "json://")
        address(database_url, vault, Viewer(wang, "wang", "counsellor", None), "apprise", where)
        for now, status, came in ((NOW, 503, "refused"), (NOW + DAY, 200, None)):
            chat.status = status
            with working(database_url) as work:
                notifications.tell(work, "assigned", 1, [wang], f"t{status}")
            assert rounds(database_url, vault, now, None) == [came]
        assert "2 ×" in chat.bodies()[-1]["message"]


def test_every_kind_has_its_sentence_in_both_languages() -> None:
    title, body = messages.worded(KINDS)
    assert "Forbear" in title and len(body.splitlines()) == len(KINDS) + 3


def opened(client: Desk) -> list[str]:
    return read_page(client.get("/notifications").raise_for_status().text).texts(".told .new b")


def test_the_bell_and_the_page(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], vault)
    with desk(database_url, redis_url, vault) as wang:
        me = 1
        with working(database_url) as work:
            for case in (1, 2):
                notifications.tell(work, "assigned", case, [me], f"t{case}")
        assert read_page(wang.get("/").text).texts(".bell .count") == ["2"]
        assert opened(wang) == ["B", "A"]
        assert wang.submit("/notifications/1/open").headers["location"] == "/cases/1"
        assert opened(wang) == ["B"]
        assert wang.submit("/notifications/1/unread").status_code == 303
        assert opened(wang) == ["B", "A"]
        assert wang.submit("/notifications/read").status_code == 303
        assert opened(wang) == []
        assert read_page(wang.get("/").text).texts(".bell .count") == []
        for wrong in (
            {"way": "mail", "address": "nobody"},
            {"way": "apprise", "address": "json://10.0.0.1"},
            {"way": "x"},
        ):
            assert wang.submit("/notifications/addresses", wrong).status_code == 422
        key = "wecombot://BOTKEYBOTKEYBOTKEYBOTKEY"
        assert wang.submit("/notifications/addresses", {"way": "apprise", "address": key}).status_code == 303
        for number in range(4):
            form = {"way": "mail", "address": f"w{number}@example.org"}
            assert wang.submit("/notifications/addresses", form).status_code == 303
        assert wang.submit("/notifications/addresses", {"way": "mail", "address": "w@example.org"}).status_code == 422
        page = wang.get("/notifications").text
        assert "wecombot://…" in page and "BOTKEY" not in page and "w3@example.org" in page
        li = account(database_url, "li")
        with holding(str(wang.base_url), cookie_of(database_url, li)) as other:
            assert other.submit("/notifications/1/open").status_code == 404
            assert other.submit("/notifications/addresses/1/remove").status_code == 303
        assert "wecombot" in wang.get("/notifications").text.split('<form class="fields"')[0]
        assert wang.submit("/notifications/addresses/1/remove").status_code == 303
        assert "wecombot://…" not in wang.get("/notifications").text
    assert faults(database_url) == []
