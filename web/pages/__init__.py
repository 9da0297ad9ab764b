"""The pages, one module each."""

from web.pages import batches, case, downloads, overview, policy, queue, uploads

ROUTERS = (
    queue.router, case.router, batches.router, uploads.router, downloads.router, overview.router, policy.router,
)  # fmt: skip
