"""Charts as SVG text. Drawing only: numbers come in, no case and no session."""
