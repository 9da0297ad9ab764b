"""The account pages: what a person may do with their own account, and an administrator with all."""

import re
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from sqlmodel import Session, col, select

from forbear.accounts import accounts, administration, passwords
from forbear.base.vault import Vault
from models.account import Account, Token
from models.database.session import session
from models.ledger import LedgerRow
from tests.support.desk.cases import NOW, engine_of, working
from tests.support.desk.desk_clients import Desk, account, cookie_of, holding, served
from tests.support.desk.page import Element, read_page
from tests.support.desk.serving import client_of
from web import auth

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
NEW = "another horse entirely"


@pytest.fixture
def address(database_url: str, redis_url: str, vault: Vault) -> Iterator[str]:
    with working(database_url, vault) as work:
        administration.add(work, "wang", "counsellor", None, PASSWORD)
    with served(database_url, redis_url, vault) as served_at:
        yield served_at


@pytest.fixture
def opened(database_url: str) -> Iterator[Session]:
    with engine_of(database_url) as engine, session(engine) as found:
        yield found


def signed_in(address: str, url: str, name: str = "wang", role: accounts.Role | None = None) -> Desk:
    """A browser of this account, made with this role if one is given."""
    if role is None:
        with engine_of(url) as engine, session(engine) as found:
            account_id = found.exec(select(Account.id).where(Account.name == name)).one()
    else:
        account_id = account(url, name, role, "them" if role == "submitter" else None)
        if role == "admin":
            with psycopg.connect(url) as connection:
                hashed = passwords.hashed(PASSWORD)
                connection.execute("UPDATE account SET password_hash = %s WHERE id = %s", (hashed, account_id))
    return holding(address, cookie_of(url, account_id))


def kinds(found: Session) -> list[str]:
    return list(found.exec(select(LedgerRow.kind).order_by(col(LedgerRow.seq))))


def page_of(client: httpx.Client, address: str = "/account") -> Element:
    return read_page(client.get(address).raise_for_status().text)


def sign_ins(client: httpx.Client) -> int:
    return len(page_of(client).select("section[aria-labelledby=sign-ins] li"))


def tokens(client: httpx.Client) -> list[str]:
    """Where each token of one's own is revoked."""
    return [action for action in page_of(client).values("form", "action") if action.endswith("/revoke")]


def secret_on(page: str) -> str:
    found = re.search(r'<code class="secret" translate="no">([^<]+)</code>', page)
    assert found is not None
    return found[1]


def change(client: Desk, current: str = PASSWORD, new: str = NEW, again: str = NEW) -> httpx.Response:
    return client.submit("/account/password", {"current": current, "new": new, "again": again})


def test_a_changed_password_signs_out_every_other_browser(address: str, database_url: str, opened: Session) -> None:
    with signed_in(address, database_url) as here, signed_in(address, database_url) as there:
        before = here.cookies[auth.COOKIE]
        assert change(here).headers["location"] == "/account"
        assert here.cookies[auth.COOKIE] != before
        assert "密码已修改" in here.get("/account").text
        assert "密码已修改" not in here.get("/account").text, "it is said once"
        assert there.get("/account").status_code == 303
        assert sign_ins(here) == 1
        assert change(here, current=NEW, new=PASSWORD, again=PASSWORD).status_code == 303
        assert change(here, current=NEW).status_code == 422
    assert kinds(opened) == [
        "account_added",
        *("password_set", "sign_in") * 2,  # in the browser that goes on
        "sign_in_failed",
    ]


@pytest.mark.parametrize(
    ("current", "new", "again", "field", "says"),
    [
        ("wrong", NEW, NEW, "current", "现在的密码不对"),
        (PASSWORD, NEW, NEW + "?", "again", "两次输入的新密码不一样"),
        (PASSWORD, "short", "short", "password", "至少要12个字符"),
        (PASSWORD, "wang" * 3, "wang" * 3, "password", "账号本身"),
    ],
)
def test_a_password_that_will_not_do_is_told_at_its_field(
    address: str, database_url: str, current: str, new: str, again: str, field: str, says: str
) -> None:
    with signed_in(address, database_url) as client:
        page = change(client, current, new, again)
        assert page.status_code == 422
        error = re.search(rf'id="{field}-error">([^<]+)<', page.text)
        assert error is not None and says in error[1]
        assert page.text.count(f'aria-describedby="{field}-error"') == 1
        assert 'href="/account?lang=en"' in page.text, "the other language is one link away, not a form's address"
        assert client.get("/account").status_code == 200


