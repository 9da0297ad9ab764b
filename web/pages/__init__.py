"""The pages, one module each."""

from web.pages import case, queue

ROUTERS = (queue.router, case.router)
