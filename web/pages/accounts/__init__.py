"""The pages of accounts: signing in, one's own account, and everybody's for administrators."""
