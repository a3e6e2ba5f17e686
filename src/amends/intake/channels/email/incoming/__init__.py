"""Other ways in for mail beside the listener: mailboxes that are read, and providers that call us."""
