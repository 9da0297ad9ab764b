"""The engines: both ways to find which rules fire, and what they need. Whatever decides stays out."""
