"""Text: decisions, plans and negotiation packs in words, in both languages. Decides nothing."""
