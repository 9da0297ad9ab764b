"""Who may call the API, and how it refuses: by problem documents, in the language asked for."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from forbear.accounts.accounts import SCOPES, Scope
from forbear.base.packs import shipped
from forbear.base.vault import Vault
from forbear.ops.embedded import Urls
from tests.support.desk.api import api as calling
from tests.support.desk.api import caller, token
from tests.support.desk.cases import VAULT, accepted, decided
from tests.support.desk.desk_clients import account, cookie_of
from tests.support.desk.serving import client_of
from web import api, auth
from web.api import TOPICS
from web.api.auth import bearer
from web.api.openapi import described
from web.language import LANGUAGES, messages

NEEDED: dict[str, Scope] = {
    "GET /batches": "cases:read",
    "POST /batches": "cases:write",
    "GET /batches/{batch_id}": "cases:read",
    "POST /batches/{batch_id}/cancel": "cases:write",
    "GET /batches/{batch_id}/results": "cases:read",
    "GET /batches/{batch_id}/rejects": "cases:read",
    "GET /cases": "cases:read",
    "POST /cases": "cases:write",
    "GET /cases/{ref}": "cases:read",
    "GET /cases/{ref}/reviews": "cases:read",
    "POST /cases/{ref}/reviews": "reviews:write",
    "GET /cases/{ref}/plan": "cases:read",
    "GET /cases/{ref}/negotiation-pack": "cases:read",
    "GET /cases/{ref}/receipt": "cases:read",
    "POST /cases/{ref}/withdraw": "cases:write",
    "GET /events": "cases:read",
    "GET /policy": "cases:read",
    "POST /trials": "cases:write",
    "GET /webhooks": "webhooks",
    "POST /webhooks": "webhooks",
    "GET /webhooks/{webhook_id}": "webhooks",
    "PATCH /webhooks/{webhook_id}": "webhooks",
    "DELETE /webhooks/{webhook_id}": "webhooks",
    "POST /webhooks/{webhook_id}/rotate": "webhooks",
    "POST /webhooks/{webhook_id}/ping": "webhooks",
    "GET /webhooks/{webhook_id}/deliveries": "webhooks",
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": "webhooks",
}
BODIES: dict[str, dict[str, str]] = {
    "POST /cases/{ref}/withdraw": {"why": "mistake"},
    "PATCH /webhooks/{webhook_id}": {},
    "POST /webhooks/{webhook_id}/rotate": {},
}
VALUES = {"batch_id": "5f0c4f52-7d7c-4a55-9a44-0a4f4f9d0c11", "ref": "A", "webhook_id": "1", "delivery_id": "1"}


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with calling(database_url, redis_url, vault) as opened:
        yield opened


@pytest.fixture(scope="module")
def quiet(shared_database_url: str, servers: Urls) -> Iterator[httpx.Client]:
    """A program for all tests whose calls change nothing, where there is something of another submitter."""
    decided(shared_database_url, [accepted(1, "A")], VAULT, submitter="rival")
    with calling(shared_database_url, servers.redis, VAULT) as opened:
        owner = account(shared_database_url, "rival", "submitter", "rival")
        with caller(address_of(opened), token(shared_database_url, owner)) as other:
            assert other.post("/webhooks", json={"url": "https://example.com/"}).json()["id"] == 1
        yield opened


@pytest.fixture(scope="module")
def chief(shared_database_url: str) -> int:
    return account(shared_database_url, "chief", "admin")


def called(client: httpx.Client, operation: str) -> httpx.Response:
    method, path = operation.split(" ")
    return client.request(method, path.format(**VALUES), json=BODIES.get(operation))


def address_of(client: httpx.Client) -> str:
    return str(client.base_url).removesuffix("/api/v1/")


def test_every_operation_is_known_here() -> None:
    paths = described(shipped())["paths"]
    found = {f"{method.upper()} {path.removeprefix('/api/v1')}" for path, item in paths.items() for method in item}
    assert {re.sub(r":path\}", "}", each) for each in found} == NEEDED.keys()


def test_every_route_depends_on_a_token() -> None:
    routes = [route for topic in TOPICS for route in topic.router.routes]
    assert len(routes) == len(NEEDED)
    for route in routes:
        assert isinstance(route, APIRoute)
        assert bearer in set(wanted_by(route.dependant)), route.path


def wanted_by(dependant: Dependant) -> Iterator[object]:
    """Everything that is called before a route is."""
    yield dependant.call
    for each in dependant.dependencies:
        yield from wanted_by(each)


@pytest.mark.parametrize("operation", NEEDED)
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer fb_nobody's", "Basic Zm9vOmJhcg==", "fb_x"])
def test_nobody_gets_in_without_a_token(quiet: httpx.Client, operation: str, header: str | None) -> None:
    with client_of(quiet.base_url) as stranger:
        if header is not None:
            stranger.headers["Authorization"] = header
        response = called(stranger, operation)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("operation", NEEDED)
def test_a_token_without_the_scope_does_nothing(
    quiet: httpx.Client, shared_database_url: str, chief: int, operation: str
) -> None:
    others = [scope for scope in SCOPES if scope != NEEDED[operation]]
    with caller(address_of(quiet), token(shared_database_url, chief, others)) as narrow:
        response = called(narrow, operation)
    assert (response.status_code, response.json()["type"]) == (403, "urn:forbear:problem:scope")
    assert f'scope="{NEEDED[operation]}"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("operation", NEEDED)
def test_another_submitters_things_are_not_there(quiet: httpx.Client, operation: str) -> None:
    """Whatever a submitter asks for, of what belongs to another one it hears as little as of what is not."""
    response = called(quiet, operation)
    assert "rival" not in response.text
    if "{" in operation:
        assert response.status_code in (403, 404)
    elif operation.startswith("GET") and operation != "GET /policy":  # which belongs to nobody
        assert next(iter(response.json().values())) == []


def test_a_sign_in_of_a_browser_counts_for_nothing(client: httpx.Client, database_url: str) -> None:
    secret = cookie_of(database_url, account(database_url))
    with client_of(client.base_url, cookies={auth.COOKIE: secret}) as browser:
        assert browser.get("/cases").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/webhooks/0", 404),
        ("GET", "/batches/x", 404),
        ("PUT", "/cases", 405),
        ("PUT", "/webhooks/1", 405),
        ("GET", "/cases?limit=0", 422),
        ("GET", "/cases?urgency=U9", 422),
        ("GET", "/cases?ref=%00", 422),
        ("GET", "/cases?submitter=a%00b", 422),
        ("GET", "/cases?after=x", 400),
        ("POST", "/webhooks", 422),
    ],
)
def test_every_error_is_a_problem_document(quiet: httpx.Client, method: str, path: str, status: int) -> None:
    response = quiet.request(method, path)
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert problem["type"] and problem["title"] and problem["detail"]
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    ("accepted_languages", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN", "zh"),
        ("fr", "zh"),
        ("en;q=0.5,zh;q=0.8", "zh"),
        ("zh;q=0.5,en;q=0.8", "en"),
        ("fr,en;q=0.1", "en"),
        ("en;q=nonsense", "zh"),
    ],
)
def test_a_problem_is_told_in_the_language_accepted_most(
    quiet: httpx.Client, accepted_languages: str | None, language: str
) -> None:
    request = quiet.build_request("GET", "/cases/nobody")
    del request.headers["Accept-Language"]
    if accepted_languages is not None:
        request.headers["Accept-Language"] = accepted_languages
    response = quiet.send(request)
    assert response.headers["Content-Language"] == language
    assert response.json()["title"] == {"zh": "没有这件案件", "en": "There is no such case"}[language]


def test_a_failure_of_ours_is_a_problem_document(client: httpx.Client, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE desk_case RENAME TO elsewhere")
    response = client.get("/cases")
    assert (response.status_code, response.headers["Content-Type"]) == (500, "application/problem+json")
    assert "desk_case" not in response.text


def test_a_database_that_is_away_is_told(client: httpx.Client, database_url: str, servers: Urls) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(servers.database, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (name,),
        )
        response = client.get("/cases")
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert (response.status_code, response.json()["status"]) == (503, 503)


def test_another_host_is_told(quiet: httpx.Client) -> None:
    response = quiet.get("/cases", headers={"Host": "evil.example"})
    assert (response.status_code, response.headers["Content-Type"]) == (421, "application/problem+json")


def test_every_kind_of_problem_has_its_words_and_no_other_has() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(api.__file__).parent.rglob("*.py"))
    elsewhere = [
        Path(api.__file__).parents[1] / each
        for each in ("middleware/limits.py", "middleware/security.py", "views/render.py")
    ]
    others = "".join(each.read_text(encoding="utf-8") for each in elsewhere)
    raised = {*re.findall(r'ProblemError\(\s*\d+, "(\w+)"', sources), *re.findall(r'\d, "(\w+)"', others)}
    for language in LANGUAGES:
        told = {key.split(".")[1] for key in messages(language) if key.startswith("problem.")}
        assert raised == {kind for kind in told if not kind.isdigit()}


@pytest.mark.parametrize(
    ("address", "named", "told"),
    [
        ("/cases?urgancy=U0", "urgancy", "There is no such parameter; there are: after, crisis, fields"),
        ("/cases?urgency=U0&urgency=U1", "urgency", "given twice"),
        ("/cases?updated_since=2026-11-01", "updated_since", "There is no such parameter"),
        ("/policy?lang=en", "lang", "takes no parameters"),
        ("/batches?status=open", "status", "There is no such parameter"),
        ("/cases/A?wait=3", "wait", "There is no such parameter"),
        ("/webhooks?x=", "x", "parameter"),
    ],
)
def test_a_parameter_that_is_not_known_is_refused(quiet: httpx.Client, address: str, named: str, told: str) -> None:
    response = quiet.get(address)
    (fault,) = response.json()["errors"]
    assert (response.status_code, fault["field"]) == (422, named)
    assert told in fault["en"]


def test_every_address_answers_head_and_options_and_tells_all_it_allows(quiet: httpx.Client) -> None:
    got, head = quiet.get("/cases"), quiet.head("/cases")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert quiet.head("/cases/none").status_code == 404
    offered = quiet.options("/cases")
    assert (offered.status_code, offered.headers["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")
    refused = quiet.delete("/cases")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")
    assert quiet.options("/nowhere").status_code == 404
    posted = quiet.head("/webhooks/1/deliveries/1/redeliver")
    assert (posted.status_code, posted.headers["Allow"], posted.content) == (405, "POST, OPTIONS", b"")


def test_the_policy_names_every_word_of_a_closed_list(quiet: httpx.Client) -> None:
    policy, active = quiet.get("/policy").json(), shipped()
    assert (policy["version"], policy["sha256"]) == (active.manifest.version, active.sha256)
    assert [each["id"] for each in policy["strategies"]] == list(active.strategies)
    assert [each["id"] for each in policy["documents"]] == list(active.documents)
    facts = {each["id"]: each for each in policy["facts"]}
    assert [each["id"] for each in facts["product"]["values"]] == list(active.vocabulary.facts["product"].values)
    assert facts["income_monthly"]["question"] and facts["capacity"]["derived"]
    codes = {(each["action"], each["field"]): each["values"] for each in policy["codes"]}
    assert {"id": "borrower_wish", "title": {"zh": "尊重借款人意愿", "en": "The borrower's wish"}}.keys() == codes[
        "override", "reason"
    ][2].keys()
    assert all(each["title"]["zh"] and "{" not in each["title"]["en"] for each in policy["documents"])
