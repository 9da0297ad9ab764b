"""The pages, one module each."""

from web.pages import case, overview, policy, queue

ROUTERS = (queue.router, case.router, overview.router, policy.router)
