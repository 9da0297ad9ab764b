"""Strict routes: what an address says beside what its route knows is refused, for a filter misspelt is no filter."""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from forbear.locale import said
from rules.facts.case_facts import FieldError
from web.api.problems import of_fields
from web.api.wire.conditional import unless_known


class StrictRoute(APIRoute):
    """A route that answers 422 where its address has a parameter it does not know, or one of them twice."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, behind a look at the address."""
        handle, known = super().get_route_handler(), frozenset(_parameters(self.dependant))

        async def strictly(request: Request) -> Response:
            given = Counter(name for name, _ in request.query_params.multi_items())
            faults = [_unknown(name, known) for name in given if name not in known]
            faults += [FieldError.of(name, said("query.twice")) for name in given if name in known and given[name] > 1]
            if faults:
                raise of_fields(*faults)
            return unless_known(request, await handle(request))

        return strictly


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (each.alias for each in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def _unknown(name: str, known: frozenset[str]) -> FieldError:
    if not known:
        return FieldError.of(name, said("query.none"))
    return FieldError.of(name, said("query.unknown", known=", ".join(sorted(known))))
