"""What each file of a pack may hold, typed."""