def test_what_is_told_of_a_new_password_while_it_is_typed_is_what_is_done_when_it_is_sent(
    address: str, database_url: str, opened: Session
) -> None:
    with signed_in(address, database_url) as client:
        for new in ("", "short", "wang" * 3, "Forbear2026!", "x" * 129):
            refused = re.search(r'id="password-error">([^<]+)<', change(client, new=new, again=new).text)
            told = client.submit("/account/password/strength", {"new": new}).text
            assert refused is not None and refused[1] in told and 'value="1"' in told
        before = kinds(opened)
        fits = [client.submit("/account/password/strength", {"new": new}).text for new in ("another horse", PASSWORD)]
        assert "合格：" in fits[0] and 'value="3"' in fits[0]
        assert "很好：" in fits[1], "not that it is the one of now, or that could be guessed here"
        assert client.post("/account/password/strength", data={"new": NEW, "csrf": "0" * 64}).status_code == 403
        client.cookies.clear()
        assert client.post("/account/password/strength", data={"new": NEW, "csrf": "0" * 64}).status_code == 403
        assert kinds(opened) == before, "nothing of it is written down"
    with signed_in(address, database_url) as client:
        assert change(client, new="another horse", again="another horse").status_code == 303


def test_the_current_password_cannot_be_guessed_for_ever(address: str, database_url: str) -> None:
    with signed_in(address, database_url) as client:
        assert "现在的密码不对，请 1 秒后再试" in change(client, current="wrong").text
        assert "来得太快，还没有核对，请 1 秒后再试" in change(client).text


def test_signing_out_everywhere_ends_every_browser(address: str, database_url: str, opened: Session) -> None:
    with signed_in(address, database_url) as here, signed_in(address, database_url) as there:
        assert sign_ins(here) == 2
        asked = here.submit("/account/sign-out-everywhere", {"current": "wrong"})
        assert asked.status_code == 422 and 'id="sign-ins-current-error"' in asked.text
        with psycopg.connect(database_url) as connection:
            connection.execute("DELETE FROM sign_in_attempt")  # nobody has to wait
        ended = here.submit("/account/sign-out-everywhere", {"current": PASSWORD})
        assert ended.headers["location"] == "/sign-in"
        assert [client.get("/account").status_code for client in (here, there)] == [303, 303]
    assert kinds(opened)[-1] == "sign_out"


def test_a_token_is_shown_once_and_works(address: str, database_url: str, opened: Session) -> None:
    form = {"name": "每晚导入", "scopes": "cases:read", "days": "30", "current": PASSWORD}
    with signed_in(address, database_url) as client:
        answer = client.submit("/account/tokens", form)
        assert answer.headers["location"] == "/account"
        assert "fb_" not in str(answer.headers), "on its way to the page it is sealed"
        secret = secret_on(client.get("/account").text)
        again = client.get("/account").text
        assert secret not in again and "每晚导入" in again
    viewer = accounts.token_viewer(opened, secret, NOW)
    assert viewer is not None
    assert (viewer.name, set(viewer.scopes)) == ("wang", {"cases:read"})


def test_making_a_token_asks_for_the_password_and_a_new_password_ends_them_on_request(
    address: str, database_url: str, opened: Session
) -> None:
    with working(database_url) as work:
        wang = work.session.exec(select(Account).where(Account.name == "wang")).one()
        administration.give_token(work, wang, "nightly", ["cases:read"], 30)
    with signed_in(address, database_url) as client:
        assert change(client).status_code == 303
        assert len(tokens(client)) == 1, "it goes on unless that is asked for"
        form = {"current": NEW, "new": PASSWORD, "again": PASSWORD, "tokens": "true"}
        assert client.submit("/account/password", form).status_code == 303
        assert "接口令牌已全部撤销" in client.get("/account").text
        assert tokens(client) == []
        page = client.submit("/account/tokens", {"name": "nightly", "scopes": "cases:read", "days": "30"})
        assert page.status_code == 422 and 'id="token-current-error"' in page.text and "nightly" in page.text
    changed = ["password_set", "sign_in", "password_set", "token_revoked", "sign_in"]
    assert kinds(opened) == ["account_added", "token_created", *changed, "sign_in_failed"]


