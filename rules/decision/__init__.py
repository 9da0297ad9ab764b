"""The decision: from fired rules to an outcome, its plans and what could change it. Whatever is words stays out."""
