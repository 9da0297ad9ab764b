"""The pages of accounts: signing in, here or by a provider, one's own, everybody's, and teams."""

from web.pages.accounts import accounts, own_account, passkeys, second_factor, sign_in, single_sign_on, teams

ROUTERS = (
    sign_in.router,
    single_sign_on.router,
    own_account.router,
    second_factor.router,
    passkeys.router,
    accounts.router,
    teams.router,
)
