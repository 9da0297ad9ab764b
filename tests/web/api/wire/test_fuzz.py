"""Whatever a program sends, the API answers as it says it does: Schemathesis against a real server and database."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, SerializationContext
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from forbear.base.packs import shipped
from forbear.intake import BY_MEDIA_TYPE
from forbear.ops import embedded
from tests.support.desk.api import token
from tests.support.desk.cases import VAULT, accepted, decided
from tests.support.desk.desk_clients import account, served
from web.api.openapi import described

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]
FILES = [media for media in BY_MEDIA_TYPE if media.startswith("application/") and media != "application/json"]
schema = schemathesis.openapi.from_dict(described(shipped()))


@pytest.fixture(scope="module")
def site(servers: embedded.Urls, template_database: str) -> Iterator[tuple[str, str]]:
    """A server with a decided case, and a token that may do everything."""
    name = "test_api_fuzz"
    with psycopg.connect(servers.database, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    url = servers.database.replace("/forbear?", f"/{name}?")
    decided(url, [accepted(1, "0"), accepted(2, "A")], VAULT, by=shipped())
    secret = token(url, account(url, "fuzz", "admin", "us"))
    with served(url, servers.redis, VAULT) as address:
        yield address, secret
    with psycopg.connect(servers.database, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@schemathesis.serializer(*FILES)
def as_it_is(_context: SerializationContext, value: Any) -> bytes | None:
    """A file is sent as the bytes that were made up."""
    data: bytes = getattr(value, "data", str(value).encode())
    return data


@schema.parametrize()
@settings(
    max_examples=6,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_what_comes_back_is_as_it_says(case: "Case[Any]", site: tuple[str, str]) -> None:
    address, secret = site
    case.query.pop("fields", None)  # with it an answer is less than its schema wants
    if case.operation.label == "POST /api/v1/cases":
        case.query["wait"] = 0
    case.call_and_validate(base_url=address, headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)
