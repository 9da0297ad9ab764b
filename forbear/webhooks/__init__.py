"""Webhooks: who is told of events, and sending it to them. Only what leaves by HTTP."""
