"""The e-mail channel: reading and writing mail, the listener, delivery."""
