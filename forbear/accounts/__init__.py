"""Accounts: who may come in and do what. Nothing of cases."""
