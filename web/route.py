"""What a log may say of a request: its route as it is written in the code, for an address names a case; and whose."""

from starlette.types import Scope


def route_of(scope: Scope) -> str:
    """The route's path with its parameters' names; "other" where none answers."""
    return str(getattr(scope.get("route"), "path_format", "other"))


def asked_by(scope: Scope, actor: str) -> None:
    """Remember who makes a request: the name of an account or a token as the ledger has it."""
    scope.setdefault("state", {})["actor"] = actor


def actor_of(scope: Scope) -> str | None:
    """Who made it; None where nobody was known."""
    found = scope.get("state", {}).get("actor")
    return None if found is None else str(found)
