"""The pages, one module each."""

from web.pages import case, ledger, privacy, queue

ROUTERS = (queue.router, case.router, privacy.router, ledger.router)
