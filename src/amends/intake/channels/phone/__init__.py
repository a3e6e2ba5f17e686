"""Complaints by phone."""
