"""Views: what pages show, made of what the application gives. No routes."""
