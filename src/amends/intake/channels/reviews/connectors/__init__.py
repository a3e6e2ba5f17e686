"""Where reviews come from: each connector is a file here."""
