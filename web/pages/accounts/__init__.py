"""The pages of accounts: signing in, one's own account, everybody's for administrators, and teams for supervisors."""

from web.pages.accounts import accounts, own_account, passkeys, second_factor, sign_in, teams

ROUTERS = (sign_in.router, own_account.router, second_factor.router, passkeys.router, accounts.router, teams.router)
