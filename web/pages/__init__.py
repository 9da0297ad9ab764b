"""The pages, one module each."""

from web.pages import case, policy, queue

ROUTERS = (queue.router, case.router, policy.router)
