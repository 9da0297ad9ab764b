"""The pages, one module each."""

from web.pages import actions, batches, case, downloads, kit, overview, policy, queue, uploads, webhooks

ROUTERS = (
    queue.router, case.router, actions.router, kit.router, batches.router, uploads.router, downloads.router,
    overview.router, policy.router, webhooks.router,
)  # fmt: skip
