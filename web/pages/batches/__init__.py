"""The pages of batches: handing in, progress, and what is given back."""

from web.pages.batches import batches, downloads, mapping, uploads

ROUTERS = (batches.router, uploads.router, mapping.router, downloads.router)
