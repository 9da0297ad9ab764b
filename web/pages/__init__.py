"""The pages, one module each."""

from web.pages import case, overview, policy, queue, webhooks

ROUTERS = (queue.router, case.router, overview.router, policy.router, webhooks.router)
