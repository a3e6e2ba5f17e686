"""The demo company: an invented electronics maker and ninety days of its complaints, as data."""
