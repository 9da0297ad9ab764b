"""The pages, one module each."""

from web.pages import ledger, overview, policy, queue, webhooks
from web.pages.accounts import accounts, own_account, sign_in
from web.pages.batches import batches, downloads, uploads
from web.pages.case import actions, assignment, case, negotiation_pack, privacy

ROUTERS = (
    sign_in.router,
    queue.router,
    assignment.router,
    case.router,
    actions.router,
    negotiation_pack.router,
    privacy.router,
    batches.router,
    uploads.router,
    downloads.router,
    overview.router,
    policy.router,
    ledger.router,
    own_account.router,
    accounts.router,
    webhooks.router,
)
