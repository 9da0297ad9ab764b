"""The pages, one module each."""

from web.pages import actions, case, kit, overview, policy, queue

ROUTERS = (queue.router, case.router, actions.router, kit.router, overview.router, policy.router)
