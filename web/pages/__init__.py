"""The pages, one module each."""

from web.pages import actions, case, kit, queue

ROUTERS = (queue.router, case.router, actions.router, kit.router)
