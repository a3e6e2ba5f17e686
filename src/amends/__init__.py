"""Amends: receive, resolve and learn from customer complaints."""

__version__ = "0.1.0"
