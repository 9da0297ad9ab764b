"""The case: one decided case as people see it, and what they do on it. Lists of cases stay out."""
