"""Every table, imported, so that the metadata is whole."""

from sqlmodel import SQLModel

from models import (
    account,
    case,
    decision,
    desk,
    heartbeat,
    intake,
    ledger,
    mapping,
    pack,
    review,
    tally,
    upload,
    vault_key,
    webhook,
)

__all__ = [
    "METADATA",
    "account",
    "case",
    "decision",
    "desk",
    "heartbeat",
    "intake",
    "ledger",
    "mapping",
    "pack",
    "review",
    "tally",
    "upload",
    "vault_key",
    "webhook",
]

METADATA = SQLModel.metadata
