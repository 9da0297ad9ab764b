"""The pages of accounts: signing in, one's own account, and everybody's for administrators."""

from web.pages.accounts import accounts, own_account, sign_in

ROUTERS = (sign_in.router, own_account.router, accounts.router)
