"""The API, /api/v1: what the pages do, for programs. Every route depends on a token's scope."""

from web.api import batches, cases, events, openapi, policy, reviews, webhooks

# A review's address before that of a case, whose reference may be long.
TOPICS = (batches, reviews, cases, events, policy, webhooks)
ROUTERS = (*(topic.router for topic in TOPICS), openapi.router)
