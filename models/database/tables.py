"""Every table, imported, so that the metadata is whole."""

from sqlmodel import SQLModel

from models import account, case, conversation, decision, desk, ledger, pack, person, review, webhook
from models.intake import batch, mapping, upload
from models.operation import heartbeat, notification, portfolio, presence, tally, vault_key

__all__ = [
    "METADATA",
    "account",
    "batch",
    "case",
    "conversation",
    "decision",
    "desk",
    "heartbeat",
    "ledger",
    "mapping",
    "notification",
    "pack",
    "person",
    "portfolio",
    "presence",
    "review",
    "tally",
    "upload",
    "vault_key",
    "webhook",
]

METADATA = SQLModel.metadata
