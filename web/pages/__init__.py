"""The pages, one module each."""

from web.pages import case, queue, webhooks

ROUTERS = (queue.router, case.router, webhooks.router)
