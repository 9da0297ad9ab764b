"""The ledger as supervisors read it: filtered by kind, account and case, in pages that stay put."""

import httpx
import pytest

from forbear.accounts.accounts import Role, Viewer
from forbear.base.vault import Vault
from forbear.desk.review import Act, perform, take_case
from forbear.ledger import ledger, listing
from forbear.ledger.ledger import LedgerEntry
from tests.forbear.ledger.test_audit import faults
from tests.support.desk.cases import VAULT, accepted, decided, working, working_as
from tests.support.desk.desk_clients import account, desk
from tests.support.desk.page import read_page
from web.language import message


def append(url: str, actor: str, *given: LedgerEntry) -> None:
    with working(url) as work:
        for entry in given:
            work.note(entry.kind, entry.subject, entry.detail, actor=actor)


def listed(client: httpx.Client, address: str, column: str) -> list[str]:
    """A column of the list."""
    return read_page(client.get(address).text).texts(f".entries .in-{column}")


def test_the_newest_come_first_and_pages_hold_everything_once(database_url: str, redis_url: str, vault: Vault) -> None:
    append(database_url, "system", *(LedgerEntry("sign_in_failed", f"account:{n}") for n in range(120)))
    seen: list[int] = []
    with desk(database_url, redis_url, vault, "supervisor") as client:
        address: str | None = "/ledger"
        while address is not None:
            page = read_page(client.get(address).text)
            seen += [int(number) for number in page.texts(".entries .in-number")]
            address = next(iter(page.values("a[rel=next]", "href")), None)
            append(database_url, "system", LedgerEntry("sign_in_failed", "account:1"))  # pages stay put while it grows
    assert seen == list(range(120, 0, -1))


def test_filters_find_what_was_done_by_whom_to_what(database_url: str, redis_url: str, vault: Vault) -> None:
    decided(database_url, [accepted(1, "A"), accepted(2, "B")], VAULT)
    other = account(database_url, "li", "counsellor")
    with desk(database_url, redis_url, vault, "supervisor") as client:
        client.submit("/cases/1/reveal", {"reason": "contact", "words": "约明天下午通话"})
        append(database_url, f"account:{other}", LedgerEntry("export", "batch:x"), LedgerEntry("reveal", "case:2"))
        reveal, export, review, decision = (
            message("zh", f"ledger.kind.{kind}") for kind in ("reveal", "export", "review", "decisions")
        )
        people = listed(client, "/ledger?kind=people", "kind")
        assert reveal in people and decision not in people
        assert [text.split()[-1] for text in listed(client, "/ledger?kind=reveal", "subject")] == ["B", "A"]
        assert listed(client, "/ledger?account=li", "kind") == [reveal, export]
        assert set(listed(client, "/ledger?account=WANG", "who")) == {"wang"}
        assert set(listed(client, "/ledger?account=system", "who")) == {message("zh", "ledger.system")}
        assert listed(client, "/ledger?about=A", "kind") == [reveal, review, decision]
        assert listed(client, "/ledger?about=case:2", "kind") == [reveal, decision]
        assert [text.split()[-1] for text in listed(client, "/ledger?about=batch:x", "subject")] == ["x"]
        for nothing in ("?account=nobody", "?about=nothing", "?kind=nothing", "?about=case:99999999999999999999"):
            assert listed(client, f"/ledger{nothing}", "kind") == []
        assert "没有符合的条目" in client.get("/ledger?kind=purge").text
    assert faults(database_url) == []


def test_every_kind_is_named_on_the_page_and_links_lead_to_cases(
    database_url: str, redis_url: str, vault: Vault
) -> None:
    decided(database_url, [accepted(1, "A")], VAULT)  # a batch, a publication and a decision: each about its own row
    who = Viewer(account(database_url), "wang", "counsellor", None)
    with working_as(who, database_url) as work:
        perform(work, take_case(work.session, who, 1, 1), Act("ask", {}))
    others = [kind for kind in listing.KINDS if kind not in ledger.DIGESTED]
    append(database_url, "system", *(LedgerEntry(kind, "case:7", {"of": ["a", 1], "n": None}) for kind in others))
    append(database_url, "token:9", LedgerEntry("something_new", "x:1"))
    with desk(database_url, redis_url, vault, "admin", name="zhao") as client:
        page = client.get("/ledger")
    assert page.status_code == 200
    assert 'href="/cases/7"' in page.text
    assert "something_new" in page.text
    assert "查看个人信息" in page.text


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("submitter", 403),
        ("counsellor", 403),
        ("supervisor", 200),
        ("admin", 200),
    ],
)
def test_supervisors_read_the_ledger_and_nobody_below(
    database_url: str, redis_url: str, vault: Vault, role: Role, status: int
) -> None:
    with desk(database_url, redis_url, vault, role, "us" if role == "submitter" else None) as client:
        assert client.get("/ledger").status_code == status


@pytest.mark.parametrize("query", ["?before=0", "?before=x", f"?kind={'x' * 65}", f"?before={2**63}"])
def test_a_query_that_cannot_be_is_a_bad_request(database_url: str, redis_url: str, vault: Vault, query: str) -> None:
    with desk(database_url, redis_url, vault, "supervisor") as client:
        assert client.get(f"/ledger{query}").status_code == 400


def test_nobody_reads_it_without_signing_in(database_url: str, redis_url: str, vault: Vault) -> None:
    with desk(database_url, redis_url, vault, "supervisor") as client:
        client.cookies.clear()
        assert client.get("/ledger").headers["location"].startswith("/sign-in")
