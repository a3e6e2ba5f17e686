"""Figures: one command each, JSON on stdout, a ratio against a raw baseline of the same run. Never part of the tests."""
