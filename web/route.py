"""What a log may say of a request: its route as in the code, for an address names a case; whose; how long it waited."""

from starlette.types import Scope


def route_of(scope: Scope) -> str:
    """The route's path with its parameters' names; "other" where none answers."""
    return str(getattr(scope.get("route"), "path_format", "other"))


def asked_by(scope: Scope, actor: str) -> None:
    """Remember who makes a request: the name of an account or a token as the ledger has it."""
    scope.setdefault("state", {})["actor"] = actor


def waited(scope: Scope, seconds: float) -> None:
    """Remember how long a request waited for its turn."""
    scope.setdefault("state", {})["waited"] = seconds


def waited_of(scope: Scope) -> float:
    """How long it did; 0 where it needed none."""
    return float(scope.get("state", {}).get("waited", 0.0))


def actor_of(scope: Scope) -> str | None:
    """Who made it; None where nobody was known."""
    found = scope.get("state", {}).get("actor")
    return None if found is None else str(found)
