"""Answers to surveys: an unhappy one becomes a complaint."""
