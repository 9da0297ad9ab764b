"""The pages, one module each."""

from web.pages import account, accounts, case, queue, sign_in

ROUTERS = (queue.router, case.router, sign_in.router, account.router, accounts.router)
