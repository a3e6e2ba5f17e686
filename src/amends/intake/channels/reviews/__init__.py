"""Public reviews and mentions."""