def test_what_is_told_to_one_is_not_told_to_another(address: str, database_url: str) -> None:
    form = {"name": "nightly", "scopes": "cases:read", "days": "30", "current": PASSWORD}
    with signed_in(address, database_url) as client, signed_in(address, database_url, "li", "counsellor") as other:
        client.submit("/account/tokens", form)
        other.cookies.set("told", client.cookies["told"], path="/account")
        page = other.get("/account")
        assert page.status_code == 200
        assert "fb_" not in page.text
        other.cookies.set("told", "nonsense", path="/account")
        assert other.get("/account").status_code == 200


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": "x", "days": "30"}, 422),
        ({"name": "", "scopes": "cases:read", "days": "30"}, 422),
        ({"name": "x", "scopes": "all", "days": "30"}, 422),
        ({"name": "x", "scopes": "cases:read", "days": "31"}, 400),
        ({"name": "x", "scopes": "cases:read"}, 400),
    ],
)
def test_a_token_without_purpose_scope_or_end_is_not_made(
    address: str, database_url: str, opened: Session, form: dict[str, str], status: int
) -> None:
    with signed_in(address, database_url) as client:
        assert client.submit("/account/tokens", {"current": PASSWORD, **form}).status_code == status
    assert opened.exec(select(Token)).all() == []


def test_one_revokes_ones_own_tokens_only(address: str, database_url: str, opened: Session) -> None:
    form = {"name": "nightly", "scopes": "cases:read", "days": "30", "current": PASSWORD}
    with signed_in(address, database_url) as owner, signed_in(address, database_url, "li", "admin") as other:
        owner.submit("/account/tokens", form)
        token_id = opened.exec(select(Token.id)).one()
        assert other.submit(f"/account/tokens/{token_id}/revoke").status_code == 404
        assert owner.submit(f"/account/tokens/{token_id + 1}/revoke").status_code == 404
        assert tokens(owner) == [f"/account/tokens/{token_id}/revoke"]
        assert owner.submit(f"/account/tokens/{token_id}/revoke").status_code == 303
        assert tokens(owner) == []


def test_an_administrator_adds_an_account_that_can_sign_in(address: str, database_url: str) -> None:
    with signed_in(address, database_url, "boss", "admin") as boss:
        form = {"name": "Li", "role": "submitter", "submitter": "机构甲"}
        assert 'id="current-error"' in boss.submit("/accounts", form | {"current": "wrong"}).text
        with psycopg.connect(database_url) as connection:
            connection.execute("DELETE FROM sign_in_attempt")  # nobody has to wait
        done = boss.submit("/accounts", form | {"current": PASSWORD})
        assert done.headers["location"] == "/accounts"
        password = secret_on(boss.get("/accounts").text)
        assert password not in boss.get("/accounts").text
    with client_of(address) as li:
        csrf = page_of(li, "/sign-in").one("input[name=csrf]").attributes["value"]
        assert li.post("/sign-in", data={"csrf": csrf, "name": "li", "password": password}).status_code == 303
        assert li.get("/batches").headers["location"] == "/account", "the password is to be changed first"
        page = page_of(li)
        assert "先换成自己的" in page.text and not page.select("section[aria-labelledby=tokens]")
        csrf = page.one("form[action=/account/password] input[name=csrf]").attributes["value"]
        data = {"csrf": csrf, "current": password, "new": password, "again": password}
        assert "这就是现在的密码" in li.post("/account/password", data=data).text
        assert li.post("/account/password", data=data | {"new": NEW, "again": NEW}).status_code == 303
        assert li.get("/batches").status_code == 200
        assert page_of(li).one(".heading p").text.endswith("· 机构甲")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "wang", "role": "admin"}, "name"),
        ({"name": "a b", "role": "admin"}, "name"),
        ({"name": "li", "role": "submitter"}, "submitter"),
        ({"name": "li", "role": "root"}, "role"),
        ({}, "name"),
    ],
)
def test_an_account_that_cannot_be_is_told_at_its_field(
    address: str, database_url: str, form: dict[str, str], field: str
) -> None:
    with signed_in(address, database_url, "boss", "admin") as boss:
        page = boss.submit("/accounts", form | {"current": PASSWORD})
        assert page.status_code == 422
        assert f'id="{field}-error"' in page.text
        assert page.text.count("<tr role") == 3, "the head, and the two accounts that were there"


