"""The API, /api/v1: what the pages do, for programs. Every route depends on a token's scope."""

from web.api import batches, cases, events, negotiation, openapi, policy, reviews, trials, webhooks

# What is of a case before its own address, whose reference may be long.
TOPICS = (batches, reviews, negotiation, cases, events, policy, trials, webhooks)
ROUTERS = (*(topic.router for topic in TOPICS), openapi.router)
