"""The API, /api/v1: what the pages do, for programs. Every route depends on a token's scope."""

from fastapi import APIRouter

from web.api import batches, cases, hooks, openapi, reviews

router = APIRouter(prefix="/api/v1")
for _topic in (batches, reviews, cases, hooks):  # a review's address before that of a case, whose reference may be long
    router.include_router(_topic.router)
ROUTERS = (router, openapi.router)
