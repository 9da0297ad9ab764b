"""The network: what servers' addresses look like, and one request to one of them, bounded in time and size."""
