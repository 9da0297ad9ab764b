"""The application: what every front door calls."""
