"""Complaints from the web form, which the portal hosts."""
