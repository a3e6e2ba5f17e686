"""Live chat between the customer and the staff."""
