"""Every route asks who is there: nothing is reached without an account but what is listed here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Mount

from forbear.base.vault import Vault
from web import auth
from web.api.auth import bearer
from web.app import create_app

# Who is there is proven by one of these.
PROOFS: set[Callable[..., Any]] = {auth._known, bearer}
OPEN = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/static",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/passkey",
    "/sign-in/oidc",
    "/sign-in/oidc/back",
    "/sign-in/oidc/leave",
    "/api/openapi.json",
}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def routes() -> list[RouteContext]:
    app = create_app("postgresql://nobody@127.0.0.1:1/none", "redis://127.0.0.1:1", Vault(bytes(32)))
    return list(iter_route_contexts(app.routes))


def asked(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    """Every function that runs before a route, however deep."""
    for each in dependant.dependencies:
        yield each.call
        yield from asked(each)


def path_of(route: RouteContext) -> str:
    return route.path or ""


def needs(route: RouteContext) -> set[Callable[..., Any] | None]:
    """What a route depends on; nothing for one that is no function of ours."""
    return set(asked(route.dependant)) if isinstance(route.original_route, APIRoute) else set()


def test_there_are_routes_to_look_at() -> None:
    assert {"/", "/cases/{case_id}", "/account", "/accounts", "/sign-out"} <= {path_of(route) for route in routes()}


def test_every_route_asks_who_is_there() -> None:
    unasked = {path_of(route) for route in routes() if not PROOFS & needs(route)}
    assert unasked <= OPEN


def test_what_an_account_owes_comes_before_anything_else() -> None:
    """Only where somebody sees to it, and goes, is it not asked for."""
    pages = [each for each in routes() if auth._known in needs(each)]
    free = {path_of(each) for each in pages if auth._signed_in not in needs(each)}
    seen_to = {"/account", "/account/password", "/account/second-factor", "/account/second-factor/off"}
    seen_to |= {
        "/account/password/strength",
        "/account/passkeys",
        "/account/passkeys/made",
        "/account/passkeys/{passkey_id}",
    }
    assert free == {*seen_to, "/sign-out"}


def test_no_folder_but_the_static_one_is_served() -> None:
    assert [path_of(route) for route in routes() if isinstance(route.original_route, Mount)] == ["/static"]


def test_every_form_proves_to_be_ours() -> None:
    """A program's token is no cookie: whoever sends one cannot be tricked into it by another site."""
    forms = [
        route for route in routes() if CHANGING & (route.methods or set()) and not path_of(route).startswith("/api/")
    ]
    assert forms
    assert [path_of(route) for route in forms if auth._form_is_ours not in needs(route)] == []


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
def test_no_page_of_the_framework_is_served(path: str) -> None:
    assert path not in {path_of(route) for route in routes()}
