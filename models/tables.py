"""Every table, imported, so that the metadata is whole."""

from sqlmodel import SQLModel

from models import case, decision, heartbeat, intake, pack, vault_key

__all__ = ["METADATA", "case", "decision", "heartbeat", "intake", "pack", "vault_key"]

METADATA = SQLModel.metadata
