"""The description of the API is whole and true: examples fit their schemas, errors are declared."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from forbear.base.packs import shipped
from forbear.base.vault import Vault
from rules.facts.case_facts import Parser
from tests.support.desk.cases import pack
from tests.support.desk.desk_clients import served
from tests.support.desk.serving import client_of
from web.api.openapi import EXAMPLES, described, submitted_case

DOCUMENT = described(shipped())
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}")
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]


@pytest.fixture
def client(database_url: str, redis_url: str, vault: Vault) -> Iterator[httpx.Client]:
    with served(database_url, redis_url, vault) as address, client_of(address) as opened:
        yield opened


def test_the_description_is_served_to_anybody(client: httpx.Client) -> None:
    response = client.get("/api/openapi.json")
    assert (response.status_code, response.json()) == (200, DOCUMENT)


def test_there_is_an_example_of_everything_that_is_taken_or_answered() -> None:
    content = [
        media["schema"]
        for item in DOCUMENT["paths"].values()
        for operation in item.values()
        for described in (operation.get("requestBody", {}), *operation["responses"].values())
        for media in described.get("content", {}).values()
    ]
    every = [part for each in content for part in (each, *each.get("oneOf", ()))]
    named = {each["$ref"].rsplit("/", 1)[-1] for each in every if "$ref" in each}
    assert [name for name in named if not SCHEMAS[name].get("examples")] == []


@pytest.mark.parametrize("name", sorted(name for name, schema in SCHEMAS.items() if schema.get("examples")))
def test_an_example_fits_its_schema(name: str) -> None:
    whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for example in SCHEMAS[name]["examples"]:
        assert [error.message for error in validator.iter_errors(example)] == []


def test_the_example_of_a_case_is_one() -> None:
    assert Parser(shipped().vocabulary).parse(EXAMPLES["SubmittedCase"])[1] == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_is_who_may_call_it_and_how_it_fails(operation: dict[str, Any]) -> None:
    assert operation["summary"] and operation["description"] and operation["tags"]
    assert operation["security"] == [{"token": []}]
    assert {"401", "403", "503"} <= operation["responses"].keys()
    for status, answer in operation["responses"].items():
        if status >= "400":
            assert list(answer["content"]) == ["application/problem+json"]


def test_a_case_is_described_by_the_active_pack() -> None:
    described_facts = submitted_case(shipped())["properties"]
    assert {"case_ref", "product", "days_overdue", "hardship", "notes"} <= described_facts.keys()
    assert "overdue_bucket" not in described_facts
    assert submitted_case(pack())["properties"].keys() < described_facts.keys()


def test_only_what_is_referred_to_is_described() -> None:
    text = str(DOCUMENT)
    assert [name for name in SCHEMAS if f"#/components/schemas/{name}'" not in text] == []
    assert "HTTPValidationError" not in SCHEMAS
