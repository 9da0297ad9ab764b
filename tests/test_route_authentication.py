"""Every route asks who is there: nothing is reached without an account but what is listed here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from forbear.privacy import Vault
from web import auth
from web.app import create_app

# Who is there is proven by one of these.
PROOFS: set[Callable[..., Any]] = {auth._signed_in}
OPEN = {"/healthz", "/readyz", "/metrics", "/static", "/sign-in", "/api/openapi.json"}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def routes() -> list[BaseRoute]:
    return list(create_app("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1", Vault(bytes(32))).routes)


def asked(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    """Every function that runs before a route, however deep."""
    for each in dependant.dependencies:
        yield each.call
        yield from asked(each)


def path_of(route: BaseRoute) -> str:
    path: str = getattr(route, "path", "")
    return path


def test_there_are_routes_to_look_at() -> None:
    assert {"/", "/cases/{case_id}", "/account", "/accounts", "/sign-out"} <= {path_of(route) for route in routes()}


def test_every_route_asks_who_is_there() -> None:
    unasked = {
        path_of(route)
        for route in routes()
        if not (isinstance(route, APIRoute) and PROOFS & set(asked(route.dependant)))
    }
    assert unasked <= OPEN


def test_no_folder_but_the_static_one_is_served() -> None:
    assert [path_of(route) for route in routes() if isinstance(route, Mount)] == ["/static"]


def test_every_form_proves_to_be_ours() -> None:
    """A program's token is no cookie: whoever sends one cannot be tricked into it by another site."""
    forms = [
        route
        for route in routes()
        if isinstance(route, APIRoute) and CHANGING & route.methods and not route.path.startswith("/api/")
    ]
    assert forms
    assert [route.path for route in forms if auth._form_is_ours not in set(asked(route.dependant))] == []


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_no_page_of_the_framework_is_served(path: str) -> None:
    assert path not in {path_of(route) for route in routes()}
