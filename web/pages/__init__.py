"""The pages, one module each."""

from web.pages import (
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
    takes,
    uploads,
    webhooks,
)

ROUTERS = (
    queue.router, takes.router, case.router, actions.router, kit.router, batches.router, uploads.router,
    downloads.router, overview.router, policy.router, privacy.router, ledger.router, webhooks.router,
)  # fmt: skip
