"""Middleware: what holds for every request before it reaches a route. No route and no page is known here."""
