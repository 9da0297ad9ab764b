"""A submitter meets nothing of another submitter's, whatever route of the pages or the API it tries."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi.routing import iter_route_contexts

from forbear.accounts import accounts
from forbear.accounts.accounts import SCOPES, Viewer
from forbear.batch.submission import uploads
from forbear.conversation import agreements, attachments, tasks
from forbear.desk.review import take_case
from forbear.ops.embedded import Urls
from models.account import Account
from models.database.session import session
from models.desk import SavedFilter
from models.intake.mapping import ConfirmedMapping
from models.webhook import Delivery, Webhook
from rules.loading.loader import DEFAULT_PACK, load
from tests.support.desk.cases import NOW, VAULT, accepted, decided, engine_of, working_as
from tests.support.desk.desk_clients import Desk, account, cookie_of, holding
from tests.support.desk.serving import client_of, serving
from web.app import create_app
from web.deps import now

# Parameters that name nothing of a submitter's: the handbook, a supervisor's chart and teams, accounts.
SHARED = {"anchor", "chart", "account_id", "token_id", "passkey_id", "team_id", "absence_id"}
# Whatever the forms of the routes ask for, so that none is refused for a field before anybody looks whose the thing is.
FIELDS = {
    "revision": "1",
    "form": "accept",
    "asked": "unknown",
    "reason": "borrower",
    "words": "请把这个案件给我看一看吧",
    "what": "results",
    "ending": ".csv",
    "assignee": "me",
    "chosen": "1",
    "strategy": "mediation",
    "other": "1",
    "change": str(uuid4()),
}
# Names of nothing at all.
NOTHING = {
    "case_id": "999",
    "decision_id": "999",
    "number": "1",
    "ref": "Z",
    "batch_id": str(uuid4()),
    "upload_id": str(uuid4()),
    "webhook_id": "999",
    "delivery_id": "999",
    "filter_id": "999",
    "mapping_id": "999",
    "task_id": "999",
    "agreement_id": "999",
    "attachment_id": "999",
    "what": "results",
}
# Forgetting what is not there leads back, as it does the second time a button is pressed.
FORGIVING = {"/uploads/{upload_id}/discard", "/queue/filters/{filter_id}/delete"}
# What a route asks for, by the end of its name.
BODIES = {
    "/reviews": {"action": "accept", "confirmed": True, "revision": 1},
    "/withdraw": {"why": "mistake"},
    "PATCH /api/v1/webhooks/{webhook_id}": {"events": ["batch.complete"]},
    "/rotate": {},
}


@dataclass(frozen=True)
class Theirs:
    """The server, and the names of things that belong to another submitter."""

    address: str
    url: str
    names: dict[str, str]
    cookie: str  # of somebody else
    token: str


@pytest.fixture(scope="module")
def theirs(shared_database_url: str, servers: Urls) -> Iterator[Theirs]:
    """One desk for all routes: what another submitter tries leaves it as it was."""
    database_url, vault = shared_database_url, VAULT
    batch = decided(database_url, [accepted(1, "A")], vault, by=load(DEFAULT_PACK)).batch_id
    owner = Viewer(account(database_url, "shop", "submitter", "us"), "shop", "submitter", "us")
    with working_as(owner, database_url) as work:
        opened = work.session
        upload = uploads.keep(work, "a.csv", b"a,b\n1,2\n", "us", NOW.date())
        hook = Webhook(
            submitter="us",
            account_id=owner.account_id,
            url="https://hooks.example/",
            events=["batch.complete"],
            secret=VAULT.seal("s", "webhook.secret:1"),
            created_at=NOW,
        )
        opened.add(hook)
        opened.flush()
        delivery = Delivery(webhook_id=hook.id, event="batch.complete", payload={}, created_at=NOW, next_at=NOW)
        kept = SavedFilter(account_id=owner.account_id, name="mine", query="urgency=U1")
        mapping = ConfirmedMapping(
            submitter="us", headers_mac=b"1", content=VAULT.seal("{}", "confirmed_mapping.content:1"), confirmed_at=NOW
        )
        opened.add_all([delivery, kept, mapping])
        opened.flush()
        names = {
            "case_id": "1",
            "decision_id": "1",
            "number": "1",
            "ref": "A",
            "batch_id": str(batch),
            "upload_id": str(upload),
            "webhook_id": str(hook.id),
            "delivery_id": str(delivery.id),
            "filter_id": str(kept.id),
            "mapping_id": str(mapping.id),
            "task_id": "1",
            "agreement_id": "1",
            "attachment_id": "1",
            "what": "results",
        }
    counsellor = Viewer(account(database_url), "wang", "counsellor", None)
    with working_as(counsellor, database_url) as work:
        tasks.add(work, 1, "1", "x", None, NOW.date())
        attachments.add(work, 1, "2", "a.png", b"\x89PNG\r\n\x1a\n", "", "")
        terms = agreements.AgreedTerms(1, 1, NOW.date(), NOW.date(), in_writing=True)
        agreements.make(work, take_case(work.session, counsellor, 1, None), terms)
    them = account(database_url, "them", "submitter", "them")
    with engine_of(database_url) as engine, session(engine) as opened:
        ends = NOW + dt.timedelta(days=1)
        secret = accounts.create_token(opened, opened.get_one(Account, them), "all", SCOPES, ends, NOW)
    app = create_app(database_url, servers.redis, vault)
    app.dependency_overrides[now] = lambda: NOW
    with serving(app) as address:
        yield Theirs(address, database_url, names, cookie_of(database_url, them), secret)


def routes() -> list[tuple[str, str]]:
    """(method, pattern) of every route that names a thing, but for shared ones."""
    app = create_app("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1", VAULT)
    found = []
    for route in iter_route_contexts(app.routes):
        named = set(re.findall(r"{(\w+)", route.path or ""))
        if named and not named & SHARED:
            found += [(method, str(route.path)) for method in sorted(route.methods or ()) if method != "HEAD"]
    return found


def filled(pattern: str, names: dict[str, str]) -> str:
    return re.sub(r"{(\w+)(:path)?}", lambda part: names[part[1]], pattern)


def rows(url: str) -> list[tuple[object, ...]]:
    """What another submitter could have changed."""
    with psycopg.connect(url) as connection:
        return [
            *connection.execute("SELECT status, revision, assignee_id, chosen_strategy FROM desk_case"),
            *connection.execute("SELECT count(*) FROM review"),
            *connection.execute("SELECT count(*) FROM upload"),
            *connection.execute("SELECT disabled_at FROM webhook"),
            *connection.execute("SELECT tries FROM delivery"),
            *connection.execute("SELECT count(*) FROM saved_filter"),
            *connection.execute("SELECT count(*) FROM batch"),
            *connection.execute("SELECT count(*) FROM confirmed_mapping"),
            *connection.execute('SELECT consent FROM "case"'),
            *connection.execute("SELECT count(*) FROM task"),
            *connection.execute("SELECT count(*) FROM attachment WHERE content IS NOT NULL"),
            *connection.execute("SELECT status FROM agreement"),
        ]


def test_there_are_routes_to_try() -> None:
    assert {pattern.split("/")[1] for _, pattern in routes()} == {
        "api",
        "batches",
        "cases",
        "export",
        "mappings",
        "notifications",
        "people",
        "queue",
        "uploads",
        "webhooks",
    }
    assert len(routes()) >= 40


@pytest.mark.parametrize(("method", "pattern"), [each for each in routes() if not each[1].startswith("/api")])
def test_a_page_of_another_submitter_is_not_there(theirs: Theirs, method: str, pattern: str) -> None:
    before = rows(theirs.url)
    with holding(theirs.address, theirs.cookie) as client:
        answer = tried(client, method, filled(pattern, theirs.names))
        nothing = tried(client, method, filled(pattern, NOTHING))
    assert answer.status_code in (403, 404) or pattern in FORGIVING, answer.text[:500]
    assert told(answer) == told(nothing), "it does not tell that it is there"
    assert rows(theirs.url) == before


def told(answer: httpx.Response) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("location")


def tried(client: Desk, method: str, address: str) -> httpx.Response:
    return client.submit(address, FIELDS) if method == "POST" else client.get(address, params={"from": 1, "to": 1})


@pytest.mark.parametrize(("method", "pattern"), [each for each in routes() if each[1].startswith("/api")])
def test_the_api_knows_nothing_of_another_submitter(theirs: Theirs, method: str, pattern: str) -> None:
    before = rows(theirs.url)
    headers = {"Authorization": f"Bearer {theirs.token}"}
    with client_of(theirs.address, headers=headers) as client:
        body = next((each for end, each in BODIES.items() if f"{method} {pattern}".endswith(end)), None)
        answer = client.request(method, filled(pattern, theirs.names), json=body)
        nothing = client.request(method, filled(pattern, NOTHING), json=body)
    assert answer.status_code in (403, 404), answer.text
    assert rows(theirs.url) == before
    assert answer.json() == nothing.json(), "it does not tell that it is there"
