"""Text: decisions, reasons, plans and negotiation packs in words, in both languages. Decides nothing."""
