"""The pages, one module each."""

from web.pages import (
    account,
    accounts,
    actions,
    batches,
    case,
    downloads,
    kit,
    ledger,
    overview,
    policy,
    privacy,
    queue,
    sign_in,
    takes,
    uploads,
    webhooks,
)

ROUTERS = (
    sign_in.router, queue.router, takes.router, case.router, actions.router, kit.router, privacy.router, batches.router,
    uploads.router, downloads.router, overview.router, policy.router, ledger.router, account.router, accounts.router,
    webhooks.router,
)  # fmt: skip
