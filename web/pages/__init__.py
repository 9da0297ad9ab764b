"""The pages, one module each."""

from web.pages import case, queue, takes

ROUTERS = (queue.router, takes.router, case.router)
