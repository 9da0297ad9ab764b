"""The wire: what every route has in common: bodies, refusals of what is unknown, answers given once, descriptions."""
