"""What people decide about mail that names a case but is not from its people, and the bytes of mail in a case."""
