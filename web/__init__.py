"""HTTP: pages for people, health for machines. Thin: what is shown comes from the application."""
