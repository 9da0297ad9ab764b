"""The pages of accounts: signing in, here or by a provider, one's own, everybody's, and teams."""

from web.pages.accounts import accounts, own_account, second_factor, sign_in, single_sign_on, teams

ROUTERS = (
    sign_in.router,
    single_sign_on.router,
    own_account.router,
    second_factor.router,
    accounts.router,
    teams.router,
)