def test_a_new_password_is_shown_once_and_signs_the_account_out(address: str, database_url: str) -> None:
    with signed_in(address, database_url, "boss", "admin") as boss, signed_in(address, database_url) as wang:
        (row,) = (row for row in page_of(boss, "/accounts").select("tbody tr") if row.one("th").text == "wang")
        (path,) = (link for link in row.values("a", "href") if link.endswith("/password"))
        assert "请先确认是本人" in boss.get(path).text
        for given, at in (({"sure": "face"}, "current"), ({"current": PASSWORD, "sure": "guessed"}, "sure")):
            with psycopg.connect(database_url) as connection:
                connection.execute("DELETE FROM sign_in_attempt")  # nobody has to wait
            refused = boss.submit(path, given)
            assert refused.status_code == 422 and f'id="{at}-error"' in refused.text
        assert wang.get("/account").status_code == 200
        assert boss.submit(path, {"current": PASSWORD, "sure": "face"}).headers["location"] == "/accounts"
        assert len(secret_on(boss.get("/accounts").text)) >= 12
        assert wang.get("/account").status_code == 303
        assert "怎样确认是本人 当面" in " ".join(boss.get("/ledger").text.split())


def test_disabling_takes_effect_at_once_and_is_undone(address: str, database_url: str, opened: Session) -> None:
    with signed_in(address, database_url, "boss", "admin") as boss, signed_in(address, database_url) as wang:
        wang_id = opened.exec(select(Account.id).where(Account.name == "wang")).one()
        assert boss.submit(f"/accounts/{wang_id}/disable").status_code == 303
        assert "wang 已停用" in boss.get("/accounts").text
        assert wang.get("/account").status_code == 303
        assert boss.submit(f"/accounts/{wang_id}/enable").status_code == 303
        assert "wang 已恢复使用" in boss.get("/accounts").text
        assert boss.submit("/accounts/999/disable").status_code == 404
    assert kinds(opened)[-2:] == ["account_disabled", "account_enabled"]


def test_an_administrator_cannot_disable_themself(address: str, database_url: str, opened: Session) -> None:
    with signed_in(address, database_url, "boss", "admin") as boss:
        boss_id = opened.exec(select(Account.id).where(Account.name == "boss")).one()
        page = boss.submit(f"/accounts/{boss_id}/disable")
        assert page.status_code == 422
        assert "不能停用自己的账号" in page.text
        assert boss.get("/accounts").status_code == 200


POSTS = ("/accounts", "/accounts/1/password", "/accounts/1/disable", "/accounts/1/enable")
OWN = ("/account/password", "/account/sign-out-everywhere", "/account/tokens", "/account/tokens/1/revoke")


@pytest.mark.parametrize("role", ["submitter", "counsellor", "supervisor"])
def test_only_administrators_see_and_change_accounts(
    address: str, database_url: str, opened: Session, role: accounts.Role
) -> None:
    with signed_in(address, database_url, "li", role) as client:
        assert client.get("/accounts").status_code == 403
        assert [client.submit(path).status_code for path in POSTS] == [403] * len(POSTS)
        assert 'href="/accounts"' not in client.get("/account").text
    assert kinds(opened) == ["account_added"]


def test_a_form_that_is_not_ours_changes_nothing(address: str, database_url: str, opened: Session) -> None:
    with signed_in(address, database_url, "boss", "admin") as boss:
        fields = {"name": "li", "role": "admin", "scopes": "cases:read", "days": "30", "csrf": "0" * 64}
        assert [boss.post(path, data=fields).status_code for path in (*POSTS, *OWN)] == [403] * 8
    assert kinds(opened) == ["account_added"]


def test_every_page_tells_who_is_signed_in_and_how_to_leave(address: str, database_url: str) -> None:
    with signed_in(address, database_url) as client:
        for path in ("/", "/account", "/nothing-here"):
            page = client.get(path).text
            assert ('aria-label="我的账号：wang"' in page) is (path != "/nothing-here")
            assert ('action="/sign-out"' in page) is (path != "/nothing-here")
