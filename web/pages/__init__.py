"""The pages, one module each."""

from web.pages import batches, case, downloads, queue, uploads

ROUTERS = (queue.router, case.router, batches.router, uploads.router, downloads.router)
