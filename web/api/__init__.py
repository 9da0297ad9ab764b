"""The API, /api/v1: what the pages do, for programs. Every route depends on a token's scope."""

from web.api import batches, cases, openapi, policy, reviews, webhooks

TOPICS = (
    batches,
    reviews,
    cases,
    policy,
    webhooks,
)  # a review's address before that of a case, whose reference may be long
ROUTERS = (*(topic.router for topic in TOPICS), openapi.router)
