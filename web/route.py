"""The route that answers a request, as it is written in the code: an address names a case, and belongs into no log."""

from starlette.types import Scope


def route_of(scope: Scope) -> str:
    """The route's path with its parameters' names; "other" where none answers."""
    return str(getattr(scope.get("route"), "path_format", "other"))
