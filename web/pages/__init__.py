"""The pages, one module each."""

from web.pages import (
    accounts,
    batches,
    case,
    conversation,
    exports,
    ledger,
    live,
    overview,
    person,
    policy,
    queue,
    webhooks,
    whatif,
)

# An address is looked for in this order: what is asked for most stands first.
ROUTERS = (
    queue.router,
    live.router,
    *case.ROUTERS,
    *person.ROUTERS,
    *conversation.ROUTERS,
    *batches.ROUTERS,
    overview.router,
    policy.router,
    whatif.router,
    ledger.router,
    exports.router,
    webhooks.router,
    *accounts.ROUTERS,
)
