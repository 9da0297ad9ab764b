"""The pages of one case: what it says, and every form on it."""
